import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commands } from "../../../cli/commands/commands.ts";
import { installLine } from "../../../cli/terminal/install_line.ts";
import { everyRight } from "../../../cli/terminal/deno_flags.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { type Civitai, startCivitai } from "../../_civitai/mod.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const isLinux = Deno.build.os === "linux";
const source = "jsr:@civikit/civikit/cli";

/** The install lines of a document, each as the words a shell makes of it. */
async function installLines(name: string): Promise<string[][]> {
  const document = await Deno.readTextFile(join(root, name));
  const lines = document.replaceAll("\\\n", " ").matchAll(/^deno install -g .*$/gm);
  return Array.from(lines, ([line]) =>
    [...line!.matchAll(/'([^']*)'|([^\s']+)/g)]
      .reduce<string[]>((words, { index, 0: whole, 1: quoted, 2: plain }) => {
        const isGlued = index > 0 && !/\s/.test(line![index - 1]!);
        const word = quoted ?? plain ?? whole;
        return isGlued ? [...words.slice(0, -1), words.at(-1)! + word] : [...words, word];
      }, []));
}

interface Installed {
  readonly civitai: Civitai;
  readonly folder: string;
  /** Path of the installed command. */
  readonly program: string;
  /** The environment it finds: a home, and no folder or setting of its own. */
  readonly base: Readonly<Record<string, string>>;
  /** Runs the installed command; on a terminal of its own where `onTerminal` says so. */
  run(
    args: readonly string[],
    options?: { env?: Record<string, string>; onTerminal?: boolean },
  ): Promise<Deno.CommandOutput>;
}

