/**
 * How long the command takes to start, from the sources and as the bundle, beside an empty program of Deno.
 *
 *     deno task bench:start [--runs 31] [--quick] [--json]
 *
 * @module
 */
import { join } from "node:path";
import { bundleCommand } from "../../tools/bundle.ts";
import { registryFlags } from "../../tools/registry.ts";
import { benchArgs, median, root, type Row, say, type Words } from "./_bench.ts";
import { judge, pairedRatio, ratioText, spend } from "./_meter.ts";

const args = await benchArgs("start.ts", ["runs"]);
const runs = args.number("runs", args.isQuick ? 2 : 31);
const folder = await Deno.makeTempDir();
const rows: Row[] = [];

interface Contestant {
  readonly name: string;
  readonly words: Words;
  /** At most so many times what an empty program takes; nothing is asked of those without. */
  readonly most?: number;
  readonly ms: number[];
  readonly cpuMs: number[];
}

function contestant(name: string, words: readonly string[], most?: number): Contestant {
  const start: Words = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", ...words];
  return { name, words: start, ...(most !== undefined && { most }), ms: [], cpuMs: [] };
}

try {
  const { entry, bytes, files } = await bundleCommand(join(folder, "bundle"));
  say(`the bundle: ${files} files, ${(bytes / 1e6).toFixed(2)} MB`);
  const empty = join(folder, "empty.js");
  await Deno.writeTextFile(empty, "");
  const source = [...await registryFlags(root), join(root, "cli", "main.ts")];
  const bundled = ["--no-config", entry];
  const all = [
    contestant("an empty program", ["--no-config", empty]),
    ...([["from source", source], ["the bundle", bundled]] as const).flatMap(([name, words]) => [
      contestant(`--version, ${name}`, [...words, "--version"], 1.7),
      contestant(`--help, ${name}`, [...words, "--help"], 2.5),
      contestant(`download --help, ${name}`, [...words, "download", "--help"]),
    ]),
  ];
  // what the first start of each compiles and caches is not counted
  for (let round = -1; round < runs; round++) {
    for (const { words, ms, cpuMs } of round % 2 === 0 ? all : all.toReversed()) {
      const spent = await spend(words);
      if (round < 0) continue;
      ms.push(spent.wallMs);
      cpuMs.push(spent.cpuMs ?? NaN);
    }
  }
  const [none, ...ours] = all;
  say(`  ${none!.name.padEnd(30)} ${median(none!.ms).toFixed(0)} ms`);
  for (const { name, ms, cpuMs, most } of ours) {
    const ratio = pairedRatio(ms, none!.ms);
    const times = `${median(ms).toFixed(0)} ms (${Math.min(...ms).toFixed(0)} to ${Math.max(...ms).toFixed(0)})`;
    say(`  ${name.padEnd(30)} ${times}`);
    rows.push({
      ...{ name: "-", what: `${name}, beside an empty program`, target: most === undefined ? "-" : `<= ${most}x` },
      ...{ result: ratioText(ratio), reached: most === undefined ? undefined : judge(ratio, { most }) },
      ...{ wallS: median(ms) / 1000, cpuS: median(cpuMs) / 1000 },
    });
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
args.print(rows);
