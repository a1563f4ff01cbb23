/**
 * What size does to the stores:
 *
 *     deno run -A tests/bench/cache_scale_bench.ts [memory|sqlite]
 *
 * Lookups among 1,000 and 100,000 entries (median, body included); the longest time anything stalls while every new entry
 * pushes out old ones; and how far resident memory grows above the limit.
 */
import { type CacheStore, memoryStore, sqliteStore, type StoredHead } from "../../cache/mod.ts";

const which = Deno.args[0] ?? "both";
const mib = 1024 * 1024;
const url = (n: number) => `https://civitai.com/api/v1/model-versions/${n}?nsfw=true`;
const body = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(1000) }));
const head: StoredHead = {
  status: 200,
  statusText: "OK",
  headers: [
    ["cache-control", "public, s-maxage=300, stale-while-revalidate=150"],
    ["content-type", "application/json; charset=utf-8"],
    ["date", "Sun, 01 Mar 2026 12:00:00 GMT"],
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

/** Median time of a lookup with its body, in microseconds, over rounds of random keys. */
async function lookup(store: CacheStore, entries: number): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < 31; round++) {
    const keys = Array.from({ length: 1000 }, () => ({ url: url(Math.floor(Math.random() * entries)), partition: "" }));
    const start = performance.now();
    for (const key of keys) {
      const [entry] = await store.get(key);
      if (!entry || !await store.body(entry)) throw new Error(`lost ${key.url}`);
    }
    rounds.push(performance.now() - start);
    await pause();
  }
  return rounds.sort((a, b) => a - b)[15]!;
}

/** The longest stalls, in milliseconds, of a call or of the event loop, while `count` new entries push out old ones. */
async function stalls(store: CacheStore, first: number, count: number, pieces: number): Promise<number[]> {
  const all: number[] = [];
  let start = performance.now();
  const lap = () => {
    all.push(performance.now() - start);
    start = performance.now();
  };
  for (let n = 0; n < count; n++) {
    const writer = store.open({ url: url(first + n), partition: "" }, head, []);
    for (let piece = 0; piece < pieces; piece++) {
      const bytes = pieces === 1 ? body.slice() : new Uint8Array(64 * 1024).fill(piece);
      start = performance.now();
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

async function measure(name: string, make: (maxBytes: number) => CacheStore): Promise<void> {
  const small = make(1024 * mib);
  await fill(small, 0, 1000);
  const few = await lookup(small, 1000);
  await fill(small, 1000, 100_000);
  const many = await lookup(small, 100_000);
  console.log(
    `${name}: lookup among 1,000 entries ${few.toFixed(2)} us, among 100,000 ${many.toFixed(2)} us, x${
      (many / few).toFixed(2)
    }`,
  );
  small.close();

  const before = Deno.memoryUsage().rss / mib;
  const full = make(50 * mib);
  await fill(full, 0, 100_000);
  const { entries, bytes } = await full.stats();
  const after = Deno.memoryUsage().rss / mib;
  console.log(
    `${name}: limit 50 MiB, holds ${entries} entries, ${(bytes / mib).toFixed(1)} MiB; resident memory +${
      (after - before).toFixed(0)
    } MiB`,
  );
  const one = await stalls(full, 200_000, 3000, 1);
  console.log(
    `${name}: eviction, small entries: longest stalls ${
      one.slice(0, 3).map((ms) => ms.toFixed(2)).join(", ")
    } ms of 3000`,
  );
  const large = await stalls(full, 300_000, 100, 32);
  console.log(
    `${name}: eviction, entries of 2 MiB: longest stalls ${
      large.slice(0, 3).map((ms) => ms.toFixed(2)).join(", ")
    } ms of 100`,
  );
  full.close();
}

if (which !== "memory") {
  const folder = await Deno.makeTempDir();
  let n = 0;
  await measure("sqlite", (maxBytes) => sqliteStore(`${folder}/${n++}.sqlite`, { maxBytes }));
  await Deno.remove(folder, { recursive: true });
}
if (which !== "sqlite") await measure("memory", (maxBytes) => memoryStore({ maxBytes }));
