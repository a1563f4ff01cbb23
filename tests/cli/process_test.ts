import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";
import { type Journal, peekJournal } from "../../transport/download/journal.ts";
import { type Civitai, startCivitai } from "../_civitai/mod.ts";
import { screen } from "./_io.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const MiB = 1024 ** 2;
const bigBytes = 24 * MiB;
const isPosix = Deno.build.os !== "windows";

async function command(args: readonly string[]): Promise<string[]> {
  const flags = await registryFlags(root);
  return [Deno.execPath(), "run", "-A", "--quiet", "--no-check", ...flags, join(root, "cli", "main.ts"), ...args];
}

function denoDir(): string {
  const { DENO_DIR, XDG_CACHE_HOME, HOME = "." } = Deno.env.toObject();
  return DENO_DIR ?? join(XDG_CACHE_HOME ?? join(HOME, ".cache"), "deno");
}

function environment(civitai: Civitai, folder: string, more: Record<string, string> = {}): Record<string, string> {
  // nothing of a test belongs into the home of whoever runs it
  const homes = {
    XDG_CONFIG_HOME: folder,
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_STATE_HOME: join(folder, "state"),
    // Deno's own cache stays where it is: a Deno that has to fetch packages first listens to signals itself
    DENO_DIR: denoDir(),
  };
  return { CIVIKIT_BASE_URL: civitai.url, ...homes, NO_COLOR: "1", ...more };
}

async function start(args: readonly string[], civitai: Civitai, folder: string): Promise<Deno.ChildProcess> {
  const [program, ...rest] = await command(args);
  const env = environment(civitai, folder);
  return new Deno.Command(program!, { args: rest, env, cwd: folder, stdout: "piped", stderr: "piped" }).spawn();
}

