import { assert, assertEquals, assertThrows } from "@std/assert";
import { downloadCommand } from "../../../cli/commands/download.ts";
import { main } from "../../../cli/mod.ts";
import { readArgs } from "../../../cli/options/args.ts";
import { UsageError } from "../../../cli/options/usage_error.ts";
import { testIo } from "../_io.ts";

/** What `civikit download` makes of a command line. */
function readDownload(args: readonly string[]): Record<string, unknown> {
  const { operands, flags } = readArgs(args, downloadCommand.flags);
  return { operands, ...flags };
}

Deno.test("civikit download fills in the documented defaults", () => {
  assertEquals(readDownload(["128713"]), {
    operands: ["128713"],
    from: undefined,
    dir: "downloads",
    layout: undefined,
    root: undefined,
    sidecars: false,
    yes: false,
    output: undefined,
    file: undefined,
    allFiles: false,
    model: false,
    parallel: 4,
    jobs: 3,
    limitRate: undefined,
    sha256: undefined,
    blake3: undefined,
    noVerify: false,
    force: false,
    dryRun: false,
    json: false,
    quiet: false,
    printPath: false,
    queue: false,
    hashes: undefined,
    baseUrl: "https://civitai.com",
    askKey: false,
    noMonitor: false,
  });
});

Deno.test("civikit download reads every option in its long, short and = forms", () => {
  const hex = "ab".repeat(32);
  const table: [string[], Record<string, unknown>][] = [
    [["1", "--dir", "x"], { dir: "x" }],
    [["-d", "x", "1"], { dir: "x", operands: ["1"] }],
    [["--dir=x y", "1"], { dir: "x y" }],
    [["1", "-o", "a.bin"], { output: "a.bin" }],
    [["1", "--file", "77"], { file: "77" }],
    [["1", "--all-files"], { allFiles: true }],
    [["--model", "1"], { model: true, operands: ["1"] }],
    [["1", "--parallel", "32"], { parallel: 32 }],
    [["1", "-j", "1"], { jobs: 1 }],
    [["1", "--limit-rate", "1.5M"], { limitRate: "1.5M" }],
    [["1", "--limit-rate=500K"], { limitRate: "500K" }],
    [["1", "--sha256", hex], { sha256: hex.toUpperCase() }],
    [["1", "--blake3", hex], { blake3: hex.toUpperCase() }],
    [["1", "--no-verify"], { noVerify: true }],
    [["1", "-n", "-q"], { dryRun: true, quiet: true }],
    [["1", "-nq"], { dryRun: true, quiet: true }],
    [["1", "--json"], { json: true }],
    [["--from", "-"], { from: "-", operands: [] }],
    [["-i", "-"], { from: "-", operands: [] }],
    [["--from=list.txt"], { from: "list.txt" }],
    [["-"], { operands: ["-"] }],
    [["--", "-1", "--all-files"], { operands: ["-1", "--all-files"], allFiles: false }],
    [["1", "2", "model:3"], { operands: ["1", "2", "model:3"] }],
    [["0128713", "1e5", "0x10"], { operands: ["0128713", "1e5", "0x10"] }],
  ];
  for (const [args, expected] of table) {
    const options = readDownload(args);
    for (const [name, value] of Object.entries(expected)) assertEquals(options[name], value, args.join(" "));
  }
});

Deno.test("civikit download refuses what cannot be meant and says why", async () => {
  const table: [string[], RegExp][] = [
    [[], /nothing to download/],
    [["1", "--dirr", "x"], /--dirr": unknown; did you mean --dir\?/],
    [["1", "--paralel=3"], /did you mean --parallel\?/],
    [["1", "--frobnicate"], /"--frobnicate": unknown$/],
    [["1", "-z"], /"-z": unknown$/],
    [["1", "--dir"], /--dir: needs a value/],
    [["1", "--parallel", "0"], /--parallel "0": not a whole number from 1 to 32/],
    [["1", "--parallel", "33"], /from 1 to 32/],
    [["1", "--parallel", "2.5"], /from 1 to 32/],
    [["1", "--jobs", "many"], /--jobs "many"/],
    [["1", "--limit-rate", "fast"], /--limit-rate "fast"/],
    [["1", "--limit-rate", "10"], /at least 1K/],
    [["1", "--limit-rate", "8:00,5M 25:00,off"], /not a timetable/],
    [["1", "--base-url", "http://example.com"], /--base-url "http:\/\/example.com": neither https nor this machine/],
    [["1", "--sha256", "abc"], /not 64 hexadecimal digits/],
    [["1", "2", "--output", "x"], /--output: names one file/],
    [["1", "--output", "../x"], /--output: a name without folders/],
    [["1", "2", "--sha256", "ab".repeat(32)], /belongs to one file/],
    [["1", "--no-verify", "--sha256", "ab".repeat(32)], /contradicts/],
    [["1", "--all-files", "--file", "x"], /contradicts/],
    [["1", "--json", "--print-path"], /--print-path/],
  ];
  for (const [args, message] of table) {
    const io = testIo();
    assertEquals(await main(["download", ...args], io), 2, args.join(" "));
    assert(message.test(io.err.replace(/\nSee: .*\n$/, "")), `${args.join(" ")}: ${io.err}`);
  }
});

Deno.test("readArgs() refuses a key on the command line, says where it belongs, and does not repeat it", () => {
  for (const name of ["--key", "--token", "--api-key"]) {
    for (const args of [[name, "s3cret-value"], [`${name}=s3cret-value`]]) {
      const error = assertThrows(() => readArgs(args, downloadCommand.flags), UsageError);
      assert(error.message.includes("CIVITAI_API_KEY") && !error.message.includes("s3cret"), error.message);
    }
  }
});

Deno.test("readArgs() gives a value the type its row says, and refuses what cannot be one", () => {
  const help = { en: "", "zh-TW": "" };
  const flags = {
    span: { type: "span", value: "TIME", help },
    list: { type: "list", value: "NAMES", help },
    word: { type: "word", value: "HOW", words: ["Most Liked", "Newest"], default: "Newest", help },
    dryRun: { type: "switch", short: "n", help },
  } as const;
  assertEquals(readArgs([], flags).flags, { span: undefined, list: undefined, word: "Newest", dryRun: false });
  assertEquals(
    readArgs(["--span", "90m", "--list", " a,,b ", "--word", "most-liked", "-n"], flags).flags,
    { span: 5_400_000, list: ["a", "b"], word: "Most Liked", dryRun: true },
  );
  assertThrows(() => readArgs(["--span", "soon"], flags), UsageError, '--span "soon": expected e.g. 90m');
  assertThrows(() => readArgs(["--word", "newst"], flags), UsageError, 'did you mean "Newest"?');
});

Deno.test("an option's value is checked before the command starts, also where the action leaves it aside", async () => {
  for (const args of [["images", "search", "--jobs", "99"], ["images", "get", "1", "--videos", "none"]]) {
    const io = testIo({ env: { CIVIKIT_BASE_URL: "http://127.0.0.1:9" } });
    assertEquals([await main(args, io), io.out], [2, ""], args.join(" "));
    assert(io.err.startsWith(`error: option ${args.at(-2)} "${args.at(-1)}": `), io.err);
  }
  const io = testIo();
  assertEquals(await main(["images", "search", "--jobs", "99", "--help"], io), 0);
});
