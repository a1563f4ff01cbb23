/**
 * All benches, one after the other, and one table of their rows:
 *
 *     deno task bench [--only request,cache] [--quick] [--priority] [--json]
 *
 * `--quick` is to see that they all work, within a minute; what it measures is not to be quoted.
 *
 * @module
 */
import { benchArgs, type Row, say, script } from "./_bench.ts";

/** The benches, by the name behind `bench:`. */
const benches: Readonly<Record<string, string>> = {
  request: "request.ts",
  download: "download.ts",
  cache: "cache_bench.ts",
  cache_scale: "cache_scale_bench.ts",
  api: "api.ts",
  library: "library.ts",
  monitor: "monitor.ts",
  serve: "serve.ts",
  queue: "queue.ts",
};

/** Runs one bench in a process of its own; a row that says so where it fails. */
async function runBench(name: string, file: string, isQuick: boolean): Promise<readonly Row[]> {
  say(`\n== ${name}`);
  // the collector at hand is what bench:monitor measures the heap with
  const [program, run, ...words] = await script(file, "--json", ...(isQuick ? ["--quick"] : []));
  const args = [run!, "--v8-flags=--expose-gc", ...words];
  const { code, stdout } = await new Deno.Command(program, { args, stderr: "inherit" }).output();
  try {
    if (code !== 0) throw new Error(`exit code ${code}`);
    return (JSON.parse(new TextDecoder().decode(stdout)) as { rows: Row[] }).rows;
  } catch (error) {
    Deno.exitCode = 1;
    return [{ name: "-", what: "the bench itself", target: "works", result: String(error), reached: false }];
  }
}

const args = await benchArgs("main.ts", ["only"]);
const only = args.text("only", Object.keys(benches).join()).split(",");
for (const name of only) {
  if (!(name in benches)) throw new RangeError(`--only ${name}: not one of ${Object.keys(benches)}`);
}
const rows: Row[] = [];
for (const name of only) {
  for (const row of await runBench(name, benches[name]!, args.isQuick)) {
    rows.push({ ...row, name: row.name === "-" ? name : `${name}: ${row.name}` });
  }
}
say("");
args.print(rows);
