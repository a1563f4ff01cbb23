/**
 * What size does to the stores:
 *
 *     deno task bench:cache_scale [--store memory|sqlite] [--quick] [--priority] [--json]
 *
 * Lookups among 1,000 and 100,000 entries (median, body included); the longest time anything stalls while every new entry
 * pushes out old ones; and how far resident memory grows above the limit.
 */
import process from "node:process";
import { type CacheStore, httpCache, memoryStore, sqliteStore, type StoredHead } from "../../cache/mod.ts";
import { compose } from "../../transport/mod.ts";
import { benchArgs, median, type Row, say } from "./_bench.ts";

const args = await benchArgs("cache_scale_bench.ts", ["store"]);
const which = args.text("store", "both");
const few = 1000;
const many = args.isQuick ? 5000 : 100_000;
const rounds = args.isQuick ? 3 : 31;
const mib = 1024 * 1024;
const rows: Row[] = [];
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

async function put(store: CacheStore, n: number, isKept: boolean): Promise<void> {
  const writer = store.open(
    { url: url(n), partition: "" },
    { ...head, headers: head.headers.map(([a, b]) => [a, b]) },
    [],
  );
  await writer.write(body.slice());
  if (isKept) await writer.commit();
  else writer.abort();
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

async function fill(store: CacheStore, from: number, to: number, isKept = true): Promise<void> {
  for (let n = from; n < to; n++) {
    await put(store, n, isKept);
    if (n % 200 === 0) await store.stats();
  }
  await pause();
  await store.stats();
}

/** Median times, in microseconds, over rounds of random keys: of a lookup with its body, and of a whole hit with its text. */
async function lookup(store: CacheStore, entries: number): Promise<[lookup: number, hit: number]> {
  const client = compose({ fetch: () => Promise.reject(new Error("a miss")) }, httpCache({ store }));
  const series: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const urls = Array.from({ length: 1000 }, () => url(Math.floor(Math.random() * entries)));
    const start = performance.now();
    for (const url of urls) {
      const [entry] = await store.get({ url, partition: "" });
      if (!entry || !await store.body(entry)) throw new Error(`lost ${url}`);
    }
    const between = performance.now();
    for (const url of urls) await (await client.fetch(new Request(url))).text();
    series[0].push(between - start);
    series[1].push(performance.now() - between);
    await pause();
  }
  return series.map(median) as [number, number];
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
  const limitMib = many / 2000;
  const full = make(limitMib * mib);
  // what it takes to make entries, wherever they go, is not the store's doing
  await fill(full, 0, many, false);
  const before = Deno.memoryUsage().rss / mib;
  await fill(full, 0, many);
  const { entries, bytes } = await full.stats();
  const more = (Deno.memoryUsage().rss / mib - before).toFixed(0);
  if (name === "memory") {
    const over = Number(more) - limitMib;
    rows.push({
      name,
      what: `resident memory over a limit of ${limitMib} MiB`,
      target: "<= 30 MiB",
      result: `${over} MiB`,
      reached: args.isQuick ? undefined : over <= 30,
    });
  }
  say(
    `${name}: limit ${limitMib} MiB, holds ${entries} entries, ${(bytes / mib).toFixed(1)} MiB; resident +${more} MiB`,
  );
  const longest = async (what: string, all: Promise<number[]>) => {
    const [first = 0, ...others] = (await all).slice(0, 3);
    say(`${name}: eviction, ${what}: longest stalls ${[first, ...others].map((ms) => ms.toFixed(2)).join(", ")} ms`);
    rows.push({
      name,
      what: `longest stall while ${what} push out old ones`,
      target: "-",
      result: `${first.toFixed(2)} ms`,
      reached: undefined,
    });
  };
  await longest("small entries", stalls(full, 2 * many, args.isQuick ? 100 : 3000, 1));
  await longest("2 MiB entries", stalls(full, 3 * many, args.isQuick ? 5 : 100, 32));
  full.close();
}

async function measureLookup(name: string, make: Make): Promise<void> {
  const store = make(1024 * mib);
  await fill(store, 0, few);
  const small = await lookup(store, few);
  await fill(store, few, many);
  const large = await lookup(store, many);
  for (const [index, what] of ["lookup", "whole hit"].entries()) {
    const [a, b] = [small[index]!, large[index]!];
    rows.push({
      name,
      what: `${what} among ${many} entries / among ${few}`,
      target: "-",
      result: `${(b / a).toFixed(2)}x (${b.toFixed(2)} us)`,
      reached: undefined,
    });
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
args.print(rows);
