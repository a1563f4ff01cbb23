/**
 * Downloads side by side: civikit against aria2, curl with openssl, and a bare loop, in turns, with medians and ratios.
 *
 *     deno task bench:download [--runs 5] [--only loopback,slow] [--quick] [--folder DIR] [--priority] [--json]
 *
 * Rows: `loopback` (1 GiB as fast as it goes), `capped` (nginx, 8 MiB/s for each request), `strict` (the same without
 * nginx's burst), `slow` (one connection ten times slower), `link` (40 ms round trip, 0.5 % loss), `memory` (1 and 4 GiB).
 * `--quick` takes small files and one run each: to see that everything works, not to quote.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { pieces, seeded } from "../_origin/content.ts";
import { type Link, openLink } from "./_link.ts";
import { hasNginx, startNginx } from "../_support/nginx.ts";
import { benchArgs, median, root, type Row, run, say } from "./_bench.ts";
import {
  aria2,
  bareLoop,
  civikit,
  type Contestant,
  curlAndHash,
  hashFile,
  type Measured,
  race,
  speedUp,
  startOriginProcess,
} from "./_race.ts";

const names = ["loopback", "capped", "strict", "slow", "link", "memory"];
const args = await benchArgs("download.ts", ["runs", "only", "folder"]);
const quick = args.isQuick;
const warmUp = !quick;
const runs = args.number("runs", quick ? 1 : 5);
const only = args.text("only", names.join()).split(",");
for (const name of only) if (!names.includes(name)) throw new RangeError(`--only ${name}: not one of ${names}`);

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const folder = await Deno.makeTempDir({ prefix: "civikit-bench-", dir: args.text("folder", await scratch()) });
const shelf = `${folder}/origin`;
const target = `${folder}/target`;
const rows: Row[] = [];

/** Where there is room, and the disk is the one the checkout is on. */
async function scratch(): Promise<string> {
  await Deno.mkdir(`${root}.tmp`, { recursive: true });
  return `${root}.tmp`;
}

/** Adds a row about the ratio of two contestants. */
function compare(name: string, what: string, measured: Map<string, Measured>, other: string, least: number): void {
  const ratio = speedUp(measured, "civikit", other);
  if (ratio === undefined) return;
  const whole = `${what} vs ${other}`;
  rows.push({ name, what: whole, target: `>= ${least}x`, result: `${ratio.toFixed(2)}x`, reached: ratio >= least });
}

/** A file of the origin, with its hash; made once. Zeros take no room on the disk. */
async function makeFile(bytes: number, zeros = false): Promise<{ name: string; sha256: string }> {
  const name = `${zeros ? "zeros" : "seeded"}-${bytes}.bin`;
  const path = `${shelf}/${name}`;
  using file = await Deno.open(path, { write: true, create: true });
  if (zeros) {
    await file.truncate(bytes);
    return { name, sha256: await hashFile(path) };
  }
  const hash = createHash("sha256");
  for (const piece of pieces(seeded(1, bytes))) {
    hash.update(piece);
    for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
  }
  return { name, sha256: hash.digest("hex") };
}

/** One nginx for a whole row. */
async function withNginx(
  file: string,
  limitRateBytes: number | undefined,
  body: (origin: () => Promise<AsyncDisposable & { url: string }>) => Promise<void>,
): Promise<void> {
  await using nginx = await startNginx({ folder: shelf, ...(limitRateBytes === undefined ? {} : { limitRateBytes }) });
  const url = `${nginx.url}/${file}`;
  await body(() => Promise.resolve({ url, [Symbol.asyncDispose]: () => Promise.resolve() }));
}

function noNginx(name: string): void {
  say(`\n${name}: skipped, nginx is not installed`);
}

async function loopback(): Promise<void> {
  if (!hasNginx) return noNginx("loopback");
  const size = quick ? 32 * MiB : GiB;
  const { name, sha256 } = await makeFile(size);
  const what = `${size / MiB} MiB over loopback`;
  await withNginx(name, undefined, async (origin) => {
    const contestants: Contestant[] = [civikit, aria2(), curlAndHash, bareLoop];
    const title = `loopback: ${what}, nginx; aria2c -x8 -s8 --file-allocation=none`;
    const measured = await race({ title, contestants, folder: target, sha256, connections: 8, runs, warmUp, origin });
    compare("loopback", `${what}, throughput`, measured, "aria2", 2);
    compare("loopback", `${what}, throughput`, measured, "curl+openssl", 1.7);
    const [own, bare] = [measured.get("civikit")!, measured.get("bare loop")!];
    for (const [kind, times] of [["process", "ms"], ["inside", "insideMs"]] as const) {
      const ratio = median(own[times]) / median(bare[times]);
      const reached = kind === "process" ? ratio <= 1.5 : undefined;
      const result = `${ratio.toFixed(2)}x`;
      rows.push({ name: "loopback", what: `${what}, time (${kind}) vs bare loop`, target: "<= 1.5x", result, reached });
    }
  });
}

async function capped(): Promise<void> {
  if (!hasNginx) return noNginx("capped");
  const size = quick ? 32 * MiB : 256 * MiB;
  const { name, sha256 } = await makeFile(size);
  await withNginx(name, 8 * MiB, async (origin) => {
    const title = `capped: ${size / MiB} MiB, nginx limit_rate 8 MiB/s, 8 connections; aria2c -x8 -s8 -k1M
  (nginx counts per request and lets the first second's share through at once, which favours many short requests:
  see the row «strict»)`;
    const contestants = [civikit, aria2("-k1M")];
    const measured = await race({ title, contestants, folder: target, sha256, connections: 8, runs, warmUp, origin });
    compare("capped", `${size / MiB} MiB at 8 MiB/s per request (nginx), throughput`, measured, "aria2 -k1M", 1);
  });
}

