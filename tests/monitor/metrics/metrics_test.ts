import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { classifyCivitai } from "../../../api/mod.ts";
import { metrics, metricsRegistry } from "../../../monitor/mod.ts";
import {
  compose,
  fetchTransport,
  type Middleware,
  NetworkError,
  observe,
  resumeTransport,
  retry,
  timeout,
} from "../../../transport/mod.ts";
import { fakeClock, settle } from "../../_support/clock.ts";
import { startOrigin } from "../../_origin/mod.ts";

const url = "https://civitai.com/api/v1/models/5";

Deno.test("metrics() passes the very response on, its body untouched", async () => {
  const registry = metricsRegistry();
  const made = new Response("tensors", { headers: { "content-length": "7" } });
  const body = made.body;
  const got = await compose({ fetch: () => Promise.resolve(made) }, metrics({ registry })).fetch(new Request(url));
  assertStrictEquals(got, made);
  assertStrictEquals(got.body, body);
  assert(!got.bodyUsed && !got.body!.locked);
  assertEquals(registry.snapshot().series[0]?.bytes, 7);
});

Deno.test("metrics() counts what a refusal says it is, and leaves its text to whoever reads it", async () => {
  const registry = metricsRegistry();
  const text = '{"error":"Early Access"}';
  const origin = { fetch: () => Promise.resolve(new Response(text, { status: 403 })) };
  const client = compose(origin, metrics({ registry, classify: classifyCivitai }));
  const answer = await client.fetch(new Request(url));
  assertEquals(await answer.text(), text);
  assertEquals(registry.snapshot().series[0]?.codes, { early_access: 1 });
});

Deno.test("metrics() takes the time to the headers, and counts what is under way", async () => {
  const clock = fakeClock();
  const registry = metricsRegistry({ clock });
  const { promise, resolve } = Promise.withResolvers<Response>();
  const call = compose({ fetch: () => promise }, metrics({ registry })).fetch(new Request(url));
  assertEquals(registry.snapshot().active, 1);
  await clock.advance(250);
  resolve(new Response("x"));
  await call;
  const { active, series: [series] } = registry.snapshot();
  assertEquals([active, series?.latency.sumMs, series?.latency.count], [0, 250, 1]);
});

Deno.test("metrics() takes no length of a HEAD, nor one that is no number", async () => {
  const registry = metricsRegistry();
  const origin = { fetch: () => Promise.resolve(new Response(null, { headers: { "content-length": "900" } })) };
  const client = compose(origin, metrics({ registry }));
  await client.fetch(new Request(url, { method: "HEAD" }));
  const odd = { fetch: () => Promise.resolve(new Response(null, { headers: { "content-length": "many" } })) };
  await compose(odd, metrics({ registry })).fetch(new Request(url));
  assertEquals(registry.snapshot().series.map(({ method, bytes }) => [method, bytes]), [["HEAD", 0], ["GET", 0]]);
});

Deno.test("metrics() rethrows the very error, and knows its code", async () => {
  const registry = metricsRegistry();
  const error = new NetworkError("no", { code: "dns_failed", url });
  const client = compose({ fetch: () => Promise.reject(error) }, metrics({ registry }));
  assertStrictEquals(await assertRejects(() => client.fetch(new Request(url))), error);
  const thrower: Middleware = () => {
    throw new TypeError("at once");
  };
  const broken = compose({ fetch: () => Promise.resolve(new Response()) }, metrics({ registry }), thrower);
  await assertRejects(async () => await broken.fetch(new Request(url)), TypeError);
  const { active, series: [series] } = registry.snapshot();
  assertEquals([active, series?.codes], [0, { dns_failed: 1, network_error: 1 }]);
});

Deno.test("metrics() tells the caller's abort from a timer's", async () => {
  const clock = fakeClock();
  const registry = metricsRegistry({ clock });
  const never = {
    fetch: (request: Request) =>
      new Promise<Response>((_, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      }),
  };
  const client = compose(never, timeout({ headersMs: 1000, clock }), metrics({ registry }));
  const own = new AbortController();
  const given = assertRejects(() => client.fetch(new Request(url, { signal: own.signal })));
  own.abort(new Error("enough"));
  await given;
  const late = assertRejects(() => client.fetch(new Request(url)), NetworkError, "no headers");
  await clock.advance(1500);
  await late;
  await settle();
  const { series: [series] } = registry.snapshot();
  assertEquals([series?.requests, series?.aborted, series?.codes], [2, 1, { header_timeout: 1 }]);
});