async function withCivitai(work: (civitai: Civitai, folder: string) => Promise<void>): Promise<void> {
  await using civitai = await startCivitai({ bigBytes });
  const folder = await Deno.makeTempDir();
  try {
    await work(civitai, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Resolves when the storage has sent `bytes` of file bodies. */
async function served(civitai: Civitai, bytes: number): Promise<void> {
  const sum = () => civitai.storage.log.reduce((total, { bytes }) => total + bytes, 0);
  while (sum() < bytes) await new Promise((resolve) => setTimeout(resolve, 20));
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 130], ["SIGHUP", 129]] as const) {
  Deno.test({
    name: `civikit download stopped by ${signal} ends with ${expected}, keeps its bytes, and the same command goes on`,
    ignore: !isPosix,
    fn: () =>
      withCivitai(async (civitai, folder) => {
        civitai.faults.limitConnections(2 * MiB);
        const child = await start(["download", "2100", "--dir", "d"], civitai, folder);
        const output = child.output();
        await served(civitai, 6 * MiB);
        child.kill(signal);
        const { code, stderr, stdout } = await output;
        assertEquals([code, text(stdout)], [expected, ""], text(stderr));
        assert(text(stderr).includes("Run the same command again to go on"), text(stderr));
        assert(text(stderr).includes("1 unfinished"), text(stderr));
        const left = (await Array.fromAsync(Deno.readDir(join(folder, "d")), ({ name }) => name)).sort();
        assert(left.includes("bigHarbour_v10.safetensors.part.json"), left.join());
        assert(!left.includes("bigHarbour_v10.safetensors"), left.join());

        civitai.faults.heal();
        const again = await (await start(["download", "2100", "--dir", "d", "--json"], civitai, folder)).output();
        assertEquals(again.code, 0, text(again.stdout) + text(again.stderr));
        const done = text(again.stdout).trimEnd().split("\n").map((line) => JSON.parse(line))
          .find(({ event }) => event === "done");
        assertEquals(done.hashes.SHA256.toUpperCase(), await civitai.sha256(3100));
        assert(done.resumedBytes > 0, `nothing resumed of ${done.bytes}`);
      }),
  });
}

Deno.test({
  name: "civikit download ends at once at the second SIGINT, and the next run still goes on",
  ignore: !isPosix,
  fn: () =>
    withCivitai(async (civitai, folder) => {
      civitai.faults.limitConnections(2 * MiB);
      const child = await start(["download", "2100", "--dir", "d", "--quiet"], civitai, folder);
      const output = child.output();
      await served(civitai, 4 * MiB);
      child.kill("SIGINT");
      try {
        child.kill("SIGINT");
      } catch {
        // the first one was quicker
      }
      assertEquals((await output).code, 130);
      civitai.faults.heal();
      assertEquals((await (await start(["download", "2100", "--dir", "d"], civitai, folder)).output()).code, 0);
    }),
});

Deno.test({
  name: "civikit download paints bars on a real terminal, within its width, and gives the cursor back",
  ignore: Deno.build.os !== "linux" || !hasScript(),
  fn: () =>
    withCivitai(async (civitai, folder) => {
      civitai.faults.limitConnections(6 * MiB);
      const shell = (await command(["download", "2100", "2002", "--dir", "d", "--parallel", "4"]))
        .map((word) => `'${word}'`).join(" ");
      const { code, stdout } = await new Deno.Command("script", {
        args: ["-qec", `stty cols 90 rows 24; ${shell}`, "/dev/null"],
        env: { ...environment(civitai, folder), TERM: "xterm" },
        cwd: folder,
        stdin: "null",
        stdout: "piped",
      }).output();
      const painted = text(stdout).replaceAll("\r", "");
      assertEquals(code, 0, painted);
      assertEquals(painted.split("\x1b[?25l").length - 1, 1);
      assert(painted.lastIndexOf("\x1b[?25h") > painted.lastIndexOf("\x1b[?25l"));
      // deno-lint-ignore no-control-regex
      const plain = painted.replace(/\x1b\[\??\d*[A-Za-z]/g, "");
      assert(/^bigHarbour_v\S* +\[=*>? *\] +\d+% /m.test(plain), plain);
      assert(/^total \d\/2 +\[/m.test(plain), plain);
      assert(/ x[2-4]$/m.test(plain), plain);
      for (const line of plain.split("\n")) if (line.includes("  [")) assert(line.length < 90, line);
      const last = screen(painted, 1000);
      assert(last.some((line) => line.startsWith("done: d/bigHarbour_v10.safetensors: 24.")), last.join("\n"));
      assert(last.at(-2)!.startsWith("2 downloaded; "), last.join("\n"));
      assert(!last.some((line) => line.includes("[=")), "no bar is left behind");
    }),
});

Deno.test({
  name: "civikit download ends with 129 when its terminal is closed, and keeps its bytes",
  ignore: Deno.build.os !== "linux" || !hasScript(),
  fn: () =>
    withCivitai(async (civitai, folder) => {
      civitai.faults.limitConnections(2 * MiB);
      const shell = (await command(["download", "2100", "--dir", "d"])).map((word) => `'${word}'`).join(" ");
      // the inner shell outlives the terminal, to tell; the outer one ends with it, and its end is what the others hear of
      await Deno.writeTextFile(join(folder, "run.sh"), `trap : HUP\n${shell}\necho $? > code\nmv code ended\n`);
      const terminal = new Deno.Command("script", {
        args: ["-qec", "sh run.sh; true", "/dev/null"],
        env: environment(civitai, folder),
        cwd: folder,
        stdin: "null",
        stdout: "null",
      }).spawn();
      // what the storage has sent may still be on its way, what the journal names is kept
      const journal = join(folder, "d", "bigHarbour_v10.safetensors.part.json");
      const kept = () => {
        const { spans } = peekJournal(journal) as Journal | undefined ?? { spans: [] };
        return spans.reduce((sum, { start, end }) => sum + end - start, 0);
      };
      while (kept() < 4 * MiB) await new Promise((resolve) => setTimeout(resolve, 20));
      terminal.kill("SIGKILL");
      await terminal.status;
      while (!existsSync(join(folder, "ended"))) await new Promise((resolve) => setTimeout(resolve, 20));
      assertEquals(Deno.readTextFileSync(join(folder, "ended")).trim(), "129");
      assert(kept() >= 4 * MiB, `only ${kept()} bytes are in the journal`);
      civitai.faults.heal();
      assertEquals((await (await start(["download", "2100", "--dir", "d"], civitai, folder)).output()).code, 0);
    }),
});

Deno.test({
  name: "civikit download under nohup goes on when the terminal is closed",
  ignore: !isPosix,
  fn: () =>
    withCivitai(async (civitai, folder) => {
      civitai.faults.limitConnections(20 * MiB);
      const [program, ...args] = ["nohup", ...await command(["download", "2100", "--dir", "d"])];
      const env = environment(civitai, folder);
      const child = new Deno.Command(program!, { args, env, cwd: folder, stdout: "piped", stderr: "piped" }).spawn();
      const output = child.output();
      await served(civitai, 2 * MiB);
      child.kill("SIGHUP");
      const { code, stderr } = await output;
      assertEquals(code, 0, text(stderr));
    }),
});

Deno.test({
  name: "civikit says nothing when the reader of its output goes away",
  ignore: !isPosix,
  fn: () =>
    withCivitai(async (civitai, folder) => {
      const shell = (await command(["help", "download"])).map((word) => `'${word}'`).join(" ");
      const env = environment(civitai, folder);
      const { code, stderr } = await new Deno.Command("sh", { args: ["-c", `${shell} | true`], env, cwd: folder })
        .output();
      assertEquals([code, text(stderr)], [0, ""]);
    }),
});

Deno.test("civikit as a process passes exit codes on", () =>
  withCivitai(async (civitai, folder) => {
    for (const [args, code] of [[["--version"], 0], [["nonsense"], 2], [["download", "99999"], 4]] as const) {
      assertEquals((await (await start(args, civitai, folder)).output()).code, code, args.join(" "));
    }
  }));

function hasScript(): boolean {
  try {
    return text(new Deno.Command("script", { args: ["--version"] }).outputSync().stdout).includes("util-linux");
  } catch {
    return false;
  }
}

Deno.test({
  name: "civikit download beyond a limit on the size of files says so, keeps its bytes, and the same command goes on",
  ignore: !isPosix,
  fn: () =>
    withCivitai(async (civitai, folder) => {
      const [program, ...rest] = await command(["download", "2100", "--dir", "d", "--no-monitor"]);
      // Deno's own caches are larger than the limit
      const args = [program!, "run", "--no-code-cache", ...rest.slice(1)];
      const options = { env: environment(civitai, folder), cwd: folder };
      const shell = ["-c", 'ulimit -f 20480; exec "$@"', "sh", ...args];
      const limited = await new Deno.Command("sh", { args: shell, ...options }).output();
      assertEquals(limited.code, 8, text(limited.stderr));
      assert(/larger than this file system or its limit allows/.test(text(limited.stderr)), text(limited.stderr));
      const again = await new Deno.Command(program!, { args: rest, ...options }).output();
      assertEquals(again.code, 0, text(again.stderr));
      assert(/from before/.test(text(again.stderr)), text(again.stderr));
    }),
});
