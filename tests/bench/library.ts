/**
 * How fast a library is scanned: `scan` against `openssl dgst -sha256` with one thread over the same files,
 * many and a single one, and a second scan of 10,000 unchanged files.
 *
 *     deno task bench:library [--gigabytes 6] [--files 10000] [--folder /dev/shm] [--quick] [--priority] [--json]
 *
 * @module
 */
import { join } from "node:path";
import { hashCache, scan } from "../../api/mod.ts";
import { benchArgs, isInstalled, median, type Row } from "./_bench.ts";
import { calibrate, judge, pairedRatio, ratioText, spend, type Spent, stopwatch } from "./_meter.ts";

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;

const args = await benchArgs("library.ts", ["gigabytes", "files", "folder"]);

function pseudoRandom(bytes: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));
  return block;
}

/** Files of model sizes that come to `total` bytes: a few checkpoints, many LoRAs. */
function writeModels(folder: string, total: number): string[] {
  const sizes = [2048, 1024, 512, 228, 144, 72, 36].map((size) => size * MiB);
  const paths: string[] = [];
  const block = pseudoRandom(4 * MiB);
  for (let left = total; left > 0;) {
    const bytes = Math.min(left, sizes[paths.length % sizes.length]!);
    const path = join(folder, `model${paths.length}.safetensors`);
    using file = Deno.openSync(path, { write: true, create: true });
    for (let at = 0; at < bytes; at += block.length) {
      file.writeSync(block.subarray(0, Math.min(block.length, bytes - at)));
    }
    paths.push(path);
    left -= bytes;
  }
  return paths;
}

/** What some work in this process takes. */
async function timed(work: () => Promise<unknown>): Promise<Spent> {
  const elapsed = stopwatch();
  await work();
  return elapsed();
}

/** `scan` against one thread of openssl over the same files, in turns. */
async function hashing(folder: string, what: string, paths: readonly string[], least: number): Promise<Row> {
  const bytes = paths.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
  const [ours, theirs]: [Spent[], Spent[]] = [[], []];
  const before = await calibrate(folder);
  for (let turn = 0; turn < (args.isQuick ? 1 : 5); turn++) {
    const both = [
      async () => theirs.push(await spend(["openssl", "dgst", "-sha256", ...paths])),
      async () => ours.push(await timed(() => scan(null, [folder]))),
    ];
    for (const one of turn % 2 === 0 ? both : both.toReversed()) await one();
  }
  const ddS = [before, await calibrate(folder)].map((ms) => ms && ms / 1000);
  const [own, other] = [ours, theirs].map((all) => all.map(({ wallMs }) => wallMs)) as [number[], number[]];
  const ratio = pairedRatio(other, own);
  const rate = (ms: number[]) => `${(bytes / median(ms) * 1000 / GiB).toFixed(2)} GiB/s`;
  return {
    name: "scan",
    what: `scan of ${bytes / GiB} GiB in ${what} against openssl, one thread`,
    target: `>= ${least}x`,
    result: `${ratioText(ratio)}: ${rate(own)} against ${rate(other)}`,
    reached: judge(ratio, { least }),
    wallS: median(own) / 1000,
    cpuS: median(ours.map(({ cpuMs }) => cpuMs!)) / 1000,
    ddS,
  };
}

async function unchanged(folder: string): Promise<Row> {
  const count = args.number("files", args.isQuick ? 500 : 10_000);
  const root = join(folder, "many");
  for (let index = 0; index < count; index++) {
    if (index % 100 === 0) Deno.mkdirSync(join(root, String(index)), { recursive: true });
    const path = join(root, String(index - index % 100), `lora${index}.safetensors`);
    // sound by its own account, as nearly all files of a library are
    const header = JSON.stringify({ w: { dtype: "U8", shape: [16], data_offsets: [0, 16] } });
    const size = new TextDecoder().decode(new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer));
    Deno.writeTextFileSync(path, `${size}${header}file ${String(index).padStart(11, "0")}`);
  }
  const api = { versions: { byHashes: () => Promise.resolve(new Map()) } };
  using cache = hashCache(join(folder, "hashes.sqlite"));
  const first = await timed(() => scan(api, [root], { cache }));
  const turns: Spent[] = [];
  for (let turn = 0; turn < 3; turn++) turns.push(await timed(() => scan(api, [root], { cache })));
  const wallS = median(turns.map(({ wallMs }) => wallMs)) / 1000;
  return {
    name: "again",
    what: `second scan of ${count} unchanged files (first: ${(first.wallMs / 1000).toFixed(2)} s)`,
    target: "< 2 s",
    result: `${wallS.toFixed(2)} s`,
    reached: wallS < 2,
    wallS,
    cpuS: median(turns.map(({ cpuMs }) => cpuMs!)) / 1000,
  };
}

const folder = await Deno.makeTempDir({ dir: args.text("folder", "/dev/shm"), prefix: "civikit_bench_" });
try {
  const rows: Row[] = [];
  if (isInstalled("openssl")) {
    const total = args.number("gigabytes", args.isQuick ? 0.125 : 6, false) * GiB;
    const many = writeModels(folder, total);
    rows.push(await hashing(folder, `${many.length} files`, many, 1.5));
    for (const path of many) Deno.removeSync(path);
    const one = writeModels(folder, Math.min(total, 2 * GiB));
    rows.push(await hashing(folder, "a single file", one, 1));
    for (const path of one) Deno.removeSync(path);
  }
  rows.push(await unchanged(folder));
  args.print(rows);
} finally {
  await Deno.remove(folder, { recursive: true });
}
