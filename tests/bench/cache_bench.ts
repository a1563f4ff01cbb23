/**
 * What a hit and a miss cost, beside undici's cache interceptor, in one run:
 *
 *     deno task bench:cache [--seconds 1] [--quick] [--priority] [--json]        seconds for each series
 *
 * A hit is a 2 KB JSON answer, from the call to the last byte of its text. The candidates take turns in short slices, so
 * that whatever else the machine does meets all of them; the medians of the slices are printed.
 */
import { Agent, cacheStores, fetch as undiciFetch, interceptors, request as undiciRequest } from "npm:undici@7.30.0";
import { httpCache, memoryStore, sqliteStore } from "../../cache/mod.ts";
import { compose, fetchTransport } from "../../transport/mod.ts";
import { benchArgs, median, type Row, say } from "./_bench.ts";

const args = await benchArgs("cache_bench.ts", ["seconds"]);
const seconds = args.number("seconds", args.isQuick ? 0.1 : 1, false);
const slices = args.isQuick ? 10 : 40;
const rows: Row[] = [];

/** An origin in a thread of its own. */
async function startOrigin(): Promise<{ base: string; stop: () => void }> {
  const source = `
    const body = JSON.stringify({ items: Array.from({ length: 20 }, (_, id) => ({ id, name: "model " + id, text: "x".repeat(64) })) });
    const headers = { "content-type": "application/json", "cache-control": "public, max-age=3600", etag: '"abc"', vary: "accept-encoding" };
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => postMessage(port) }, () => new Response(body, { headers }));
  `;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const port = await new Promise<number>((resolve) => worker.onmessage = (event) => resolve(event.data));
  return { base: `http://127.0.0.1:${port}`, stop: () => worker.terminate() };
}

type Call = () => Promise<unknown>;

async function slice(call: Call, times: number): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < times; n++) await call();
  return (performance.now() - start) * 1000 / times;
}

/** Runs the calls in turns; returns the median of each in microseconds. */
async function race(calls: Record<string, Call>): Promise<Record<string, number>> {
  const results: Record<string, number[]> = {};
  const times: Record<string, number> = {};
  for (const [name, call] of Object.entries(calls)) {
    await slice(call, args.isQuick ? 20 : 200);
    times[name] = Math.max(10, Math.round(seconds * 1e6 / slices / await slice(call, args.isQuick ? 50 : 500)));
    results[name] = [];
  }
  for (let n = 0; n < slices; n++) {
    for (const [name, call] of Object.entries(calls)) results[name]!.push(await slice(call, times[name]!));
  }
  return Object.fromEntries(Object.entries(results).map(([name, list]) => [name, median(list)]));
}

function print(title: string, medians: Record<string, number>, base: string): void {
  say(`\n${title}`);
  for (const [name, us] of Object.entries(medians)) {
    say(`  ${name.padEnd(34)} ${us.toFixed(1).padStart(8)} us  x${(us / medians[base]!).toFixed(3)}`);
  }
}

/** Adds a row about two of the medians, which is to be below `aim`. */
function compare(name: string, medians: Record<string, number>, one: string, other: string, aim: number): void {
  const ratio = medians[one]! / medians[other]!;
  rows.push({
    name,
    what: `time of ${one} / ${other}`,
    target: `< ${aim}x`,
    result: `${ratio.toFixed(3)}x (${medians[one]!.toFixed(1)} us)`,
    reached: ratio < aim,
  });
}

const origin = await startOrigin();
const folder = await Deno.makeTempDir();
try {
  const url = `${origin.base}/api/v1/models/1`;
  const network = fetchTransport();
  const memory = memoryStore();
  const sqlite = sqliteStore(`${folder}/ours.sqlite`);
  const ours = (store: typeof memory, headers?: Record<string, string>): Call => {
    const client = compose(network, httpCache({ store }));
    const init = headers && { headers };
    return async () => await (await client.fetch(new Request(url, init))).text();
  };
  const keyed = { accept: "application/json", "user-agent": "bench", authorization: "Bearer 0123456789abcdef" };
  const theirs = (store: unknown, call: "fetch" | "request"): Call => {
    // deno-lint-ignore no-explicit-any
    const dispatcher = new Agent().compose(interceptors.cache({ store: store as any }));
    return call === "fetch"
      ? async () => await (await undiciFetch(url, { dispatcher })).text()
      : async () => await (await undiciRequest(url, { dispatcher })).body.text();
  };
  const { MemoryCacheStore, SqliteCacheStore } = cacheStores;
  const hits = await race({
    "undici request, memory": theirs(new MemoryCacheStore(), "request"),
    "undici fetch, memory": theirs(new MemoryCacheStore(), "fetch"),
    "civikit, memory": ours(memory),
    "civikit, memory, with a key": ours(memory, keyed),
    "undici request, sqlite": theirs(new SqliteCacheStore({ location: `${folder}/theirs.sqlite` }), "request"),
    "undici fetch, sqlite": theirs(new SqliteCacheStore({ location: `${folder}/theirs2.sqlite` }), "fetch"),
    "civikit, sqlite": ours(sqlite),
  });
  print("a hit, against undici request with its memory store", hits, "undici request, memory");
  compare("hit", hits, "civikit, memory", "undici request, memory", 1);
  compare("hit", hits, "civikit, sqlite", "undici request, sqlite", 1);

  let n = 0;
  const missing = (store: typeof memory): Call => {
    const client = compose(network, httpCache({ store }));
    return async () => await (await client.fetch(new Request(`${origin.base}/${++n}`))).text();
  };
  const misses = await race({
    "fetch": async () => await (await fetch(new Request(`${origin.base}/${++n}`))).text(),
    "fetchTransport": async () => await (await network.fetch(new Request(`${origin.base}/${++n}`))).text(),
    "fetchTransport, httpCache, memory": missing(memory),
    "fetchTransport, httpCache, sqlite": missing(sqlite),
  });
  print("a miss, against bare fetch", misses, "fetch");
  compare("miss", misses, "fetchTransport, httpCache, memory", "fetch", 1.15);
  compare("miss", misses, "fetchTransport, httpCache, sqlite", "fetch", 1.25);
  sqlite.close();
} finally {
  origin.stop();
  await Deno.remove(folder, { recursive: true });
}
say("");
args.print(rows);
Deno.exit(0);
