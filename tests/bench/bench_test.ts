import { assert, assertEquals } from "@std/assert";
import { isInstalled, markdown, root, type Row, script, verdicts } from "./_bench.ts";
import { count, judge, pairedRatio } from "./_meter.ts";

const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`)) as { tasks: Record<string, unknown> };
const names = Object.keys(tasks).filter((name) => name.startsWith("bench:")).map((name) => name.slice("bench:".length));

Deno.test("deno task bench --quick runs every bench there is a task for, and each gives rows to the one table", async () => {
  const [program, ...args] = await script("main.ts", "--quick", "--json");
  const { code, stdout, stderr } = await new Deno.Command(program, { args, cwd: root }).output();
  const said = new TextDecoder().decode(stderr);
  assertEquals(code, 0, said);
  const { rows } = JSON.parse(new TextDecoder().decode(stdout)) as { rows: Row[] };
  assertEquals([...new Set(rows.map(({ name }) => name.split(":")[0]!))].sort(), names.sort());
  for (const row of rows) assert(row.what !== "" && row.result !== "" && row.target !== "", JSON.stringify(row));
});

Deno.test("a bench that fails is a row of the table, and the exit code", async () => {
  const [program, ...args] = await script("main.ts", "--only", "cache", "--quick");
  const missing = `${root}.tmp/there/is/no/such/folder`;
  const env = { TMPDIR: missing, TMP: missing, TEMP: missing };
  const { code, stdout } = await new Deno.Command(program, { args, cwd: root, env }).output();
  const table = new TextDecoder().decode(stdout);
  assert(/^ {2}cache +the bench itself +works +Error: exit code 1 +- +- +- +NOT REACHED$/m.test(table), table);
  assertEquals(code, 1);
});

Deno.test("a bench refuses options it does not know, before it measures anything", async () => {
  for (const word of ["--quik", "100"]) {
    const [program, ...args] = await script("cache_bench.ts", word);
    const { code, stderr } = await new Deno.Command(program, { args, cwd: root }).output();
    assertEquals([code, new TextDecoder().decode(stderr).split("\n")[0]], [2, `${word.replace("--", "")}: unknown`]);
  }
});

Deno.test("a ratio is decided only where the noise leaves no doubt", () => {
  const bound = { least: 1.5 };
  const steady = pairedRatio([2, 2.02, 1.98, 2.01], [1, 1, 1, 1]);
  assert(Math.abs(steady.middle - 2.005) < 0.001 && steady.low > 1.9 && steady.high < 2.1, JSON.stringify(steady));
  assertEquals(judge(steady, bound), true);
  assertEquals(judge(steady, { most: 1.5 }), false);
  assertEquals(judge(pairedRatio([1, 1.01, 0.99], [1, 1, 1]), bound), false);
  assertEquals(judge(pairedRatio([2, 1.2, 1.4, 2.2], [1, 1, 1, 1]), bound), "undecided");
  // what the machine did to both of a round is not theirs
  assertEquals(judge(pairedRatio([2, 8, 1], [1, 4, 0.5]), bound), true);
  assertEquals(judge(pairedRatio([2], [1]), bound), "undecided");
  // one round of many that met something else decides nothing
  const disturbed = pairedRatio([2, 2.1, 1.9, 2, 2.05, 1.95, 2, 2.02, 90], Array(9).fill(1));
  assertEquals([judge(disturbed, bound), judge(disturbed, { most: 2.5 })], [true, true]);
});

Deno.test({
  name: "a command is counted with what it starts",
  ignore: !isInstalled("bash"),
  async fn() {
    const busy =
      "let i = 0; const end = performance.now() + 300; while (performance.now() < end) i++; console.log(i > 0);";
    const { code, out, wallMs, cpuMs } = await count(["sh", "-c", `${Deno.execPath()} eval '${busy}'; exit 3`]);
    assertEquals([code, out], [3, "true"]);
    // a busy machine may give it less than a processor, never more than it asked for
    assert(cpuMs! > 0 && wallMs >= 300, `${cpuMs} of ${wallMs}`);
  },
});

Deno.test("a row says what it took beside its verdict, also as Markdown", () => {
  const row = {
    name: "a",
    what: "b|c",
    target: ">= 1x",
    result: "1.02x",
    wallS: 1.234,
    cpuS: 0.05,
    ddS: [0.2, undefined],
  };
  const line = verdicts([{ ...row, reached: "undecided" }]).split("\n")[1]!;
  assertEquals(line.trim().split(/ {2,}/), ["a", "b|c", ">= 1x", "1.02x", "1.23", "0.050", "0.20 / -", "undecided"]);
  const text = markdown([{ ...row, reached: true }]).split("\n")[2];
  assertEquals(text, "| a | b\\|c | >= 1x | 1.02x | 1.23 | 0.050 | 0.20 / - | reached |");
});
