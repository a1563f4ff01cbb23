/**
 * All benches, one after the other, and one table of their rows:
 *
 *     deno task bench [--only request,cache] [--quick] [--priority] [--json]
 *
 * The table goes to standard output, and as Markdown, for the README, into `.tmp/bench.md`. Rows that do not say what they
 * took themselves are given what their whole bench took, in all its processes. `--quick` is to see that everything works,
 * within a minute; what it measures is not to be quoted.
 *
 * @module
 */
import { tmpdir } from "node:os";
import { benchArgs, markdown, root, type Row, run, say, script } from "./_bench.ts";
import { calibrate, count } from "./_meter.ts";

/** The benches, by the name behind `bench:`. */
const benches: Readonly<Record<string, string>> = {
  request: "request.ts",
  download: "download.ts",
  tls: "tls.ts",
  cache: "cache_bench.ts",
  cache_scale: "cache_scale_bench.ts",
  api: "api.ts",
  library: "library.ts",
  small_files: "small_files.ts",
  journal: "journal.ts",
  monitor: "monitor.ts",
  serve: "serve.ts",
  queue: "queue.ts",
  service: "service.ts",
  start: "start.ts",
  fleet: "fleet.ts",
};

/** Runs one bench in a process of its own; a row that says so where it fails. */
async function runBench(name: string, file: string, isQuick: boolean): Promise<readonly Row[]> {
  say(`\n== ${name}`);
  // the collector at hand is what bench:monitor measures the heap with
  const [program, run, ...words] = await script(file, "--json", ...(isQuick ? ["--quick"] : []));
  const before = await calibrate(scratch);
  const counted = await count([program, run!, "--v8-flags=--expose-gc", ...words], { isHeard: true });
  const ddS = [before, await calibrate(scratch)].map((ms) => ms && ms / 1000);
  const { code, out, wallMs, cpuMs } = counted;
  try {
    if (code !== 0) throw new Error(`exit code ${code}`);
    const whole = { wallS: wallMs / 1000, cpuS: cpuMs && cpuMs / 1000, ddS };
    return (JSON.parse(out) as { rows: Row[] }).rows.map((row) => ({ ...whole, ...row }));
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
/** Memory where the system has it as a folder. */
const scratch = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => tmpdir());
const rows: Row[] = [];
for (const name of only) {
  for (const row of await runBench(name, benches[name]!, args.isQuick)) {
    rows.push({ ...row, name: row.name === "-" ? name : `${name}: ${row.name}` });
  }
}
await Deno.mkdir(`${root}.tmp`, { recursive: true });
const machine = `${await run(["uname", "-srm"])}, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno}`;
const kind = args.isQuick ? "a quick look, not to be quoted" : "medians; ratios are paired, with their 95 % interval";
await Deno.writeTextFile(`${root}.tmp/bench.md`, `${markdown(rows)}\n\n${machine}; ${kind}.\n`);
say(`\nalso as Markdown in .tmp/bench.md`);
args.print(rows);
