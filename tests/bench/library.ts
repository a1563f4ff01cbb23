/**
 * How fast a library is scanned: `scan` against `openssl dgst -sha256` with one thread over the same files,
 * many and a single one, a second scan of 10,000 unchanged files, and 500 files of 8 GiB named without reading them.
 *
 *     deno task bench:library [--gigabytes 6] [--files 10000] [--large 500] [--folder /dev/shm] [--quick] [--priority] [--json]
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { civitai, hashCache, presume, scan } from "../../api/mod.ts";
import { createTransport } from "../../create_transport.ts";
import type { CatalogueModel } from "../../testing/civitai/catalogue.ts";
import { contentAt } from "../../testing/origin/content.ts";
import { startCivitai } from "../_civitai/mod.ts";
import { benchArgs, isInstalled, median, type Row } from "./_bench.ts";
import { calibrate, judge, pairedRatio, ratioText, spend, type Spent, stopwatch } from "./_meter.ts";

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;

const args = await benchArgs("library.ts", ["gigabytes", "files", "folder", "large"]);

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
    target: "< 0.5 s",
    result: `${wallS.toFixed(2)} s`,
    reached: wallS < 0.5,
    wallS,
    cpuS: median(turns.map(({ cpuMs }) => cpuMs!)) / 1000,
  };
}

/** A file of 8 GiB that takes 64 KiB on the disk: holes, and a sample of its own where AutoV1 looks. */
function writeLarge(path: string, seed: number): string {
  using file = Deno.createSync(path);
  file.truncateSync(8 * GiB);
  file.seekSync(MiB, Deno.SeekMode.Start);
  const sample = contentAt(seed, 0, 65_536);
  file.writeSync(sample);
  return createHash("sha256").update(sample).digest("hex").slice(0, 8).toUpperCase();
}

/** The embedded site knows every one of them by size and AutoV1. */
async function named(folder: string): Promise<Row> {
  const count = args.number("large", args.isQuick ? 50 : 500);
  const root = join(folder, "large");
  Deno.mkdirSync(root);
  const models = Array.from({ length: count }, (_, at): CatalogueModel => {
    const AutoV1 = writeLarge(join(root, `model${at}.ckpt`), at);
    const SHA256 = createHash("sha256").update(AutoV1).digest("hex").toUpperCase();
    const content = { size: 8 * GiB, read: () => new Uint8Array() };
    const file = { id: 500_000 + at, name: `model${at}.ckpt`, type: "Model", metadata: {}, primary: true };
    const version = { name: "v1.0", baseModel: "SDXL 1.0", publishedAt: "2025-01-01T00:00:00.000Z", trainedWords: [] };
    return {
      ...{ id: 300_000 + at, name: `Model ${at}`, type: "Checkpoint", description: null, creator: "lamplighter" },
      ...{ tags: [], nsfwLevel: 1 },
      versions: [{
        ...{ ...version, id: 400_000 + at, usageControl: "Download" },
        files: [{ ...file, content, hashes: { AutoV1, SHA256 } }],
      }],
    };
  });
  await using site = await startCivitai({ models });
  using transport = createTransport();
  const api = civitai(transport, { baseUrl: site.url });
  using cache = hashCache(join(folder, "presumed.sqlite"));
  let known = 0;
  const first = await timed(async () => {
    const { presumed } = await presume(api, [root], { cache });
    known = presumed.filter(({ identity }) => identity !== null).length;
  });
  const requests = site.log.length;
  const again = await timed(() => presume(api, [root], { cache }));
  const wallS = first.wallMs / 1000;
  return {
    name: "quick",
    what: `${count} files of 8 GiB (${(count * 8 / 1024).toFixed(1)} TiB) named, ${requests} requests (again: ${
      (again.wallMs / 1000).toFixed(2)
    } s)`,
    target: "< 60 s",
    result: `${known} named in ${wallS.toFixed(2)} s`,
    reached: wallS < 60 && known === count,
    wallS,
    cpuS: first.cpuMs! / 1000,
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
  rows.push(await unchanged(folder), await named(folder));
  args.print(rows);
} finally {
  await Deno.remove(folder, { recursive: true });
}
