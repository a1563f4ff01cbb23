/**
 * How fast a library is scanned: `scan` against `openssl dgst -sha256` with one thread over the same files, and a second
 * scan of 10,000 unchanged files.
 *
 *     deno task bench:library [--gigabytes 6] [--files 10000] [--folder /dev/shm] [--quick] [--priority] [--json]
 *
 * @module
 */
import { join } from "node:path";
import { hashCache, scan } from "../../api/mod.ts";
import { benchArgs, isInstalled, median, type Row, run } from "./_bench.ts";

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

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function hashing(folder: string): Promise<Row> {
  const bytes = args.number("gigabytes", args.isQuick ? 0.125 : 6, false) * GiB;
  const paths = writeModels(folder, bytes);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    theirs.push(await timed(() => run(["openssl", "dgst", "-sha256", ...paths])));
    ours.push(await timed(() => scan(null, [folder])));
  }
  const ratio = median(theirs) / median(ours);
  const rate = (seconds: number) => `${(bytes / seconds / GiB).toFixed(2)} GiB/s`;
  const [one, other] = [rate(median(ours)), rate(median(theirs))];
  return {
    name: "scan",
    what: `scan of ${bytes / GiB} GiB in ${paths.length} files against openssl, one thread`,
    target: ">= 1.5x",
    result: `${ratio.toFixed(2)}x (${one} against ${other})`,
    reached: ratio >= 1.5,
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
  const seconds: number[] = [];
  for (let turn = 0; turn < 3; turn++) seconds.push(await timed(() => scan(api, [root], { cache })));
  return {
    name: "again",
    what: `second scan of ${count} unchanged files (first: ${first.toFixed(2)} s)`,
    target: "< 2 s",
    result: `${median(seconds).toFixed(2)} s`,
    reached: median(seconds) < 2,
  };
}

const folder = await Deno.makeTempDir({ dir: args.text("folder", "/dev/shm"), prefix: "civikit_bench_" });
try {
  const rows: Row[] = [];
  if (isInstalled("openssl") || Deno.build.os === "linux") rows.push(await hashing(folder));
  for (const { name } of Deno.readDirSync(folder)) Deno.removeSync(join(folder, name), { recursive: true });
  rows.push(await unchanged(folder));
  args.print(rows);
} finally {
  await Deno.remove(folder, { recursive: true });
}