/** The own origin holds every byte to its time, from the first on. */
async function paced(name: string, what: string, slowFirst: boolean, least: number): Promise<void> {
  const size = quick ? 32 * MiB : 256 * MiB;
  const sha256 = (await makeFile(size)).sha256;
  const all = { kind: "rate", bytesPerSecond: 8 * MiB };
  const faults = slowFirst ? [all, { kind: "rate", bytesPerSecond: 0.8 * MiB, connection: 1 }] : [all];
  // a new origin each time: connections are numbered from its start
  const origin = () => startOriginProcess({ files: { "/bench.bin": { seed: 1, size } }, faults });
  const floor = (size / MiB / (slowFirst ? 56.8 : 64)).toFixed(2);
  const title = `${name}: ${size / MiB} MiB, ${what}, 8 connections; aria2c -x8 -s8, with and without -k1M
  (${floor} s are the least these eight connections need)`;
  // without -k1M aria2 waits for the slow connection: too long for a quick look
  const peers = slowFirst && !quick ? [aria2(), aria2("-k1M")] : [aria2("-k1M")];
  const contestants = [civikit, ...peers];
  const measured = await race({ title, contestants, folder: target, sha256, connections: 8, runs, warmUp, origin });
  for (const peer of peers) compare(name, `${size / MiB} MiB, ${what}, throughput`, measured, peer.name, least);
}

async function link(): Promise<void> {
  if (!hasNginx) return noNginx("link");
  const size = quick ? 4 * MiB : 32 * MiB;
  const { name, sha256 } = await makeFile(size);
  let line: Link;
  try {
    line = await openLink(shelf);
  } catch (error) {
    return say(`\nlink: skipped, needs Linux, root, ip and TUN or netem (${(error as Error).message})`);
  }
  await using _ = line;
  const url = `${line.url}/${name}`;
  const prefix = line.prefix;
  const origin = () => Promise.resolve({ url, [Symbol.asyncDispose]: () => Promise.resolve() });
  for (const connections of [4, 8]) {
    const what = `${size / MiB} MiB, 40 ms and 0.5 % loss, ${connections} connections`;
    const title = `link: ${what}, nginx; aria2c -x${connections} -s${connections} -k1M; ${line.kind}`;
    const contestants = [civikit, aria2("-k1M")];
    const options = { title, contestants, folder: target, sha256, connections, runs, origin, prefix, warmUp: false };
    compare("link", `${what}, throughput`, await race(options), "aria2 -k1M", 1);
  }
}

async function memory(): Promise<void> {
  if (!hasNginx) return noNginx("memory");
  const sizes = quick ? [GiB / 8, GiB / 4] : [GiB, 4 * GiB];
  const peaks = new Map<number, number[]>([[4, []], [8, []]]);
  for (const size of sizes) {
    const { name, sha256 } = await makeFile(size, true);
    // slow enough for each connection that all of them are opened
    await withNginx(name, 64 * MiB, async (origin) => {
      for (const [connections, found] of peaks) {
        const title = `memory: ${size / MiB} MiB to a file, ${connections} connections of 64 MiB/s`;
        const measured = await race({
          ...{ title, contestants: [civikit], folder: target, sha256, connections, origin },
          ...{ runs: Math.min(runs, 3), warmUp: false },
        });
        const { memoryBytes } = measured.get("civikit")!;
        if (memoryBytes.length === 0) return say("  skipped, this system does not tell (no /proc)");
        const peak = Math.max(...memoryBytes);
        found.push(peak);
        const result = `${(peak / MiB).toFixed(0)} MiB`;
        const what = `resident memory at ${size / GiB} GiB, ${connections} connections, most of ${memoryBytes.length}`;
        rows.push({ name: "memory", what, target: "<= 130 MiB", result, reached: peak <= 130 * MiB });
      }
    });
    await Deno.remove(`${shelf}/${name}`);
  }
  for (const [connections, [small, big]] of peaks) {
    if (small === undefined || big === undefined) continue;
    const change = big / small - 1;
    const result = `${(change * 100).toFixed(1)} %`;
    const what = `growth of it with the file, ${connections} connections`;
    rows.push({ name: "memory", what, target: "<= 10 %", result, reached: change <= 0.1 });
  }
}

const work: Record<string, () => Promise<void>> = {
  loopback,
  capped,
  strict: () => paced("strict", "8 MiB/s per connection, no burst", false, 1),
  slow: () => paced("slow", "8 MiB/s per connection, the first one 0.8", true, 1.3),
  link,
  memory,
};

async function cleanUp(): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
}

Deno.addSignalListener("SIGINT", async () => {
  await cleanUp();
  Deno.exit(130);
});

try {
  await Deno.mkdir(shelf);
  await Deno.mkdir(target);
  say(
    `folder ${folder}, ${
      quick ? "one run each" : `medians of ${runs} runs each after a warm-up`
    }, in turns; ${await run(["uname", "-sr"])}`,
  );
  for (const name of names) if (only.includes(name)) await work[name]?.();
} finally {
  await cleanUp();
}
say("");
args.print(rows);
