// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * What size does to the stores:
 *
 *     deno run -A tests/bench/cache_scale_bench.ts [memory|sqlite]
 *
 * Lookups among 1,000 and 100,000 entries (median, body included); the longest time anything stalls while every new entry
 * pushes out old ones; and how far resident memory grows above the limit.
 */
import process from "node:process";
import { type CacheStore, httpCache, memoryStore, sqliteStore, type StoredHead } from "../../cache/mod.ts";
import { compose } from "../../transport/mod.ts";

const which = Deno.args[0] ?? "both";
const mib = 1024 * 1024;
const url = (n: number) => `https://civitai.com/api/v1/model-versions/${n}?nsfw=true`;
const body = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(1000) }));
const head: StoredHead = {
  status: 200,
  statusText: "OK",
  headers: [
    ["cache-control", "public, max-age=86400, stale-while-revalidate=150"],
    ["content-type", "application/json; charset=utf-8"],
    ["date", new Date().toUTCString()],
    ["etag", '"0123456789abcdef"'],
    ["cf-cache-status", "HIT"],
    ["cf-ray", "8f2b5f0a1c2d3e4f-TPE"],
  ],
  vary: [["accept-encoding", null]],
  requestMs: Date.now(),
  responseMs: Date.now(),
};

async function put(store: CacheStore, n: number): Promise<void> {
  const writer = store.open(
    { url: url(n), partition: "" },
    { ...head, headers: head.headers.map(([a, b]) => [a, b]) },
    [],
  );
  await writer.write(body.slice());
  await writer.commit();
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

async function fill(store: CacheStore, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    await put(store, n);
    if (n % 200 === 0) await store.stats();
  }
  await pause();
  await store.stats();
}

/** Median times, in microseconds, over rounds of random keys: of a lookup with its body, and of a whole hit with its text. */
async function lookup(store: CacheStore, entries: number): Promise<[lookup: number, hit: number]> {
  const client = compose({ fetch: () => Promise.reject(new Error("a miss")) }, httpCache({ store }));
  const rounds: [number[], number[]] = [[], []];
  for (let round = 0; round < 31; round++) {
    const urls = Array.from({ length: 1000 }, () => url(Math.floor(Math.random() * entries)));
    const start = performance.now();
    for (const url of urls) {
      const [entry] = await store.get({ url, partition: "" });
      if (!entry || !await store.body(entry)) throw new Error(`lost ${url}`);
    }
    const between = performance.now();
    for (const url of urls) await (await client.fetch(new Request(url))).text();
    rounds[0].push(between - start);
    rounds[1].push(performance.now() - between);
    await pause();
  }
  return rounds.map((list) => list.sort((a, b) => a - b)[15]!) as [number, number];
}

/**
 * The longest stalls, in milliseconds, of a call or of the event loop, while `count` new entries push out old ones. Of wall
 * and processor time the smaller counts: what other programs take from this one is not its doing.
 */
async function stalls(store: CacheStore, first: number, count: number, pieces: number): Promise<number[]> {
  const all: number[] = [];
  let start = performance.now();
  let used = process.cpuUsage();
  const lap = () => {
    const { user, system } = process.cpuUsage(used);
    all.push(Math.min(performance.now() - start, (user + system) / 1000));
    start = performance.now();
    used = process.cpuUsage();
  };
  for (let n = 0; n < count; n++) {
    const writer = store.open({ url: url(first + n), partition: "" }, head, []);
    for (let piece = 0; piece < pieces; piece++) {
      const bytes = pieces === 1 ? body.slice() : new Uint8Array(64 * 1024).fill(piece);
      start = performance.now();
      used = process.cpuUsage();
      await writer.write(bytes);
      lap();
      await pause();
      lap();
    }
    await writer.commit();
    lap();
    await pause();
    lap();
  }
  return all.sort((a, b) => b - a);
}

type Make = (maxBytes: number) => CacheStore;

async function measureEviction(name: string, make: Make): Promise<void> {
  const before = Deno.memoryUsage().rss / mib;
  const full = make(50 * mib);
  await fill(full, 0, 100_000);
  const { entries, bytes } = await full.stats();
  const more = (Deno.memoryUsage().rss / mib - before).toFixed(0);
  console.log(
    `${name}: limit 50 MiB, holds ${entries} entries, ${(bytes / mib).toFixed(1)} MiB; resident memory +${more} MiB`,
  );
  const longest = (all: number[]) => all.slice(0, 3).map((ms) => ms.toFixed(2)).join(", ");
  console.log(
    `${name}: eviction, small entries: longest stalls ${longest(await stalls(full, 200_000, 3000, 1))} ms of 6000`,
  );
  console.log(
    `${name}: eviction, 2 MiB entries: longest stalls ${longest(await stalls(full, 300_000, 100, 32))} ms of 6600`,
  );
  full.close();
}

async function measureLookup(name: string, make: Make): Promise<void> {
  const store = make(1024 * mib);
  await fill(store, 0, 1000);
  const few = await lookup(store, 1000);
  await fill(store, 1000, 100_000);
  const many = await lookup(store, 100_000);
  for (const [index, what] of ["lookup", "whole hit"].entries()) {
    const [a, b] = [few[index]!, many[index]!];
    console.log(
      `${name}: ${what} among 1,000 entries ${a.toFixed(2)} us, among 100,000 ${b.toFixed(2)} us, x${
        (b / a).toFixed(2)
      }`,
    );
  }
  store.close();
}

async function measure(name: string, make: Make): Promise<void> {
  await measureEviction(name, make);
  await measureLookup(name, make);
}

if (which !== "memory") {
  const folder = await Deno.makeTempDir();
  let n = 0;
  await measure("sqlite", (maxBytes) => sqliteStore(`${folder}/${n++}.sqlite`, { maxBytes }));
  await Deno.remove(folder, { recursive: true });
}
if (which !== "sqlite") await measure("memory", (maxBytes) => memoryStore({ maxBytes }));
