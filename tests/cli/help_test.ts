import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { unicodeWidth } from "@std/cli/unicode-width";
import { loadCommands } from "../../cli/commands/commands.ts";
import { commandHelp, programHelp, shortHelp } from "../../cli/help.ts";
import { ownWidth } from "../../cli/terminal/wrap.ts";
import { envNames, settingKeys } from "../../cli/settings/table.ts";
import { main } from "../../cli/mod.ts";
import { registryFlags } from "../../tools/registry.ts";
import { testIo } from "./_io.ts";

const commands = await loadCommands();
const locales = ["en", "zh-TW"] as const;

/** Every help there is, for a terminal of `columns`. */
function helps(locale: "en" | "zh-TW", columns: number): string[] {
  const look = { locale, columns };
  return [programHelp(look), shortHelp(look), ...commands.map((command) => commandHelp(command, look))];
}

Deno.test("every help fits the terminal, at 40 columns too; only a single word may be longer", () => {
  for (const locale of locales) {
    for (const columns of [40, 60, 80]) {
      for (const line of helps(locale, columns).flatMap((help) => help.split("\n"))) {
        assert(unicodeWidth(line) <= columns || !/\S\s+\S/.test(line.trim()), `${columns}: ${line}`);
      }
    }
  }
});

Deno.test("every help exists in both languages with the same examples, options and commands", () => {
  const names = (help: string) => [...new Set(help.match(/--[a-z][a-z\d-]*|\bCIVI[A-Z]+_[A-Z_]+/g))].sort();
  const examples = (help: string) => help.split("\n").filter((line) => /^ {2}.*civikit [a-z]/.test(line)).length;
  for (const { name, help } of commands) {
    assertEquals(names(help["zh-TW"]), names(help.en), name);
    assertEquals(examples(help["zh-TW"]), examples(help.en), name);
  }
});

Deno.test("under zh-TW no English sentence is left in any help", () => {
  for (const line of helps("zh-TW", 200).flatMap((help) => help.split("\n"))) {
    if (/^ +(?:[A-Z_]+=\S+ )?(?:civikit|pass) |^用法：/.test(line)) continue;
    // four small words in a row are a sentence; names of options, files and lists are not
    assert(!/(?<![\w./-])[a-z]{2,}(?: [a-z]{2,}){3,}(?![\w./-])/.test(line), line);
  }
});

Deno.test("the main help has every command in a group, both names of every setting, and two examples", () => {
  const help = programHelp({ locale: "en", columns: 100 });
  for (const { name } of commands) assert(new RegExp(`^  ${name} `, "m").test(help), name);
  for (const name of settingKeys.flatMap(envNames)) assert(help.includes(name), name);
  assertEquals(help.split("\n").filter((line) => /^ {2}civikit /.test(line)).length, 2);
});

Deno.test("the help of a command is the same by every way that asks for it", async () => {
  for (const { name } of commands) {
    const [short, ...others] = await Promise.all(
      [[name, "-h"], [name, "--help"], ["help", name], [name, "--help", "--no-color"]]
        .map(async (args) => {
          const io = testIo();
          return { code: await main(args, io), out: io.out, err: io.err };
        }),
    );
    assertEquals(short!.code, 0, name);
    for (const other of others) assertEquals(other, short, name);
  }
});

Deno.test("common options before a command choose the language of its help", async () => {
  for (
    const args of [["--lang", "zh-TW", "--help"], ["--lang=zh-TW", "help", "scan"], [
      "scan",
      "--help",
      "--lang",
      "zh-TW",
    ]]
  ) {
    const io = testIo();
    assertEquals(await main(args, io), 0);
    assertStringIncludes(io.out, "用法：civikit");
  }
});

Deno.test("a usage error ends with the command whose help says more, in the reader's language", async () => {
  const table: [string[], string][] = [
    [["scan", "--frobnicate"], "See: civikit scan --help\n"],
    [["frobnicate"], "See: civikit --help\n"],
    [["scan", "--frobnicate", "--lang", "zh-TW"], "請看：civikit scan --help\n"],
  ];
  for (const [args, end] of table) {
    const io = testIo();
    assertEquals(await main(args, io), 2);
    assert(io.err.endsWith(end), io.err);
  }
});

