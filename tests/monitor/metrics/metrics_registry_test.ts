import { assert, assertEquals, assertThrows } from "@std/assert";
import { metricsRegistry, type RequestSample, routeOf } from "../../../monitor/mod.ts";
import { fakeClock } from "../../_support/clock.ts";

const attempt = (url: string, more: Partial<Parameters<ReturnType<typeof metricsRegistry>["record"]>[0]> = {}) => ({
  ...{ method: "GET", url, durationMs: 10, status: 200, bytes: 100, code: undefined, isAborted: false },
  ...more,
});

Deno.test("routeOf() puts URLs into a small set of classes", () => {
  const classes: Record<string, string> = {
    "https://civitai.com/api/v1/models": "/api/v1/models",
    "https://civitai.com/api/v1/models?limit=5": "/api/v1/models",
    "https://civitai.com/api/v1/models/": "/api/v1/models",
    "https://civitai.com/api/v1/models/123": "/api/v1/models/:id",
    "https://civitai.com/api/v1/models/123?x=/api/v1/images": "/api/v1/models/:id",
    "https://civitai.com/api/v1/model-versions/5": "/api/v1/model-versions/:id",
    "https://civitai.com/api/v1/model-versions/by-hash/ABC": "/api/v1/model-versions/by-hash/:id",
    "https://civitai.com/api/v1/whatever-comes/5": "/api/v1/other",
    "https://civitai.com/api/download/models/5?type=Model": "/api/download/:id",
    "https://image.civitai.com/x/width=450/a": "image",
    "https://cdn.example/a/b.JPEG?x=1": "image",
    "https://b.r2.cloudflarestorage.com/f.safetensors?sig=a/b.png": "file",
    "https://civitai.com": "file",
    "https://civitai.com/": "file",
  };
  assertEquals(Object.fromEntries(Object.keys(classes).map((url) => [url, routeOf(url)])), classes);
});

Deno.test("metricsRegistry(): 10,000 hosts and 10,000 routes stay within the bounds, and no request is lost", () => {
  const registry = metricsRegistry({ route: (url) => new URL(url).pathname });
  for (let n = 0; n < 10_000; n++) {
    registry.begin();
    registry.record(attempt(`https://host${n}.example/route${n}`));
    registry.begin();
    registry.record(attempt(`https://civitai.com/other${n}`, { method: n % 2 ? "POST" : `ODD${n}` }));
    registry.count("retry", `host${n}.example`, `label${n}`);
  }
  const { series, counters, active } = registry.snapshot();
  assert(series.length <= 501, `${series.length} series`);
  assert(new Set(series.map(({ host }) => host)).size <= 101);
  assert(new Set(series.map(({ route }) => route)).size <= 65);
  assert(new Set(series.map(({ method }) => method)).size <= 3);
  assertEquals(series.reduce((sum, { requests }) => sum + requests, 0), 20_000);
  assert(counters.length <= 2001, `${counters.length} counters`);
  assertEquals(counters.reduce((sum, { count }) => sum + count, 0), 10_000);
  assertEquals(active, 0);
});

Deno.test("metricsRegistry() counts outcomes, statuses and codes apart, and keeps aborted ones out of times", () => {
  const registry = metricsRegistry({ clock: fakeClock() });
  const url = "https://civitai.com/api/v1/models/1";
  registry.record(attempt(url));
  registry.record(attempt(url, { status: 404, code: "not_found", durationMs: 20 }));
  registry.record(attempt(url, { status: 0, code: "dns_failed", bytes: 0, durationMs: 30 }));
  registry.record(attempt(url, { status: 0, isAborted: true, durationMs: 99_999 }));
  const [series] = registry.snapshot().series;
  const { requests, failed, aborted, bytes, statuses, codes, latency } = series!;
  assertEquals({ requests, failed, aborted, bytes, statuses, codes }, {
    ...{ requests: 4, failed: 2, aborted: 1, bytes: 200, statuses: { "200": 1, "404": 1 } },
    codes: { not_found: 1, dns_failed: 1 },
  });
  assertEquals([latency.count, latency.sumMs, latency.maxMs], [3, 60, 30]);
  assertEquals(registry.failures().map(({ code, status }) => [code, status]), [["not_found", 404], ["dns_failed", 0]]);
});

