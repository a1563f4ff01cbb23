import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { loadCommands } from "../../cli/commands/commands.ts";
import { namedFlags } from "../../cli/options/flags.ts";
import { settingKeys } from "../../cli/settings/table.ts";
import { inWorld, type World } from "./_world.ts";

const decoder = new TextDecoder();

function isInstalled(program: string): boolean {
  const paths = (Deno.env.get("PATH") ?? "").split(":");
  return paths.some((path) => {
    try {
      return Deno.statSync(join(path, program)).isFile;
    } catch {
      return false;
    }
  });
}

/** A test in a real shell, passed over where there is none. */
function inShell(shell: string, name: string, work: (world: World) => Promise<void>): void {
  const missing = [shell, ...(shell === "fish" ? [] : ["script"])].filter((program) => !isInstalled(program));
  const why = missing.length === 0 ? "" : ` (skipped: ${missing.join(" and ")} is not installed)`;
  Deno.test({ name: `${shell}: ${name}${why}`, ignore: missing.length > 0, fn: () => inWorld(work) });
}

/** The script of a shell, written to a file. */
async function written({ run, folder }: World, shell: string, ...options: string[]): Promise<string> {
  const { code, io } = await run(["completion", shell, ...options]);
  assertEquals([code, io.err], [0, ""]);
  const path = join(folder, `_civikit.${shell}`);
  await Deno.writeTextFile(path, io.out);
  return path;
}

/** `civikit` for a shell: shows what it is given. No word of it is shown before it is done. */
const echo = `civikit() { printf '<''<'; printf '%s|' "$@"; printf '>''>'; }; echo o''k`;

/** A shell at a terminal, where `civikit` prints what it is called with. */
class Terminal implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;
  readonly #patience: ReturnType<typeof setTimeout>;
  #seen = "";

  constructor(shell: string, folder: string) {
    this.#process = new Deno.Command("script", {
      args: ["-qfec", shell, "/dev/null"],
      cwd: folder,
      env: { HOME: folder, TERM: "dumb", PS1: "ready> ", LC_ALL: "C.UTF-8" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#patience = setTimeout(() => this.#process.kill("SIGKILL"), 300_000);
    this.#input = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.getReader();
  }

  async type(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** What is shown up to the first match of `pattern`, which is forgotten then. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#seen);
      if (found !== null) {
        this.#seen = this.#seen.slice(found.index + found[0].length);
        return found;
      }
      const { value, done } = await this.#output.read();
      if (done) throw new Error(`the shell has ended: ${this.#seen}`);
      this.#seen += decoder.decode(value);
    }
  }

  /** What the program is given when `typed` is typed, with tabs in it, and sent off. */
  async args(typed: string): Promise<string[]> {
    await this.type(`civikit ${typed}\r`);
    const [, args] = await this.until(/<<(.*?)>>/s);
    return args!.split("|").filter((arg) => arg !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#output.cancel();
    clearTimeout(this.#patience);
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }
}

/** What both shells with a line to type on make of these. */
async function checkLines(terminal: Terminal, folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "my models"));
  await Deno.writeTextFile(join(folder, "list of mine.txt"), "");
  const lines: [typed: string, args: string[]][] = [
    ["comple\tfi\t", ["completion", "fish"]],
    ["help doc\t", ["help", "doctor"]],
    ["--lang zh\tsca\t--upd\t", ["--lang", "zh-TW", "scan", "--updates"]],
    ["que\tpau\t", ["queue", "pause"]],
    ["queue list --state waiting,ver\t", ["queue", "list", "--state", "waiting,verifying"]],
    ["config get timeouts.im\t", ["config", "get", "timeouts.image"]],
    ["config set download.ver\tof\t", ["config", "set", "download.verify", "off"]],
    ["config set layout comf\t", ["config", "set", "layout", "comfyui"]],
    ["config unset pool.m\t", ["config", "unset", "pool.maxConnections"]],
    ["models search x --sort High\t", ["models", "search", "x", "--sort", "Highest Rated"]],
    ["models search --period=Mo\t", ["models", "search", "--period=Month"]],
    ["models search --base SDXL\t", ["models", "search", "--base", "SDXL 1.0"]],
    ["models search --base Pony,Fl\t", ["models", "search", "--base", "Pony,Flux.1 D"]],
    ["models search --type LOR\t", ["models", "search", "--type", "LORA"]],
    ["images search --type vi\t", ["images", "search", "--type", "video"]],
    ["images search --sort Ran\t", ["images", "search", "--sort", "Random"]],
    ["enums BaseModelT\t", ["enums", "BaseModelType"]],
    ["download 1 --layout inv\t--dry\t", ["download", "1", "--layout", "invokeai", "--dry-run"]],
    ["download -d my\t", ["download", "-d", "my models"]],
    ["download --from list\t", ["download", "--from", "list of mine.txt"]],
    ["scan my\t", ["scan", "my models"]],
    ["download my\t", ["download", "my"]],
    ["download -- --dry\t", ["download", "--", "--dry"]],
  ];
  for (const [typed, args] of lines) {
    // zsh takes the slash at the end of a folder away again
    assertEquals((await terminal.args(typed)).map((arg) => arg.replace(/\/$/, "")), args, typed);
  }
  await terminal.type("civikit cache \t\t");
  await terminal.until(/clear\s[\s\S]*list\s[\s\S]*stats\s[\s\S]*verify/);
}