Deno.test("metrics() and registry.event(): the counts equal the origin's own log, request by request", async () => {
  await using origin = await startOrigin({
    files: { "/a.bin": { size: 600_000, seed: 3 }, "/api/v1/models/5": "{}", "/api/v1/images": "[]" },
    faults: [
      { kind: "status", status: 503, path: "/a.bin", nth: 1, times: 1 },
      { kind: "cut", after: 100_000, how: "fin", path: "/a.bin", nth: 2, times: 1 },
      { kind: "cut", after: 50_000, how: "rst", path: "/a.bin", nth: 3, times: 1 },
      { kind: "status", status: 429, path: "/api/v1/images", every: 3 },
      { kind: "status", status: 500, path: "/api/v1/models/5", every: 4 },
      // not a reset: on a connection that was used before, the platform itself repeats the request, below all layers
      { kind: "garbage", path: "/api/v1/models/5", nth: 6, times: 1 },
    ],
  });
  const registry = metricsRegistry();
  using socket = fetchTransport();
  const client = observe(
    compose(resumeTransport(compose(socket, retry({ delayMs: 1, maxDelayMs: 2 }), metrics({ registry })), {
      delayMs: 1,
    })),
    registry.event,
  );
  const paths = ["/a.bin", "/api/v1/models/5", "/api/v1/images", "/missing", "/api/v1/models/5?page=2"];
  for (let round = 0; round < 6; round++) {
    for (const path of paths) {
      const response = await client.fetch(new Request(origin.url + path));
      await response.bytes();
    }
  }
  await (await client.fetch(new Request(`${origin.url}/api/v1/models/5`, { method: "HEAD" }))).body?.cancel();
  await origin.idle();

  // the origin's log, put into the same words
  const routeOfPath = (path: string) =>
    path.startsWith("/api/v1/models") ? "/api/v1/models/:id" : path.startsWith("/api") ? path : "file";
  const expected: Record<string, number> = {};
  for (const { method, path, status } of origin.log) {
    const key = `${method} ${routeOfPath(path)} ${status === 0 ? "none" : status}`;
    expected[key] = (expected[key] ?? 0) + 1;
  }
  const counted: Record<string, number> = {};
  const { series, counters } = registry.snapshot();
  for (const one of series) {
    for (const [status, count] of Object.entries(one.statuses)) counted[`${one.method} ${one.route} ${status}`] = count;
    const answered = Object.values(one.statuses).reduce((sum, count) => sum + count, 0);
    if (one.requests > answered) counted[`${one.method} ${one.route} none`] = one.requests - answered;
  }
  assertEquals(counted, expected);
  assertEquals(series.reduce((sum, { requests }) => sum + requests, 0), origin.log.length);

  // every refusal that was asked again, and every body that was healed
  const total = (name: string) =>
    counters.reduce((sum, counter) => counter.name === name ? sum + counter.count : sum, 0);
  const retryable = origin.log.filter(({ status }) =>
    status === 503 || status === 500 || status === 429 || status === 0
  );
  assertEquals(total("retry"), retryable.length);
  assertEquals(total("resume"), origin.log.filter(({ faults }) => faults.includes("cut")).length);
});

Deno.test("metrics(): a redirect is followed within one attempt; together with the hops it is what the origin saw", async () => {
  await using origin = await startOrigin({
    files: { "/b.bin": "bytes" },
    faults: [{ kind: "redirect", to: "/b.bin", path: "/moved" }],
  });
  const registry = metricsRegistry();
  using socket = fetchTransport();
  const client = observe(compose(socket, metrics({ registry })), registry.event);
  for (let n = 0; n < 3; n++) await (await client.fetch(new Request(`${origin.url}/moved`))).bytes();
  const { series: [series], counters } = registry.snapshot();
  const [hops] = counters;
  assertEquals([hops?.name, hops?.label, hops?.count], ["redirect", "307", 3]);
  assertEquals(series!.requests + hops!.count, origin.log.length);
});