interface Module {
  specifier: string;
  dependencies?: { code?: { specifier?: string } }[];
}

/**
 * What Deno reads before the first line of each of `entries` runs, in that order: imports, and later ones whose path it can
 * see. Ours by their path, packages and modules of Deno by their name.
 */
async function read(...entries: string[]): Promise<string[]> {
  const root = new URL("../../", import.meta.url).href;
  const queue = entries.map((entry) => new URL(entry, root).href);
  for (const entry of entries) {
    const args = ["info", "--json", ...await registryFlags(), new URL(entry, root).href];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: new URL(root) }).output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
    const graph = new Map(modules.map((module) => [module.specifier, module]));
    for (const at of queue) {
      for (const { code } of graph.get(at)?.dependencies ?? []) {
        if (code?.specifier !== undefined && !queue.includes(code.specifier)) queue.push(code.specifier);
      }
    }
  }
  return queue.map((url) => url.replace(root, "")).sort();
}

/** What of these no help needs. */
async function heavy(paths: readonly string[]): Promise<string[]> {
  const light =
    /^(?:cli\/(?:commands\/commands|options\/|settings\/|terminal\/|texts\/|[a-z_]+\.ts)|transport\/http\/version)/;
  // the prompt for a key has its own package, which is read and not loaded
  const packages = new Set(await read("cli/terminal/io.ts"));
  return paths.filter((path) => !light.test(path) && !packages.has(path));
}

const mine = (paths: readonly string[]) => paths.filter((path) => !path.includes(":") && !path.startsWith("tools/"));

Deno.test("--version reads seven modules, and --help no command, no transport, no package and nothing of node:", async () => {
  const first = await read("cli/mod.ts");
  assertEquals(mine(first), [
    "cli/exit_codes.ts",
    "cli/main.ts",
    "cli/missing_part.ts",
    "cli/mod.ts",
    "cli/settings/locale.ts",
    "cli/terminal/io.ts",
    "transport/http/version.ts",
  ]);
  const help = await read("cli/main.ts", "cli/help.ts");
  assertEquals(await heavy(help), []);
  assert(help.length < 25, help.join());
});

Deno.test("the help of a download reads nothing that a download takes", async () => {
  const help = await read("cli/main.ts", "cli/help.ts", "cli/commands/download.ts");
  assertEquals(await heavy(help.filter((path) => path !== "cli/commands/download.ts")), []);
  assert(help.length < 30, help.join());
});

Deno.test("commands that show numbers or serve pages read them when they run, not for their help", async () => {
  for (const name of ["logs", "report", "transfers", "sandbox", "serve"]) {
    const help = await read(`cli/commands/${name}.ts`);
    assertEquals(help.filter((path) => /^(?:monitor|testing|hub\/(?:pages|routes)|npm:\/?hono)/.test(path)), [], name);
  }
});

Deno.test("a command reads no other command, and none but the service reads its pages", async () => {
  const entries = ["cli/main.ts", "cli/dispatch.ts", "cli/commands/download.ts", "cli/run/download_references.ts"];
  const download = await read(...entries);
  assertEquals(mine(download).filter((path) => path.startsWith("cli/commands/")), [
    "cli/commands/commands.ts",
    "cli/commands/download.ts",
  ]);
  assertEquals(download.filter((path) => /^npm:\/?(?:hono|yaml|idiomorph|sortablejs)|^hub\/pages\//.test(path)), []);
  assert(mine(download).length < 480, `${mine(download).length}`);
});

Deno.test("the help's own measure of a text is the terminal's", () => {
  for (const line of locales.flatMap((locale) => helps(locale, 80)).flatMap((help) => help.split("\n"))) {
    assertEquals(ownWidth(line), unicodeWidth(line), line);
  }
});
