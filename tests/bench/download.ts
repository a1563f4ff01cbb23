/**
 * Downloads side by side: civikit against aria2, curl with openssl, and a bare loop, in turns, with medians and ratios.
 *
 *     deno task bench:download [--runs 7] [--only loopback,slow] [--quick] [--memory DIR] [--disk DIR] [--priority] [--json]
 *
 * Rows: `loopback` (1 GiB as fast as it goes, into memory), `disk` (the same to the disk, all syncing), `short` (20 MB),
 * `relay` (TLS, 100 MB/s for all connections together), `capped` (nginx, 8 MiB/s for each request), `strict` (the same
 * without nginx's burst), `slow` (one connection ten times slower), `link` (40 ms round trip, 0.5 % loss), `memory` (1 and 20
 * GiB). `--quick` takes small files and one run each: to see that everything works, not to quote.
 *
 * @module
 */
import { hasNginx } from "../_support/nginx.ts";
import { hasOpenssl } from "../_tls/mod.ts";
import { benchArgs, median, type Row, run, say, script } from "./_bench.ts";
import { type Link, openLink } from "./_link.ts";
import { pairedRatio, ratioText } from "./_meter.ts";
import {
  aria2,
  aria2Verified,
  bareLoop,
  bareLoopAndHash,
  bareLoopAndLook,
  civikit,
  civikitBundled,
  compare,
  curlAndHash,
  race,
  type RaceOptions,
  startOriginProcess,
} from "./_race.ts";
import { GiB, MiB, openShelf, type Served, type ShelfFile, staying } from "./_shelf.ts";

const names = ["loopback", "disk", "short", "relay", "capped", "strict", "slow", "link", "memory"];
const args = await benchArgs("download.ts", ["runs", "only", "memory", "disk"]);
const quick = args.isQuick;
const runs = args.number("runs", quick ? 1 : 7);
const only = args.text("only", names.join()).split(",");
for (const name of only) if (!names.includes(name)) throw new RangeError(`--only ${name}: not one of ${names}`);

const rows: Row[] = [];
const places = {
  memoryFolder: args.text("memory", "/dev/shm"),
  ...(args.text("disk", "") === "" ? {} : { diskFolder: args.text("disk", "") }),
};
await using shelf = await openShelf(places);
const { disk, memory: inMemory } = shelf;
/** What a download in this runtime takes at least, by what it promises. */
const bounds = [bareLoop, bareLoopAndHash, bareLoopAndLook];
const shared = { connections: 8, runs, warmUp: !quick };

type ServeOptions = Parameters<typeof shelf.serve>[1];

/** One nginx for a whole row, where there is one. */
async function served(
  name: string,
  bytes: number,
  options: ServeOptions,
  body: (served: Served, file: ShelfFile) => Promise<void>,
  zeros = false,
): Promise<void> {
  if (!hasNginx) return say(`\n${name}: skipped, nginx is not installed`);
  const file = await shelf.makeFile(bytes, zeros);
  await shelf.serve(file, options, (origin) => body(origin, file));
}

async function loopback(): Promise<void> {
  const size = quick ? 32 * MiB : GiB;
  const what = `${size / MiB} MiB over loopback`;
  await served("loopback", size, {}, async ({ origin }, { sha256 }) => {
    const bundled = await civikitBundled(disk);
    const contestants = [civikit, bundled, ...[aria2Verified(), aria2(), curlAndHash], ...bounds];
    const title = `loopback: ${what} into ${inMemory}, nginx; aria2c -x8 -s8 --file-allocation=none`;
    const options = { ...shared, title, contestants, folder: inMemory, groundBytes: size, sha256, origin };
    const measured = await race(options);
    rows.push(
      ...[civikit.name, bundled.name].flatMap((own) => [
        ...compare("loopback", what, measured, "aria2 --checksum", { least: 1.9, own }),
        ...compare("loopback", what, measured, "aria2", { least: 1, own }),
        ...compare("loopback", what, measured, "curl+openssl", { least: 1.3, own }),
        ...compare("loopback", what, measured, bareLoopAndLook.name, { isShown: true, own }),
      ]),
      ...compare("loopback", what, measured, "bare loop", { most: 1.5 }),
      ...["aria2 --checksum", "aria2"].flatMap((peer) =>
        compare("loopback", what, measured, peer, { isThroughput: true, own: bareLoopAndLook.name })
      ),
    );
    const [own, bare] = [measured.get("civikit")!, measured.get("bare loop")!];
    const result = ratioText(pairedRatio(own.insideMs, bare.insideMs));
    const inside = `${what}, time inside the process vs bare loop`;
    rows.push({ name: "loopback", what: inside, target: "-", result, reached: undefined });
  });
}

