/**
 * What watching costs:
 *
 *     deno task bench:monitor [--quick] [--priority] [--json]
 *
 * 1. `metrics` around a transport that does nothing: what it adds to a request, as the difference of medians over a
 *    million requests each, taken in turns; and whether memory grows.
 * 2. A day at 100 requests a second on a fake clock: size of the store, time of a report and of a timeline.
 */
import { join } from "node:path";
import { metrics, metricsRegistry, recorder, report, statsStore } from "../../monitor/mod.ts";
import { compose, type Transport } from "../../transport/mod.ts";
import { fakeClock } from "../_support/clock.ts";
import { benchArgs, median, type Row, say } from "./_bench.ts";

const args = await benchArgs("monitor.ts");

/** A row with a bound. */
function atMost(name: string, what: string, value: number, bound: number, text: string): Row {
  return { name, what, target: `<= ${bound}`, result: text, reached: value <= bound };
}

async function slice(client: Transport, request: Request, times: number): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < times; n++) await client.fetch(request);
  return (performance.now() - start) * 1000 / times;
}

/** What is alive on the heap, where the collector may be called; else with what is not yet collected. */
function heapBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().heapUsed;
}

async function perRequest(): Promise<Row[]> {
  const slices = args.isQuick ? 50 : 1000;
  const times = 1000;
  const response = new Response(null, { headers: { "content-length": "2048" } });
  const nothing: Transport = { fetch: () => Promise.resolve(response) };
  const registry = metricsRegistry();
  const plain = compose(nothing);
  const watched = compose(nothing, metrics({ registry }));
  const request = new Request("https://civitai.com/api/v1/models/5?limit=3");
  for (const client of [plain, watched]) await slice(client, request, 20_000);
  const before = heapBytes();
  const bare: number[] = [];
  const seen: number[] = [];
  for (let n = 0; n < slices; n++) {
    bare.push(await slice(plain, request, times));
    seen.push(await slice(watched, request, times));
  }
  const grown = (heapBytes() - before - slices * 32) / 1024; // less the two lists of results
  const [without, within] = [median(bare), median(seen)];
  const more = within - without;
  say(`a request through nothing ${without.toFixed(3)} us, through metrics() ${within.toFixed(3)} us`);
  say(`heap after ${(slices * times).toLocaleString("en")} of each: ${grown.toFixed(0)} KiB more`);
  const distinct = Array.from({ length: 20_000 }, (_, n) => new Request(`https://host${n}.example/a/b/c${n}`));
  const start = performance.now();
  for (const one of distinct) await watched.fetch(one);
  const us = (performance.now() - start) * 1000 / distinct.length;
  say(`20,000 hosts and routes: ${us.toFixed(3)} us each, ${registry.snapshot().series.length} series`);
  return [atMost("request", "what metrics() adds to a request, us", more, 2, `${more.toFixed(3)} us`)];
}

/** Hosts and routes of an ordinary day, with a share of failures. */
const traffic = [
  ["https://civitai.com/api/v1/models?page=1", 200],
  ["https://civitai.com/api/v1/models/5", 200],
  ["https://civitai.com/api/v1/model-versions/7", 200],
  ["https://civitai.com/api/v1/images?cursor=1", 200],
  ["https://civitai.com/api/download/models/7", 200],
  ["https://civitai.com/api/v1/models/9", 404],
  ["https://image.civitai.com/x/y.jpeg", 200],
  ["https://image.civitai.com/x/z.jpeg", 503],
  ["https://b2.example/file.safetensors", 206],
  ["https://r2.example/file.safetensors", 206],
] as const;

async function oneDay(): Promise<Row[]> {
  const hours = args.isQuick ? 1 : 24;
  const folder = await Deno.makeTempDir();
  const clock = fakeClock("2026-03-01T00:00:00Z");
  const registry = metricsRegistry({ clock });
  const store = statsStore(join(folder, "stats.sqlite"), { clock });
  const keeping = recorder({ registry, store });
  const start = performance.now();
  let flushMs = 0;
  for (let beat = 0; beat < hours * 360; beat++) {
    for (let n = 0; n < 1000; n++) {
      const [url, status] = traffic[n % traffic.length]!;
      // a long tail around 80 ms
      const durationMs = 80 * Math.exp((Math.random() + Math.random() + Math.random() - 1.5) * 2);
      const code = status === 404 ? "not_found" : status === 503 ? "service_unavailable" : undefined;
      registry.begin();
      registry.record({ method: "GET", url, durationMs, status, bytes: 20_000, code, isAborted: false });
      if (n % 50 === 0) registry.count("queue", "civitai.com", "", 3);
    }
    registry.count("download_bytes", "", "", 50_000_000);
    const flushing = performance.now();
    await clock.advance(10_000);
    flushMs += performance.now() - flushing;
  }
  const tookMs = performance.now() - start;
  keeping.stop();
  const times: number[] = [];
  const span = { fromMs: clock.date() - 86_400_000 };
  let total = 0;
  for (let n = 0; n < 9; n++) {
    const reading = performance.now();
    total = report(store.read(span)).total_requests;
    times.push(performance.now() - reading);
  }
  const drawing = performance.now();
  const points = store.timeline(span, 5 * 60_000).length;
  const drawMs = performance.now() - drawing;
  say(`${hours} h at 100 requests/s: ${total.toLocaleString("en")} requests in ${(tookMs / 1000).toFixed(1)} s`);
  say(`timeline of ${points} points ${drawMs.toFixed(1)} ms, one flush ${(flushMs / hours / 360).toFixed(2)} ms`);
  const sizeMiB = store.sizeBytes() / 1024 ** 2;
  const reportMs = median(times);
  store.close();
  await Deno.remove(folder, { recursive: true });
  const day = `${hours} h at 100 requests/s`;
  return [
    atMost("store", `size of the store, ${day}, MiB`, sizeMiB, 20, `${sizeMiB.toFixed(1)} MiB`),
    atMost("report", `report of it, ms`, reportMs, 50, `${reportMs.toFixed(1)} ms (first ${times[0]!.toFixed(1)})`),
  ];
}

args.print([...await perRequest(), ...await oneDay()]);
