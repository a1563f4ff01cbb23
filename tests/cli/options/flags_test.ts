import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readArgs } from "../../../cli/options/args.ts";
import { flagUsage, namedFlags } from "../../../cli/options/flags.ts";
import { commonFlags, listFlags, versionFlags } from "../../../cli/options/shared_flags.ts";
import { loadCommands } from "../../../cli/commands/commands.ts";
import { main } from "../../../cli/mod.ts";
import { version } from "../../../transport/mod.ts";
import { testIo } from "../_io.ts";
import { events, inWorld } from "../_world.ts";
import { optionGuides, withOptions } from "../../../tools/option_table.ts";

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = testIo();
  const code = await main(args, io);
  return { code, out: io.out, err: io.err };
}

const every = [commonFlags, ...(await loadCommands()).map(({ flags }) => flags)].flatMap(namedFlags);

Deno.test("an option has one letter and one kind of value, whichever command takes it, and no letter has two options", () => {
  const shapes = new Map<string, string>();
  const letters = new Map<string, string>();
  for (const flag of every) {
    assertEquals(shapes.get(flag.name) ?? flagUsage(flag), flagUsage(flag));
    shapes.set(flag.name, flagUsage(flag));
    if (!flag.short) continue;
    assertEquals(letters.get(flag.short) ?? flag.name, flag.name, `-${flag.short}`);
    letters.set(flag.short, flag.name);
  }
  assertEquals([letters.get("n"), letters.get("d")], ["dry-run", "dir"]);
});

Deno.test("a user guide's table of options is what the tables of the commands make of it, each with one meaning", async () => {
  for (const guide of optionGuides) {
    const text = await Deno.readTextFile(guide.url);
    const [table = ""] = /<!-- options -->.*<!-- \/options -->/s.exec(text) ?? [];
    const rows = [...table.matchAll(/^\| `((?:-\w, )?--[^`]+)` +\| (.+?) +\|$/gm)];
    const listed = rows.map(([, option]) => option!.replaceAll("\\|", "|"));
    assertEquals(listed.toSorted(), [...new Set([...every, ...namedFlags(versionFlags)].map(flagUsage))].sort());
    const meanings = Map.groupBy(rows, ([, , meaning]) => meaning);
    assertEquals([...meanings.values()].filter(({ length }) => length > 1), [], "two options with one meaning");
    assertEquals(await withOptions(text, guide), text, "run: deno task docs:options");
  }
});

Deno.test("an option means the same in the user guide, whichever command takes it", () => {
  for (const [name, flags] of Map.groupBy(every, ({ name }) => name)) {
    assertEquals(new Set(flags.map(({ help }) => help["zh-TW"])).size, 1, name);
  }
});

Deno.test("a slip in an option's name does not compile, and a value has the type of its row", () => {
  const { flags } = readArgs(["--limit", "5"], listFlags);
  // @ts-expect-error there is no such option
  assertEquals(flags.limti, undefined);
  const limit: number = flags.limit;
  // @ts-expect-error it may not have been given
  const position: string = flags.resume;
  assertEquals([limit, position, flags.all], [5, undefined, false]);
});

Deno.test("options may stand before the command, those of the command as well as those of all", async () => {
  for (const args of [["--lang", "zh-TW", "--help"], ["--no-color", "-h"], ["--lang=en", "--help"]]) {
    const { code, out, err } = await run(...args);
    assertEquals([code, err], [0, ""], args.join(" "));
    assertStringIncludes(out, args.includes("zh-TW") ? "用法：civikit <command>" : "usage: civikit <command>");
  }
  for (const args of [["--help", "scan"], ["--lang", "en", "help", "scan"], ["-j", "2", "--json", "scan", "--help"]]) {
    const { code, out, err } = await run(...args);
    assertEquals([code, err], [0, ""], args.join(" "));
    assertStringIncludes(out, "usage: civikit scan");
  }
  for (const args of [["--lang", "en", "--version"], ["--version", "scan"], ["--no-color", "version"]]) {
    assertEquals(await run(...args), { code: 0, out: `civikit ${version}\n`, err: "" }, args.join(" "));
  }
});

Deno.test("an option before the command counts as if it stood behind it", () =>
  inWorld(async ({ folder, run }) => {
    Deno.writeTextFileSync(`${folder}/x.pt`, "abc");
    for (const args of [["--json", "scan", folder], ["--jobs", "2", "--json", "--lang", "zh-TW", "scan", folder]]) {
      const { code, io } = await run(args);
      assertEquals(code, 0, io.err);
      assertEquals(events(io).at(-1)?.event, "summary");
    }
    assertStringIncludes((await run(["--lang", "zh-TW", "models", "get", "999999"])).io.err, "找不到");
  }));

Deno.test("an option before the command that it does not have, or nothing has, is refused by name", async () => {
  const table: [string[], string][] = [
    [["--json", "remove-it-all"], 'command "remove-it-all": unknown'],
    [["--jbos", "2", "scan"], "did you mean --jobs?"],
    [["--print-path", "scan"], '"--print-path": unknown'],
    [["--jobs"], "--jobs: needs a value"],
    [["-z", "scan"], '"-z": unknown'],
    [["--json"], "usage: civikit <command>"],
  ];
  for (const [args, text] of table) {
    const { code, out, err } = await run(...args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assertStringIncludes(err, text);
  }
});

Deno.test("the language chosen on the command line is that of a failure nobody foresaw, too", async () => {
  const { code, err } = await run("install", "--lang", "zh-TW", "--project", "/nowhere/at/all");
  assert(code !== 0);
  assert(/[\u4e00-\u9fff]/.test(err), err);
});

Deno.test("words after a command that takes none are refused, not ignored", async () => {
  const table = [
    ["help", "download", "extra"],
    ["version", "extra"],
    ["whoami", "extra"],
    ["install", "extra"],
    ["outdated", "extra"],
    ["report", "extra"],
    ["serve", "extra"],
    ["enums", "BaseModel", "extra"],
  ];
  for (const args of table) {
    const { code, out, err } = await run(...args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assertStringIncludes(err, 'operand "extra": not expected', args.join(" "));
  }
});

Deno.test("civikit updates is gone: the words for what took its place are shown", async () => {
  const { code, err } = await run("updates", "models");
  assertEquals(code, 2);
  assertStringIncludes(err, "civikit scan --updates");
});