async function onDisk(): Promise<void> {
  const size = quick ? 32 * MiB : GiB;
  const what = `${size / MiB} MiB to the disk, all syncing`;
  await served("disk", size, {}, async ({ origin }, { sha256 }) => {
    const title = `disk: ${what}, ${disk}; sync FILE after the peers`;
    const contestants = [civikit, aria2(), aria2Verified()];
    const measured = await race({ ...shared, title, contestants, folder: disk, sha256, origin, isSynced: true });
    rows.push(
      ...compare("disk", what, measured, "aria2", { most: 1.05 }),
      ...compare("disk", what, measured, "aria2 --checksum", { isShown: true }),
    );
  });
}

/** What starting and ending costs beside a file that is soon there. */
async function short(): Promise<void> {
  const what = "20 MB, whole process";
  await served("short", 20_000_000, {}, async ({ origin }, { sha256 }) => {
    const bundled = await civikitBundled(disk);
    const contestants = [civikit, bundled, aria2Verified(), curlAndHash];
    const options = { ...shared, contestants, folder: inMemory, groundBytes: 20_000_000, sha256, origin };
    const measured = await race({ ...options, title: `short: ${what}` });
    for (const { name } of [civikit, bundled]) {
      const { ms, cpuMs, ddMs } = measured.get(name)!;
      const [wallS, cpuS] = [ms, cpuMs].map((values) => values.length === 0 ? undefined : median(values) / 1000);
      const spent = { wallS, cpuS, ddS: ddMs.map((one) => one && one / 1000) };
      const result = `${wallS!.toFixed(3)} s`;
      const reached = Math.max(...ms) <= 300 ? true : Math.min(...ms) > 300 ? false : "undecided";
      rows.push({ name: "short", what: `${what}, ${name}`, target: "<= 0.3 s", result, reached, ...spent });
    }
    rows.push(...compare("short", what, measured, "aria2 --checksum", { isShown: true }));
  });
}

/** A line of a known width, as at home: what counts is what is left of the processors. */
async function relay(): Promise<void> {
  if (!hasOpenssl) return say("\nrelay: skipped, openssl is not installed");
  const size = quick ? 32 * MiB : 256 * MiB;
  const what = `${size / MiB} MiB over TLS, 100 MB/s for all connections together`;
  await served("relay", size, { isTls: true }, async ({ nginx, caFile }, { name, sha256 }) => {
    const [program, ...words] = await script("_relay_process.ts", String(nginx.port), String(100_000_000));
    const process = new Deno.Command(program, { args: words, stdin: "piped", stdout: "piped" }).spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const port = Number((await reader.read()).value);
    try {
      const origin = staying(`https://127.0.0.1:${port}/${name}`);
      const bundled = await civikitBundled(disk);
      const contestants = [civikit, bundled, aria2Verified(), aria2(), curlAndHash];
      const options = { ...shared, contestants, folder: inMemory, sha256, origin, caFile };
      const measured = await race({ ...options, title: `relay: ${what}, nginx behind a token bucket` });
      rows.push(
        ...compare("relay", what, measured, "aria2 --checksum", { mostCpu: 1.5 }),
        ...compare("relay", what, measured, "aria2 --checksum", { mostCpu: 1.5, own: bundled.name }),
        ...compare("relay", what, measured, "aria2", { isShown: true }),
      );
    } finally {
      await process.stdin.close();
      const { value } = await reader.read();
      say(`  the relay itself, all runs together: CPU ${((JSON.parse(value!).cpuMs as number) / 1000).toFixed(2)} s`);
      await reader.cancel();
      await process.status;
    }
  });
}

async function capped(): Promise<void> {
  const size = quick ? 32 * MiB : 256 * MiB;
  await served("capped", size, { limitRateBytes: 8 * MiB }, async ({ origin }, { sha256 }) => {
    const title = `capped: ${size / MiB} MiB, nginx limit_rate 8 MiB/s, 8 connections; aria2c -x8 -s8 -k1M
  (nginx counts per request and lets the first second's share through at once, which favours many short requests:
  see the row «strict»)`;
    const measured = await race({
      ...shared,
      title,
      contestants: [civikit, aria2("-k1M")],
      folder: inMemory,
      sha256,
      origin,
    });
    const what = `${size / MiB} MiB at 8 MiB/s per request (nginx)`;
    rows.push(...compare("capped", what, measured, "aria2 -k1M", { least: 1 }));
  });
}

/** The own origin holds every byte to its time, from the first on. */
async function paced(name: string, what: string, slowFirst: boolean, least: number): Promise<void> {
  const size = quick ? 32 * MiB : 256 * MiB;
  const { sha256 } = await shelf.makeFile(size);
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
  const measured = await race({ ...shared, title, contestants, folder: inMemory, sha256, origin });
  for (const peer of peers) rows.push(...compare(name, `${size / MiB} MiB, ${what}`, measured, peer.name, { least }));
}

