import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { namedFlags } from "../../cli/options/flags.ts";
import { loadPart, MissingPartError } from "../../cli/missing_part.ts";
import { loadCommands } from "../../cli/commands/commands.ts";
import { main } from "../../cli/mod.ts";
import { version } from "../../transport/mod.ts";
import { testIo } from "./_io.ts";

const commands = await loadCommands();

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = testIo();
  const code = await main(args, io);
  return { code, out: io.out, err: io.err };
}

Deno.test("civikit without a command shows the help as an error", async () => {
  const { code, out, err } = await run();
  assertEquals([code, out], [2, ""]);
  assert(err.includes("usage: civikit <command>"));
});

Deno.test("civikit --help names every CIVIKIT_ variable the user guide has", async () => {
  const guide = await Deno.readTextFile(new URL("../../docs/user_guide.md", import.meta.url));
  const { out } = await run("--help");
  const named = new Set(guide.match(/\bCIVIKIT_[A-Z_]+/g));
  assert(named.size > 5);
  assertEquals([...named].filter((name) => !new RegExp(`\\b${name}\\b`).test(out)), []);
});

Deno.test("civikit answers --help and --version on every level, on standard output", async () => {
  for (const args of [["--help"], ["-h"], ["help"]]) {
    const { code, out, err } = await run(...args);
    assertEquals([code, err], [0, ""]);
    for (const { name } of commands) assert(out.includes(`  ${name} `));
    assert(out.includes("exit codes:") && out.includes("CIVITAI_API_KEY"));
  }
  for (const { name, flags } of commands) {
    for (const args of [["help", name], [name, "--help"], [name, "-h"], [name, "x", "--help"]]) {
      const { code, out, err } = await run(...args);
      assertEquals([code, err], [0, ""], args.join(" "));
      for (const flag of namedFlags(flags)) assert(out.includes(`--${flag.name}`), `${args.join(" ")}: --${flag.name}`);
    }
  }
  for (const args of [["--version"], ["-V"], ["version"]]) {
    assertEquals(await run(...args), { code: 0, out: `civikit ${version}\n`, err: "" });
  }
});

Deno.test("civikit suggests what was meant", async () => {
  const table: [string[], string][] = [
    [["downlaod", "1"], 'did you mean "download"?'],
    [["128713"], "did you mean: civikit download 128713"],
    [["https://civitai.com/models/4384"], "did you mean: civikit download https://civitai.com/models/4384"],
    [["help", "downlod"], 'did you mean "download"?'],
    [["download", "1", "--quite"], "did you mean --quiet?"],
    [["--verison"], "did you mean --version?"],
  ];
  for (const [args, text] of table) {
    const { code, out, err } = await run(...args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assert(err.includes(text), `${args.join(" ")}: ${err}`);
  }
  assert(!(await run("frobnicate")).err.includes("did you mean"));
});

Deno.test("civikit prints no escape codes that came from the command line", async () => {
  const { err } = await run("\x1b[31mx");
  assert(!err.includes("\x1b"), JSON.stringify(err));
});

Deno.test("civikit refuses a broken setting with exit code 2 and names it", async () => {
  const io = testIo({ env: { CIVIKIT_LANG: "xx" } });
  assertEquals(await main(["download", "1"], io), 2);
  assert(io.err.includes("CIVIKIT_LANG") && io.err.includes("Wrong setting"), io.err);
});

Deno.test("a part that cannot be fetched is told in both languages, with what to do", async () => {
  const error = await assertRejects(
    () => loadPart(() => import("http://127.0.0.1:1/part.ts" as string)),
    MissingPartError,
    "http://127.0.0.1:1/part.ts",
  );
  assertStringIncludes(error.texts.en, "connect and run it again");
  assertStringIncludes(error.texts["zh-TW"], "請連上網路後再執行一次");
});