/** Installs the command with the words of a document, but from the checkout and into an empty home. */
async function installed(words: readonly string[], work: (place: Installed) => Promise<void>): Promise<void> {
  assertEquals([words[0], words.at(-1)], ["deno", source]);
  const [, , ...flags] = words.slice(0, -1);
  const outer = await Deno.makeTempDir();
  const home = join(outer, "home");
  const folder = join(outer, "work");
  await Deno.mkdir(home);
  await Deno.mkdir(folder);
  const { denoDir } = JSON.parse(
    text((await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output()).stdout),
  );
  const path = `${join(Deno.execPath(), "..")}${Deno.build.os === "windows" ? ";" : ":"}${Deno.env.get("PATH")}`;
  const base = { HOME: home, PATH: path, DENO_DIR: denoDir, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1", LANG: "C" };
  const program = join(outer, "bin", "civikit");
  await using civitai = await startCivitai({ loraBytes: 64 * 1024 });
  try {
    const install = await new Deno.Command(Deno.execPath(), {
      args: [
        "install",
        ...flags,
        "--quiet",
        "--root",
        outer,
        ...await registryFlags(root),
        join(root, "cli", "mod.ts"),
      ],
      env: base,
      clearEnv: true,
      cwd: root,
    }).output();
    assertEquals(install.code, 0, text(install.stderr));
    await work({
      civitai,
      folder,
      program,
      base,
      run(args, { env = {}, onTerminal = false } = {}) {
        // a question nobody answers has to end some time
        const quoted = [program, ...args].map((word) => `'${word}'`).join(" ");
        const [name, rest] = onTerminal
          ? ["timeout", ["60", "script", "-qec", quoted, "/dev/null"]] as const
          : [program, args] as const;
        return new Deno.Command(name, {
          args: [...rest],
          env: { ...base, CIVIKIT_BASE_URL: civitai.url, ...env },
          clearEnv: true,
          cwd: folder,
          stdin: "null",
        }).output();
      },
    });
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
}

/** Every command once, in an order in which each finds what it needs; `serve` and `sandbox` are ended from outside, `login` asks, `mirror` takes a store, `fleet` a Redis. */
const calls: Readonly<Record<string, readonly (readonly string[])[]>> = {
  download: [["download", "2002", "--dir", "../elsewhere/models"]],
  models: [["models", "get", "1001"]],
  versions: [["versions", "get", "2002"]],
  images: [["images", "download", "--limit", "2", "--dir", "images"]],
  creators: [["creators", "search"]],
  tags: [["tags", "search"]],
  users: [["users", "get", "lamplighter"]],
  whoami: [["whoami"]],
  enums: [["enums"]],
  scan: [["scan", "../elsewhere/models"]],
  show: [["show", "../elsewhere/models/paper_lantern_v2.safetensors"]],
  duplicates: [["duplicates", "../elsewhere/models"]],
  trash: [["trash", "list", "--root", "../elsewhere/models"]],
  organize: [["organize", "../elsewhere/models", "--layout", "flat", "--yes"]],
  layout: [["layout", "export", "comfyui", "--out", "../elsewhere/extra_model_paths.yaml"]],
  extension: [["extension", "list"]],
  adopt: [["adopt", "../elsewhere/models", "--project", "../elsewhere/adopted"]],
  add: [["add", "2002", "--project", "../elsewhere/project"]],
  install: [["install", "--project", "../elsewhere/project"]],
  outdated: [["outdated", "--project", "../elsewhere/project"]],
  update: [["update", "--project", "../elsewhere/project"]],
  verify: [["verify", "--project", "../elsewhere/project"], ["verify", "../elsewhere/models"]],
  remove: [["remove", "2002", "--project", "../elsewhere/project"]],
  config: [["config", "list"], ["config", "set", "retry.max", "5"]],
  cache: [["cache", "stats"]],
  report: [["report"]],
  logs: [["logs", "tail"]],
  transfers: [["transfers", "list"]],
  queue: [["queue", "add", "2002"], ["queue", "list"], ["queue", "clear"]],
  watch: [["watch", "add", "model:1001"], ["watch", "now"]],
  paths: [["paths"]],
  clean: [["clean"]],
  upgrade: [["upgrade", "backup", "../elsewhere/backup"], ["upgrade", "migrate"], [
    "upgrade",
    "restore",
    "../elsewhere/backup",
  ]],
  service: [["service", "install", "../elsewhere/models"], ["service", "uninstall"]],
  doctor: [["doctor"]],
  completion: [["completion", "bash"]],
  man: [["man"]],
  logout: [["logout"]],
};

Deno.test("README.zh-TW.md installs with the same lines as README.md", async () => {
  const lines = await installLines("README.md");
  assertEquals(lines.length, 2);
  assertEquals(await installLines("README.zh-TW.md"), lines);
});

Deno.test("the hint for a missing right repeats the installation of the README", async () => {
  const [words] = await installLines("README.md");
  const [program, ...rest] = installLine().split(" ");
  // what this run took the standard library from is named besides
  const own = (word: string) => word !== "-f" && !word.startsWith("--import-map=");
  assertEquals([program, ...rest.filter(own).slice(0, -1)], words!.slice(0, -1));
  const isMapped = import.meta.resolve("@std/cli/unicode-width").startsWith("file:");
  assertEquals(rest.some((word) => word.startsWith("--import-map=")), isMapped);
  assert(words!.every((word) => !/^--allow-(?:run|ffi|all|import)|^-A$/.test(word)), words!.join(" "));
});

Deno.test({
  name: "civikit installed as the README says runs every command, anywhere, asks for nothing and leaves nothing out",
  ignore: !isLinux,
  fn: async () => {
    const [words] = await installLines("README.md");
    await installed(words!, async ({ run, folder, civitai }) => {
      const env = { CIVITAI_API_KEY: "demo-key" };
      assertEquals(
        Object.keys(calls).concat("serve", "sandbox", "login", "mirror", "fleet").sort(),
        commands.map(({ name }) => name).sort(),
      );
      await Deno.mkdir(join(folder, "../elsewhere/project"), { recursive: true });
      for (const args of Object.values(calls).flat()) {
        const { code, stdout, stderr } = await run(args, { env, onTerminal: true });
        const shown = `civikit ${args.join(" ")}: ${text(stdout)}${text(stderr)}`;
        assertEquals(code, 0, shown);
        // what they print are names of options
        if (args[0] === "completion" || args[0] === "man") continue;
        assert(!/allow-|Deno requests|note:|not kept|left out|rights?\b/i.test(shown), shown);
      }
      const { stdout } = await run(["report", "--json"]);
      assert(JSON.parse(text(stdout)).total_requests > 10);
      const home = join(folder, "../home");
      const kept = [
        ".cache/civikit/http.sqlite",
        ".cache/civikit/hashes.sqlite",
        ".local/state/civikit/logs/error.log",
      ];
      for (const path of kept) assert(Deno.statSync(join(home, path)).isFile, path);
      // any other host is reached, and a page is served on this machine
      const other = await run(["download", `${civitai.storage.url.replace("127.0.0.1", "localhost")}/nothing`]);
      assert(!/allow-/.test(text(other.stderr)), text(other.stderr));
      assertEquals(other.code, 4, text(other.stderr));
    });
  },
});

Deno.test({
  name: "civikit installed as the README says serves its page on 127.0.0.1",
  ignore: !isLinux,
  fn: async () => {
    const [words] = await installLines("README.md");
    await installed(words!, async ({ program, base }) => {
      const child = new Deno.Command(program, {
        args: ["serve", "--port", "0"],
        env: base,
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const reader = child.stdout.getReader();
      const address = text((await reader.read()).value!).trim();
      assertMatch(address, /^http:\/\/127\.0\.0\.1:\d+\/$/);
      const page = await fetch(address);
      assertEquals(page.status, 200);
      await page.body?.cancel();
      child.kill("SIGINT");
      await reader.cancel();
      assertEquals((await child.status).code, 0);
    });
  },
});

Deno.test({
  name: "the strict installation says in one line what is left out, and each refusal ends with the line that mends it",
  ignore: !isLinux,
  fn: async () => {
    const [, words] = await installLines("README.md");
    const here = words!.map((word) => word.startsWith("--allow-net=") ? `${word},127.0.0.1` : word);
    await installed(here, async ({ run, folder }) => {
      const good = await run(["download", "2002", "--dir", "models"]);
      assertEquals(good.code, 0, text(good.stderr));
      const notes = text(good.stderr).split("\n").filter((line) => line.includes("--allow-"));
      assertEquals(notes.length, 1, text(good.stderr));
      for (const what of ["the cache", "statistics and logs"]) {
        assertStringIncludes(notes[0]!, what);
      }
      const chinese = await run(["scan", "models", "--lang", "zh-TW"]);
      assertEquals(text(chinese.stderr).split("\n").filter((line) => line.includes("--allow-")).length, 1);
      assertStringIncludes(text(chinese.stderr), "記住雜湊");
      assertEquals(text((await run(["scan", "models", "--quiet"])).stderr), "");
      const tried = [
        ["download", "2002", "--dir", join(folder, "../elsewhere")],
        ["download", "https://huggingface.co/x.safetensors"],
        ["serve", "--port", "0"],
      ];
      for (const args of tried) {
        const { code, stderr } = await run(args);
        assert(code !== 0, args.join(" "));
        assertStringIncludes(text(stderr), installLine(), args.join(" "));
      }
    });
  },
});

Deno.test("deno task civikit runs in the folder it is called from, with the rights of the README", async () => {
  await using civitai = await startCivitai({ loraBytes: 64 * 1024 });
  const outer = await Deno.makeTempDir();
  const folder = join(outer, "a folder");
  await Deno.mkdir(join(folder, "images"), { recursive: true });
  // a task that runs these tests says where that one was called from
  const { INIT_CWD: _, ...around } = Deno.env.toObject();
  const call = (...args: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "--config", join(root, "deno.json"), "civikit", ...args],
      clearEnv: true,
      env: {
        ...around,
        CIVIKIT_BASE_URL: civitai.url,
        XDG_CACHE_HOME: outer,
        XDG_STATE_HOME: outer,
        XDG_CONFIG_HOME: outer,
        LANG: "C",
      },
      cwd: folder,
      stdin: "null",
    }).output();
  try {
    const download = await call("download", "2002");
    assertEquals(download.code, 0, text(download.stderr));
    assert(!/allow-|note:/.test(text(download.stderr)), text(download.stderr));
    assertEquals([...Deno.readDirSync(join(folder, "downloads"))].map(({ name }) => name), [
      "paper_lantern_v2.safetensors",
    ]);
    const scan = await call("scan", "images", "../a folder/downloads", "--all");
    assertEquals(scan.code, 0, text(scan.stderr));
    assertStringIncludes(text(scan.stdout), "1 known");
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
});

Deno.test("the permission sets of deno.json are the two installations of the README", async () => {
  const { permissions, tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const flags = (set: Record<string, unknown>) =>
    Object.entries(set).map(([name, value]) =>
      `--allow-${name}${value === true ? "" : `=${(value as string[]).join(",")}`}`
    ).sort();
  const [all, strict] = await installLines("README.md");
  const allowed = (words: readonly string[]) => words.filter((word) => word.startsWith("--allow-")).sort();
  assertEquals(flags(permissions.cli), allowed(all!));
  assertEquals(flags(permissions.strict), allowed(strict!));
  assertStringIncludes(tasks.civikit.command, "-P=cli");
  assertEquals(flags(permissions.cli), everyRight.toSorted());
});
