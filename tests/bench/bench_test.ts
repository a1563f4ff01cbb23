import { assert, assertEquals } from "@std/assert";
import { root, type Row, script } from "./_bench.ts";

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
  assert(/^ {2}cache +the bench itself +works +Error: exit code 1 +NOT REACHED$/m.test(table), table);
  assertEquals(code, 1);
});

Deno.test("a bench refuses options it does not know, before it measures anything", async () => {
  for (const word of ["--quik", "100"]) {
    const [program, ...args] = await script("cache_bench.ts", word);
    const { code, stderr } = await new Deno.Command(program, { args, cwd: root }).output();
    assertEquals([code, new TextDecoder().decode(stderr).split("\n")[0]], [2, `${word.replace("--", "")}: unknown`]);
  }
});
