import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";
import { startCivitai } from "../_civitai/mod.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const isLinux = Deno.build.os === "linux";
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

interface Place {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** The words that start the command. */
  words(...args: readonly string[]): readonly string[];
  /** Runs the command in a shell, with `redirection` behind it. */
  shell(redirection: string, ...args: readonly string[]): Promise<Deno.CommandOutput>;
}

async function inPlace(work: (place: Place) => Promise<void>): Promise<void> {
  await using civitai = await startCivitai({ loraBytes: 64 * 1024 });
  const folder = await Deno.makeTempDir();
  const flags = await registryFlags(root);
  const env = {
    CIVIKIT_BASE_URL: civitai.url,
    XDG_CONFIG_HOME: folder,
    XDG_CACHE_HOME: folder,
    XDG_STATE_HOME: folder,
  };
  const words = (...args: readonly string[]) => [
    ...[Deno.execPath(), "run", "-A", "--quiet", "--no-check", ...flags, join(root, "cli", "main.ts")],
    ...args,
  ];
  try {
    await work({
      folder,
      env: { ...env, NO_COLOR: "1", LANG: "C" },
      words,
      shell: (redirection, ...args) =>
        new Deno.Command("sh", {
          args: ["-c", `${words(...args).map((word) => `'${word}'`).join(" ")} ${redirection}`],
          env: { ...env, NO_COLOR: "1", LANG: "C" },
          cwd: folder,
        }).output(),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "messages that find no room on their disk do not end a download",
  ignore: !isLinux,
  fn: () =>
    inPlace(async ({ folder, shell }) => {
      const { code, stdout } = await shell("2> /dev/full", "download", "2002", "--dir", "d", "--print-path");
      assertEquals([code, text(stdout).endsWith("d/paper_lantern_v2.safetensors\n")], [0, true], text(stdout));
      assert((await Deno.stat(join(folder, "d/paper_lantern_v2.safetensors"))).size > 64 * 1024);
    }),
});

Deno.test({
  name: "results that find no room on their disk end the command with exit code 8 and say so",
  ignore: !isLinux,
  fn: () =>
    inPlace(async ({ shell }) => {
      for (
        const args of [["--version"], ["help", "scan"], ["models", "search", "--json"], ["download", "2002", "--json"]]
      ) {
        const { code, stderr } = await shell("> /dev/full", ...args);
        assertEquals(code, 8, text(stderr));
        assertStringIncludes(text(stderr), 'writing "standard output": no space left', args.join(" "));
      }
    }),
});

Deno.test({
  name: "output that cannot be taken at once waits for its reader, and not a byte is lost",
  ignore: !isLinux,
  fn: () =>
    inPlace(async ({ folder, env, words }) => {
      const count = 2000;
      const fifo = join(folder, "fifo");
      const models = join(folder, "models");
      await Deno.mkdir(models);
      for (let n = 0; n < count; n++) Deno.writeTextFileSync(join(models, `${"x".repeat(60)}${n}.pt`), String(n));
      assertEquals((await new Deno.Command("mkfifo", { args: [fifo] }).output()).code, 0);
      // the command finds a standard output that refuses to wait
      const open = 'use Fcntl; sysopen(my $f, shift, O_RDWR|O_NONBLOCK) or die; open(STDOUT, ">&", $f); exec @ARGV';
      const child = new Deno.Command("perl", {
        args: ["-e", open, fifo, ...words("scan", "models", "--json", "--offline", "--all")],
        env,
        cwd: folder,
        stdin: "null",
        stderr: "piped",
      }).spawn();
      const errors = new Response(child.stderr).text();
      using reader = await Deno.open(fifo);
      let lines = "";
      const piece = new Uint8Array(512);
      for (let got = await reader.read(piece); got !== null; got = await reader.read(piece)) {
        lines += text(piece.subarray(0, got));
      }
      assertEquals((await child.status).code, 0, await errors);
      await errors;
      const events = lines.trimEnd().split("\n").map((line) => JSON.parse(line).event);
      assertEquals([events.filter((event) => event === "file").length, events.at(-1)], [count, "summary"]);
    }),
});
