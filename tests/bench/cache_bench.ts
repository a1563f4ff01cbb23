/**
 * What a hit and a miss cost, beside undici's cache interceptor, in one run:
 *
 *     deno task bench:cache [--seconds 1] [--quick] [--priority] [--json]        seconds for each series
 *
 * A hit is a 2 KB JSON answer, from the call to the last byte of its text. The candidates take turns in short slices, so
 * that whatever else the machine does meets all of them; the medians of the slices are printed. Misses are compared round
 * by round, with an origin in another process and every contestant in one of its own; «bound» is the least that keeps the
 * same promises.
 */
import { Agent, cacheStores, fetch as undiciFetch, interceptors, request as undiciRequest } from "npm:undici@7.30.0";
import { httpCache, memoryStore, sqliteStore } from "../../cache/mod.ts";
import { compose, fetchTransport } from "../../transport/mod.ts";
import { benchArgs, median, type Row, say, script, table } from "./_bench.ts";
import { Lines } from "./_lines.ts";
import { judge, ratioText } from "./_meter.ts";
import { Contestants, overview, ratioOf } from "./_turns.ts";

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

/** Compares misses: no two calls are for the same URL. */
async function misses(): Promise<void> {
  await using server = new Lines(await script("_json_server.ts", "--cacheable"));
  const names = ["fetch", "bound, memory", "bound, sqlite", "fetchTransport", "httpCache, memory", "httpCache, sqlite"];
  await using contestants = await Contestants.start(names, "_miss_contestant.ts", await server.read());
  // turns longer than the 20 ms after which SQLite writes, and a rest: nobody pays for what another one left for later
  const turn = { batch: args.isQuick ? 20 : 400, width: 1 };
  const times = await contestants.race(turn, args.isQuick ? 4 : 40, args.isQuick ? 2 : 30, 40);
  say("\na miss, one at a time, each contestant in a process of its own, against bare fetch");
  say(table(overview(times, "fetch")));
  for (const [store, most] of [["memory", 1.15], ["sqlite", 1.25]] as const) {
    const found = ratioOf(times, `httpCache, ${store}`, "fetch");
    const least = ratioOf(times, `httpCache, ${store}`, `bound, ${store}`);
    rows.push({
      name: "miss",
      what: `time of httpCache, ${store} / fetch`,
      target: `<= ${most}x`,
      result: `${ratioText(found)}; ${least.middle.toFixed(2)}x of the bound`,
      reached: judge(found, { most }),
    });
  }
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

  await misses();
  sqlite.close();
} finally {
  origin.stop();
  await Deno.remove(folder, { recursive: true });
}
say("");
args.print(rows);
Deno.exit(0);