Deno.test("metricsRegistry() shows no secret of a URL to listeners, in failures or in events", () => {
  const registry = metricsRegistry();
  const samples: RequestSample[] = [];
  registry.onRequest((sample) => void samples.push(sample));
  registry.record(attempt("https://b2.example/f.bin?X-Amz-Signature=hush", { status: 403, code: "forbidden" }));
  const all = JSON.stringify([samples, registry.failures(), registry.events.since(0), registry.snapshot()]);
  assert(all.includes("b2.example/f.bin") && !all.includes("hush"), all);
});

Deno.test("metricsRegistry() keeps the last failures and starts anew when cleared", () => {
  const registry = metricsRegistry({ keepFailures: 5 });
  for (let n = 0; n < 23; n++) {
    registry.record(attempt(`https://a.example/${n}`, { status: 500, code: "internal_server_error" }));
  }
  assertEquals(registry.failures().map(({ target }) => target.split("/").at(-1)), ["18", "19", "20", "21", "22"]);
  assertEquals(registry.failureCount, 23);
  registry.count("retry", "", "x");
  registry.clear();
  const { series, counters } = registry.snapshot();
  assertEquals([series, counters, registry.failures(), registry.generation], [[], [], [], 1]);
  assertEquals(registry.events.since(0).events.at(-1)?.type, "cleared");
});

Deno.test("metricsRegistry(): a listener that throws breaks nothing", () => {
  const registry = metricsRegistry();
  const stop = registry.onRequest(() => {
    throw new Error("mine");
  });
  registry.record(attempt("https://a.example/"));
  stop();
  assertEquals(registry.snapshot().series[0]?.requests, 1);
});

Deno.test("metricsRegistry() counts what layers report under the host it concerns", () => {
  const registry = metricsRegistry();
  const url = "https://a.example/x";
  registry.event({ type: "retry", url, attempt: 2, delayMs: 5, code: "bad_gateway", status: 502 }, "1");
  registry.event({ type: "resume", url, receivedBytes: 7, attempt: 1, code: "connection_reset" }, "1");
  registry.event({ type: "queue", host: "a.example", waitMs: 40 }, "1");
  registry.event({ type: "queue", host: "a.example", waitMs: 2 }, "2");
  registry.event({ type: "cache", url, result: "hit" }, "1");
  registry.event({ type: "circuit", host: "a.example", state: "open" }, "1");
  registry.event({ type: "redirect", from: url, to: "https://b.example/", status: 307 }, "1");
  registry.event({ type: "download", path: "x", phase: "started", bytes: 0 }, "1");
  const seen = registry.snapshot().counters.map(({ name, host, label, count, sum }) => [name, host, label, count, sum]);
  assertEquals(seen, [
    ["retry", "a.example", "bad_gateway", 1, 0],
    ["resume", "a.example", "connection_reset", 1, 0],
    ["queue", "a.example", "", 2, 42],
    ["cache", "a.example", "hit", 1, 0],
    ["circuit", "a.example", "open", 1, 0],
    ["redirect", "a.example", "307", 1, 0],
  ]);
  assertEquals(registry.events.lastId, 8);
});

Deno.test("metricsRegistry() names options that cannot be", () => {
  assertThrows(() => metricsRegistry({ maxHosts: 0 }), RangeError, "maxHosts");
  assertThrows(() => metricsRegistry({ maxSeries: 1e6 }), RangeError, "maxSeries");
  assertThrows(() => metricsRegistry({ keepFailures: -1 }), RangeError, "keepFailures");
});