inShell("bash", "completes commands, actions, options, words, settings, files and folders", async (world) => {
  const script = await written(world, "bash");
  await using terminal = new Terminal("bash --norc --noprofile -i", world.folder);
  await terminal.type(`source ${script}; ${echo}\r`);
  await terminal.until(/\bok\b/);
  await checkLines(terminal, world.folder);
});

inShell("zsh", "completes commands, actions, options, words, settings, files and folders", async (world) => {
  const script = await written(world, "zsh");
  await using terminal = new Terminal("zsh -f -i", world.folder);
  await terminal.type(
    `autoload -U compinit; compinit -D -u; source ${script}; ` +
      `${echo}\r`,
  );
  await terminal.until(/\bok\b/);
  await checkLines(terminal, world.folder);
});

inShell("zsh", "finds it as a file of fpath, with what each command does", async (world) => {
  const script = await written(world, "zsh");
  await Deno.mkdir(join(world.folder, "functions"));
  await Deno.rename(script, join(world.folder, "functions", "_civikit"));
  await using terminal = new Terminal("zsh -f -i", world.folder);
  await terminal.type(`fpath=($PWD/functions $fpath); autoload -U compinit; compinit -D -u; ${echo}\r`);
  await terminal.until(/\bok\b/);
  assertEquals(await terminal.args("verif\t"), ["verify"]);
  await terminal.type("civikit do\t");
  await terminal.until(/download\s+-- Downloads files from Civitai/);
});