async function link(): Promise<void> {
  if (!hasNginx) return say("\nlink: skipped, nginx is not installed");
  const size = quick ? 4 * MiB : 32 * MiB;
  const { name, sha256 } = await shelf.makeFile(size);
  let line: Link;
  try {
    line = await openLink(shelf.shelf);
  } catch (error) {
    return say(`\nlink: skipped, needs Linux, root, ip and TUN or netem (${(error as Error).message})`);
  }
  await using _ = line;
  const url = `${line.url}/${name}`;
  const prefix = line.prefix;
  const origin = staying(url);
  for (const connections of [4, 8]) {
    const what = `${size / MiB} MiB, 40 ms and 0.5 % loss, ${connections} connections`;
    const title = `link: ${what}, nginx; aria2c -x${connections} -s${connections} -k1M; ${line.kind}`;
    const contestants = [civikit, aria2("-k1M")];
    const options = { title, contestants, folder: inMemory, sha256, connections, runs, origin, prefix, warmUp: false };
    rows.push(...compare("link", what, await race(options), "aria2 -k1M", { least: 1 }));
  }
}

/** A file larger than what the page cache likes to keep, of zeros on the origin's disk and real on ours. */
async function memory(): Promise<void> {
  const sizes = quick ? [GiB / 8, GiB / 4] : [GiB, 20 * GiB];
  const contestants = [civikit, await civikitBundled(disk)];
  for (const isTls of hasOpenssl ? [false, true] : [false]) {
    const peaks = [4, 8].flatMap((connections) =>
      contestants.map((contestant) => ({ connections, contestant, found: [] as number[] }))
    );
    const over = isTls ? "over TLS, " : "";
    // slow enough for each connection that all of them are opened
    for (const size of sizes) {
      await served("memory", size, { limitRateBytes: 64 * MiB, isTls }, async ({ origin, caFile }, { sha256 }) => {
        for (const { connections, contestant, found } of peaks) {
          const peak = await peakOf(size, over, { contestants: [contestant], connections, origin, sha256, caFile });
          if (peak !== undefined) found.push(peak);
        }
      }, true);
    }
    for (const { connections, contestant: { name }, found: [small, big] } of peaks) {
      if (small === undefined || big === undefined) continue;
      const ratio = pairedRatio([big], [small]);
      const [result, reached] = [`${((ratio.middle - 1) * 100).toFixed(1)} %`, ratio.middle <= 1.1];
      const what = `growth of it with the file, ${over}${connections} connections, ${name}`;
      rows.push({ name: "memory", what, target: "<= 10 %", result, reached });
    }
  }
}

async function peakOf(
  size: number,
  over: string,
  who: Pick<RaceOptions, "contestants" | "connections" | "origin" | "sha256" | "caFile">,
): Promise<number | undefined> {
  const { connections, contestants: [contestant] } = who;
  const { name } = contestant!;
  const times = size > 4 * GiB ? 1 : Math.min(runs, 3);
  const title = `memory: ${size / MiB} MiB to a file, ${over}${connections} connections of 64 MiB/s`;
  const options = { ...who, title, folder: disk, runs: times, warmUp: false };
  const { memoryBytes, memoryAt, ms, cpuMs, ddMs } = (await race(options)).get(name)!;
  if (memoryBytes.length === 0) return void say("  skipped, this system does not tell (no /proc)");
  const peak = Math.max(...memoryBytes);
  const inMiB = (bytes: number) => `${(bytes / MiB).toFixed(0)} MiB`;
  for (const at of memoryAt!.map(Object.entries)) {
    if (at.length > 0) say(`  held at ${at.map(([gib, bytes]) => `${gib} GiB: ${inMiB(bytes)}`).join(", ")}`);
  }
  const most = connections === 4 ? 110 : 120;
  const runsText = `${connections} connections, most of ${memoryBytes.length}`;
  const what = `resident memory at ${size / GiB} GiB, ${over}${runsText}, ${name}`;
  rows.push({
    ...{ name: "memory", what, target: `<= ${most} MiB`, result: inMiB(peak), reached: peak <= most * MiB },
    ...{ wallS: median(ms) / 1000, cpuS: median(cpuMs) / 1000, ddS: ddMs.map((one) => one && one / 1000) },
  });
  return peak;
}

const work: Record<string, () => Promise<void>> = {
  loopback,
  disk: onDisk,
  short,
  relay,
  capped,
  strict: () => paced("strict", "8 MiB/s per connection, no burst", false, 1),
  slow: () => paced("slow", "8 MiB/s per connection, the first one 0.8", true, 1.3),
  link,
  memory,
};

const how = quick ? "one run each" : `medians of ${runs} runs each after a warm-up`;
say(`folders ${inMemory} and ${disk}, ${how}, in turns; ${await run(["uname", "-sr"])}`);
for (const name of names) if (only.includes(name)) await work[name]!();
say("");
args.print(rows);
