// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * The diagnostic server under load, in a process of its own with 24 hours in its store: 500 streams of events and 200
 * requests a second on `/metrics` and `/`. Prints errors, memory and first paint.
 *
 *     deno task bench:serve [--seconds 30] [--streams 500] [--quick] [--priority] [--json]
 *
 * @module
 */
import { diagnostics, metricsRegistry, recorder, statsStore } from "../../monitor/mod.ts";
import { fakeClock } from "../_support/clock.ts";
import { findChromium, startChromium } from "../_support/chromium.ts";
import { randomFrom } from "../_origin/mod.ts";
import { traffic } from "../monitor/server/_stage.ts";
import { benchArgs, median, type Row, script } from "./_bench.ts";

const MiB = 1024 * 1024;

/** A day of numbers in a file. */
async function writeDay(path: string): Promise<void> {
  const clock = fakeClock(Date.now() - 24 * 3_600_000);
  const registry = metricsRegistry({ clock });
  const random = randomFrom(1);
  using store = statsStore(path, { clock });
  using keeping = recorder({ registry, store, everyMs: 3_600_000 });
  for (let minute = 0; minute < 24 * 60; minute++) {
    for (let i = 0; i < 6; i++) traffic(registry, random, 1);
    await clock.advance(60_000);
    keeping.flush();
  }
}

/** The server: prints its port, then resident memory for each line it is sent; an event every 50 ms. */
async function server(path: string): Promise<void> {
  const registry = metricsRegistry();
  const random = randomFrom(2);
  using store = statsStore(path);
  using app = diagnostics({ registry, store, memoryLimitBytes: 8 * 1024 * MiB });
  const serving = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
  console.log(serving.addr.port);
  const timer = setInterval(() => {
    registry.event({ type: "resolve", url: "https://civitai.com/api/download/models/5" }, "call");
    traffic(registry, random, 0.2);
  }, 50);
  for await (const _ of Deno.stdin.readable) console.log(Deno.memoryUsage().rss, app.eventClients);
  clearInterval(timer);
  app.close();
  await serving.shutdown();
}

async function firstPaint(url: string): Promise<number> {
  await using page = await startChromium();
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    await page.open(url);
    await page.until("performance.getEntriesByName('first-contentful-paint').length > 0");
    times.push(await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
  }
  return median(times.slice(1));
}

async function bench(seconds: number, count: number): Promise<Row[]> {
  const folder = await Deno.makeTempDir({ prefix: "civikit_bench_" });
  await writeDay(`${folder}/stats.sqlite`);
  const [program, ...args] = await script("serve.ts", "--server", `${folder}/stats.sqlite`);
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = child.stdin.getWriter();
  const line = async () => (await reader.read()).value?.trim() ?? "";
  const memory = async () => {
    await writer.write(new Uint8Array([10]));
    return (await line()).split(" ").map(Number) as [number, number];
  };
  const url = `http://127.0.0.1:${await line()}`;
  const paint = findChromium() === undefined ? undefined : await firstPaint(`${url}/?span=day`);
  const [idle] = await memory();

  let errors = 0;
  let answers = 0;
  let events = 0;
  let most = idle;
  let clients = 0;
  let isOver = false;
  const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  const streams = Array.from({ length: count }, async () => {
    const { body, ok } = await fetch(`${url}/events`);
    const stream = body!.getReader();
    readers.push(stream);
    if (!ok) errors++;
    for (;;) {
      const { value, done } = await stream.read();
      if (done) break;
      events += value.length;
    }
    if (!isOver) errors++;
  });
  const durations: number[] = [];
  const ask = async (path: string) => {
    const started = performance.now();
    try {
      const response = await fetch(url + path);
      await response.arrayBuffer();
      if (!response.ok) errors++;
      answers++;
      durations.push(performance.now() - started);
    } catch {
      errors++;
    }
  };
  const asked: Promise<void>[] = [];
  const start = performance.now();
  const perMs = 200 / 1000;
  for (let passed = 0; passed < seconds * 1000; passed = performance.now() - start) {
    while (asked.length < passed * perMs) asked.push(ask(asked.length % 2 === 0 ? "/metrics" : "/"));
    const [rss, open] = await memory();
    most = Math.max(most, rss);
    clients = Math.max(clients, open);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await Promise.all(asked);
  isOver = true;
  await Promise.all(readers.map((stream) => stream.cancel()));
  await Promise.all(streams);
  await writer.close();
  await child.status;
  await reader.cancel();
  await Deno.remove(folder, { recursive: true });

  const grown = (most - idle) / MiB;
  const p99 = durations.toSorted((a, b) => a - b)[Math.floor(durations.length * 0.99)] ?? 0;
  const load = `${clients} streams, ${answers} answers in ${seconds} s`;
  return [
    {
      ...{ name: "paint", what: "first paint, 24 h of data", target: "<= 200 ms" },
      result: paint === undefined ? "no browser" : `${paint.toFixed(0)} ms`,
      reached: paint === undefined ? undefined : paint <= 200,
    },
    {
      ...{ name: "errors", what: load, target: "no error" },
      result: `${errors} errors, p99 ${p99.toFixed(0)} ms, ${(events / MiB).toFixed(0)} MiB of events`,
      reached: errors === 0 && clients === count,
    },
    {
      ...{ name: "memory", what: "resident memory above idle", target: "<= 100 MiB" },
      result: `${grown.toFixed(0)} MiB (idle ${(idle / MiB).toFixed(0)} MiB)`,
      reached: grown <= 100,
    },
  ];
}

if (import.meta.main) {
  const [mode, path] = Deno.args;
  if (mode === "--server") await server(path!);
  else {
    const args = await benchArgs("serve.ts", ["seconds", "streams"]);
    const seconds = args.number("seconds", args.isQuick ? 2 : 30);
    args.print(await bench(seconds, args.number("streams", args.isQuick ? 50 : 500)));
  }
}