inShell("fish", "completes commands, actions, options, words, settings, files and folders", async (world) => {
  const script = await written(world, "fish", "--lang", "zh-TW");
  await Deno.mkdir(join(world.folder, "my models"));
  await Deno.writeTextFile(join(world.folder, "list of mine.txt"), "");
  const lines: [typed: string, offered: string[]][] = [
    ["comple", ["completion"]],
    ["completion ", ["bash", "fish", "powershell", "zsh"]],
    ["help doc", ["doctor"]],
    ["--lang ", ["en", "zh-TW"]],
    ["--lang zh-TW sca", ["scan"]],
    ["queue pau", ["pause"]],
    ["queue list --state waiting,ver", ["waiting,verifying"]],
    ["config get timeouts.", ["timeouts.api", "timeouts.download", "timeouts.image"]],
    ["config get timeouts.api ", []],
    ["config set download.verify ", ["off", "on"]],
    ["models search x --sort High", ["Highest Rated"]],
    ['models search x --sort "Most D', ["Most Discussed", "Most Downloaded"]],
    ["models search --period=Mo", ["--period=Month"]],
    ['models search --base "SDXL 1.0",Fl', ["SDXL 1.0,Flux.1 D"]],
    ["models search --type LOR", ["LORA"]],
    ["images search --type ", ["audio", "image", "video"]],
    ["enums BaseModelT", ["BaseModelType"]],
    ["download 1 --layout inv", ["invokeai"]],
    ["download 1 --print", ["--print-path"]],
    ["download -d my", ["my models/"]],
    ["download --from list", ["list of mine.txt"]],
    ["scan my", ["my models/"]],
    ["download my", []],
    ["download -- --dry", []],
  ];
  const ask = lines.map(([typed]) => `complete -C '${`civikit ${typed}`}'; echo ---`).join("\n");
  const { stdout, stderr } = await new Deno.Command("fish", {
    args: ["--no-config", "-c", `source ${script}\n${ask}\ncomplete -C 'civikit whoa'`],
    cwd: world.folder,
    env: { HOME: world.folder, LC_ALL: "C.UTF-8" },
  }).output();
  assertEquals(decoder.decode(stderr), "");
  const parts = decoder.decode(stdout).split("---\n");
  const words = (part: string) => part.split("\n").filter(Boolean).map((line) => line.split("\t")[0]!).sort();
  for (const [at, [typed, offered]] of lines.entries()) assertEquals(words(parts[at]!), offered, typed);
  assertStringIncludes(parts.at(-1)!, "whoami\t用的是誰的 API 金鑰");
});

Deno.test("the script of every shell has each command, option and setting", () =>
  inWorld(async ({ run }) => {
    const commands = await loadCommands();
    const words = [
      ...commands.map(({ name }) => name),
      ...commands.flatMap(({ flags }) => namedFlags(flags)).map(({ name }) => `--${name}`),
      ...settingKeys,
    ];
    for (const shell of ["bash", "zsh", "fish", "powershell"]) {
      const { code, io } = await run(["completion", shell]);
      assertEquals([code, io.err], [0, ""]);
      assertEquals(words.filter((word) => !new RegExp(`'${word}['\\t:]`).test(io.out)), [], shell);
    }
  }));

Deno.test("the script for PowerShell closes what it opens, and doubles the quotes in its texts", () =>
  inWorld(async ({ run }) => {
    for (const lang of ["en", "zh-TW"]) {
      const { io } = await run(["completion", "powershell", "--lang", lang]);
      const bare = io.out.replace(/#.*|'(?:[^']|'')*'|"[^"]*"/g, "");
      assert(!/['"]/.test(bare));
      const open: string[] = [];
      for (const [sign] of bare.matchAll(/[(){}[\]]/g)) {
        if ("({[".includes(sign)) open.push(sign);
        else assertEquals(open.pop(), { ")": "(", "}": "{", "]": "[" }[sign]);
      }
      assertEquals(open, []);
    }
  }));

Deno.test("without an answer of the site the script is whole but for its words, and that is said", () =>
  inWorld(async ({ run }) => {
    const env = { CIVIKIT_BASE_URL: "http://127.0.0.1:9", CIVIKIT_RETRY_MAX: "0" };
    const { code, io } = await run(["completion", "bash"], { env });
    assertEquals(code, 0);
    assertStringIncludes(io.err, "types and base models are left out");
    assertStringIncludes(io.out, "'Highest Rated'");
    assert(!io.out.includes("SDXL 1.0"));
  }));

Deno.test("another shell is refused with those there are", () =>
  inWorld(async ({ run }) => {
    for (const [args, said] of [[["nushell"], "nushell"], [[], "bash|zsh|fish|powershell"]] as const) {
      const { code, io } = await run(["completion", ...args]);
      assertEquals([code, io.out], [2, ""]);
      assertStringIncludes(io.err, said);
    }
  }));
