import { assert, assertEquals, assertThrows } from "@std/assert";
import { metrics, metricsRegistry, recorder, report, statsStore } from "../../../monitor/mod.ts";
import { openapi } from "../../../monitor/server/openapi.ts";
import { CivikitError, compose, isCode } from "../../../transport/mod.ts";
import { fakeClock } from "../../_support/clock.ts";
import { serve } from "./_served.ts";
import { attempt, stageTransfers } from "./_stage.ts";

const site = "https://civitai.com/api/v1/models/5";
// deno-lint-ignore no-explicit-any -- the shapes are what is tested
const json = async (response: Promise<Response>): Promise<any> => await (await response).json();
const text = async (response: Promise<Response>): Promise<string> => await (await response).text();

Deno.test("diagnostics() says what the report says, on every page and as JSON", async () => {
  const registry = metricsRegistry();
  const statuses = [200, 200, 200, 429, 503, 200, 404, 200];
  let call = 0;
  const origin = { fetch: () => Promise.resolve(new Response("{}", { status: statuses[call++]! })) };
  const client = compose(origin, metrics({ registry }));
  for (const _ of statuses) await client.fetch(new Request(site));
  await using served = serve({ registry });
  const found = await json(served.get("/api/report"));
  const wanted = report(registry.snapshot());
  assertEquals(found.total_requests, 8);
  assertEquals(found.error_rate_percent, 25); // what is not there is an answer
  assertEquals({ ...found, to: 0, uptime_seconds: 0, requests_per_minute: 0, mean_mbps: 0, memory: 0 }, {
    ...JSON.parse(JSON.stringify(wanted)),
    ...{ to: 0, uptime_seconds: 0, requests_per_minute: 0, mean_mbps: 0, memory: 0 },
  });
  const page = await text(served.get("/"));
  assert(
    page.includes("<dd>8<small>") && page.includes("25%") && page.includes("<dt>Success rate</dt>") &&
      page.includes("75%"),
    page,
  );
  for (const path of ["/report", "/errors"]) assert((await text(served.get(path))).includes("rate_limited"), path);
  const codes = (await json(served.get("/api/errors"))).map(({ code }: { code: string }) => code);
  assertEquals(codes.toSorted(), ["not_found", "rate_limited", "service_unavailable"]);
  const failures = await json(served.get("/api/failures?limit=2"));
  assertEquals(failures.map(({ code }: { code: string }) => code), ["not_found", "service_unavailable"]);
  assertEquals((await json(served.get("/api/failures?limit=0"))).error, "limit: not a whole number from 1 to 1000");
  assertEquals((await json(served.get("/api/stats"))).series[0].latency.count, 8);
  assert((await text(served.get("/api/report?format=markdown&lang=zh-TW"))).startsWith("# civikit"));
});

Deno.test("diagnostics() answers every path of its OpenAPI description, as described", async () => {
  await using served = serve();
  const described = await json(served.get("/api/openapi.json"));
  assertEquals(described, JSON.parse(JSON.stringify(openapi)));
  assertEquals(described.openapi, "3.1.0");
  for (const [path, operations] of Object.entries(described.paths as Record<string, Record<string, never>>)) {
    for (const [method, operation] of Object.entries(operations)) {
      const asked = path.replace("{id}", "t999");
      const answer = method === "get" ? await served.get(asked) : await served.post(asked);
      await answer.body?.cancel();
      // deno-lint-ignore no-explicit-any -- JSON
      const known = (operation as any).responses[String(answer.status)];
      assert(known !== undefined, `${method} ${path}: ${answer.status}`);
      const type = answer.headers.get("content-type")!.split(";")[0]!;
      assert(type in known.content, `${method} ${path}: ${type}`);
    }
  }
  const refs = JSON.stringify(described).matchAll(/"#\/components\/schemas\/(\w+)"/g);
  for (const [, name] of refs) assert(name! in described.components.schemas, name);
});

Deno.test("diagnostics() answers 304 for an asset or a page that the client has already", async () => {
  const clock = fakeClock();
  const registry = metricsRegistry({ clock });
  await using served = serve({ registry });
  const ask = async (path: string, held = "") => {
    const response = await served.get(path, { accept: "text/html", ...(held !== "" && { "if-none-match": held }) });
    return { response, status: response.status, etag: response.headers.get("etag")!, body: await response.text() };
  };
  for (const path of ["/assets/style.css", "/transfers"]) {
    const { status, etag, body } = await ask(path);
    assertEquals([status, body === ""], [200, false]);
    for (const held of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await ask(path, held);
      assertEquals([again.status, again.body, again.etag], [304, "", etag], `${path} ${held}`);
      assert(again.response.headers.has("content-security-policy"));
    }
    assertEquals((await ask(path, '"other"')).status, 200);
  }
  const before = await ask("/transfers");
  registry.transfers.track("new.bin");
  await clock.advance(1000);
  const after = await ask("/transfers", before.etag);
  assertEquals([after.status, after.etag === before.etag, after.body.includes("new.bin")], [200, false, true]);
  const notFound = await ask("/nowhere", "*");
  assertEquals([notFound.status, notFound.etag], [404, null as unknown as string]);
});

Deno.test("diagnostics() gives a page to who prefers one, and JSON to everybody else", async () => {
  await using served = serve();
  const typeFor = async (accept: string) => {
    const response = await served.get("/nowhere", { accept });
    await response.body?.cancel();
    return response.headers.get("content-type")!.split(";")[0];
  };
  const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  for (const accept of [browser, "text/html", "text/*", "application/json;q=0.5, text/html"]) {
    assertEquals(await typeFor(accept), "text/html", accept);
  }
  for (const accept of ["*/*", "application/json", "text/html;q=0.5, application/json", "text/html;q=0, */*"]) {
    assertEquals(await typeFor(accept), "application/json", accept);
  }
});

Deno.test("diagnostics() forbids everything a page does not need, on every answer", async () => {
  await using served = serve();
  for (
    const path of [
      "/",
      "/report",
      "/transfers",
      "/cache",
      "/errors",
      "/metrics",
      "/api/report",
      "/nowhere",
      "/assets/live.js",
    ]
  ) {
    const { headers, body } = await served.get(path, { accept: "text/html" });
    await body?.cancel();
    const policy = headers.get("content-security-policy")!;
    assert(policy.startsWith("default-src 'none'") && !policy.includes("unsafe"), path);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("access-control-allow-origin"), null);
  }
  const page = await text(served.get("/"));
  assertEquals(/<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|(?:src|href)="(?:https?:)?\/\//.exec(page), null);
});

Deno.test("diagnostics() /healthz computes all four parts, and answers 503 on an error", async () => {
  const registry = metricsRegistry();
  let failures = 0;
  let isDown = false;
  const cache = () => {
    if (isDown) throw new CivikitError("reading", { code: "disk_error" });
    const numbers = {
      entries: 3,
      bytes: 10,
      maxBytes: 100,
      hits: 1,
      stale: 0,
      revalidated: 0,
      misses: 2,
      bytesSaved: 5,
    };
    return { ...numbers, failures };
  };
  await using served = serve({ registry, cache });
  const look = async () => {
    const response = await served.get("/healthz");
    assertEquals(response.headers.get("content-type"), "application/health+json");
    const { checks, level, status } = await response.json();
    const levels = Object.fromEntries(
      Object.entries(checks as Record<string, { level: string }[]>).map(([part, [one]]) => [part, one!.level]),
    );
    return { code: response.status, level, status, levels, checks };
  };
  const fine = await look();
  assertEquals(Object.keys(fine.levels), ["http_client", "cache", "disk_space", "memory"]);
  assertEquals([fine.code, fine.levels.http_client, fine.levels.cache, fine.levels.memory], [200, "ok", "ok", "ok"]);
  assert(fine.checks.disk_space[0].observedValue > 0 && fine.checks.memory[0].observedValue > 1e6);

  for (let i = 0; i < 7; i++) attempt(registry, site);
  for (let i = 0; i < 2; i++) attempt(registry, site, { status: 503, code: "service_unavailable" });
  assertEquals((await look()).levels.http_client, "ok"); // 2 of 9: too few to tell
  attempt(registry, site, { status: 503, code: "service_unavailable" });
  const warned = await look();
  assertEquals([warned.code, warned.levels.http_client, warned.checks.http_client[0].observedValue], [
    200,
    "warning",
    30,
  ]);

  failures = 2;
  assertEquals((await look()).levels.cache, "warning");
  isDown = true;
  const down = await look();
  assertEquals([down.levels.cache, down.checks.cache[0].output], ["warning", "the store does not answer (disk_error)"]);

  registry.clear();
  for (let i = 0; i < 10; i++) attempt(registry, site, { status: 0, code: "dns_failed" });
  const failed = await look();
  assertEquals([failed.code, failed.status, failed.levels.http_client], [503, "fail", "error"]);
  const { rss } = Deno.memoryUsage();
  await using tight = serve({ memoryLimitBytes: Math.round(rss * 0.8) });
  assertEquals((await json(tight.get("/api/health"))).checks.memory[0].level, "warning");
  await using tightest = serve({ memoryLimitBytes: 1000 });
  const response = await tightest.get("/healthz");
  assertEquals([response.status, (await response.json()).checks.memory[0].level], [503, "error"]);
});

Deno.test("diagnostics() /healthz forgets failures after a quarter of an hour", async () => {
  const clock = fakeClock();
  const registry = metricsRegistry({ clock });
  await using served = serve({ registry });
  for (let i = 0; i < 10; i++) attempt(registry, site, { status: 0, code: "dns_failed" });
  assertEquals((await json(served.get("/healthz"))).checks.http_client[0].level, "error");
  await clock.advance(16 * 60_000);
  assertEquals((await json(served.get("/healthz"))).checks.http_client[0].observedValue, 0);
});

Deno.test("diagnostics() /readyz says no once it is closed", async () => {
  await using served = serve();
  assertEquals(await text(served.get("/readyz")), "ready\n");
  served.app.close();
  const closing = await served.get("/readyz");
  assertEquals([closing.status, await closing.text()], [503, "closing\n"]);
});

Deno.test("diagnostics() pauses, resumes and cancels transfers, one and all, by form and by API", async () => {
  await using served = serve();
  const { registry, get, post } = served;
  stageTransfers(registry);
  const states = () => registry.transfers.list().map(({ state }) => state);
  const id = registry.transfers.list().find(({ state }) => state === "active")!.id;
  assertEquals(await json(post(`/api/transfers/${id}/pause`)), { ok: true });
  assertEquals(registry.transfers.list().find((one) => one.id === id)!.state, "paused");
  const page = await text(get("/transfers"));
  assert(
    page.includes(`action="/api/transfers/${id}/resume"`) &&
      page.includes('title="models/ControlNet/depth_fp16.safetensors"'),
    page,
  );
  const sent = await post(`/api/transfers/${id}/resume`, { accept: "text/html" });
  await sent.body?.cancel();
  assertEquals([sent.status, sent.headers.get("location")], [303, "/transfers"]);
  assertEquals(registry.transfers.list().find((one) => one.id === id)!.state, "active");
  assertEquals((await json(post("/api/transfers/t999/pause"))).error, "no such transfer is running");
  await json(post("/api/transfers/pause"));
  assertEquals(new Set(states()), new Set(["paused"]));
  await json(post("/api/transfers/cancel"));
  assertEquals(new Set(states()), new Set(["cancelled"]));
});

Deno.test("diagnostics() hands «all» to the batch it was given", async () => {
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(name);
  const batch = { isPaused: false, pause: note("pause"), resume: note("resume"), cancel: note("cancel") };
  await using served = serve({ batch });
  for (const action of ["pause", "resume", "cancel"]) await json(served.post(`/api/transfers/${action}`));
  assertEquals(calls, ["pause", "resume", "cancel"]);
});

Deno.test("diagnostics() clears registry and store", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const registry = metricsRegistry();
    using store = statsStore(`${folder}/stats.sqlite`);
    using keeping = recorder({ registry, store });
    await using served = serve({ registry, store });
    attempt(registry, site);
    attempt(registry, site, { status: 429, code: "rate_limited" });
    keeping.flush();
    assertEquals((await json(served.get("/api/report?span=day"))).total_requests, 2);
    assertEquals((await json(served.get("/api/failures?span=day"))).length, 1);
    assert((await text(served.get("/?span=day"))).includes("<dd>2<small>"));
    assertEquals((await text(served.get("/api/export?format=csv"))).trim().split("\n").length, 2);
    assertEquals(await json(served.post("/api/stats/clear")), { ok: true });
    assertEquals((await json(served.get("/api/report?span=day"))).total_requests, 0);
    assertEquals((await json(served.get("/api/report?span=run"))).total_requests, 0);
    assertEquals((await json(served.get("/api/failures?span=day"))).length, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("diagnostics() without numbers of its own shows the last 24 hours of the store", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using store = statsStore(`${folder}/stats.sqlite`);
    const other = metricsRegistry();
    using keeping = recorder({ registry: other, store });
    for (let i = 0; i < 5; i++) attempt(other, site);
    keeping.flush();
    using busy = statsStore(`${folder}/busy.sqlite`);
    const failing = metricsRegistry();
    using failed = recorder({ registry: failing, store: busy });
    for (let i = 0; i < 12; i++) {
      if (i % 3 === 0) attempt(failing, site, { status: 0, code: "dns_failed" });
      else attempt(failing, site);
    }
    failed.flush();
    await using watching = serve({ store: busy });
    const [client] = (await json(watching.get("/healthz"))).checks.http_client;
    assertEquals([client.level, client.observedValue], ["warning", 33.33]);
    await using served = serve({ store });
    assertEquals((await json(served.get("/api/report"))).total_requests, 5);
    const timeline = await json(served.get("/api/timeline"));
    const requests = timeline.points.reduce((sum: number, point: { requests: number }) => sum + point.requests, 0);
    assertEquals([timeline.stepMs, requests], [600_000, 5]);
    attempt(served.registry, site);
    assertEquals((await json(served.get("/api/report"))).total_requests, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("diagnostics() draws steps of five seconds while it runs, and starts over after a clear", async () => {
  const clock = fakeClock();
  const registry = metricsRegistry({ clock });
  await using served = serve({ registry });
  for (let second = 0; second < 20; second++) {
    attempt(registry, site, { durationMs: 10 * (second + 1) });
    await clock.advance(1000);
  }
  const { points } = await json(served.get("/api/timeline"));
  assertEquals(points.map(({ requests }: { requests: number }) => requests), [5, 5, 5, 5, 0]);
  assertEquals(points.map(({ p50Ms }: { p50Ms: number }) => Math.round(p50Ms / 10)), [3, 8, 13, 18, 0]);
  registry.clear();
  attempt(registry, site);
  const after = (await json(served.get("/api/timeline"))).points;
  assertEquals(after.at(-1).requests, 1);
});

Deno.test("diagnostics() speaks the language that is asked for", async () => {
  await using served = serve();
  const title = async (path: string, headers: Record<string, string> = {}) => {
    const response = await served.get(path, headers);
    const page = await response.text();
    return [
      /<html lang="([^"]+)"/.exec(page)?.[1],
      /<h1>([^<]+)/.exec(page)?.[1],
      response.headers.get("set-cookie")?.split(";")[0],
    ];
  };
  assertEquals(await title("/"), ["en", "Dashboard", undefined]);
  assertEquals(await title("/", { "accept-language": "fr, zh-TW;q=0.9, en;q=0.5" }), ["zh-TW", "儀表板", undefined]);
  assertEquals(await title("/", { "accept-language": "zh-CN, en;q=0.5" }), ["en", "Dashboard", undefined]);
  assertEquals(await title("/?lang=zh-TW"), ["zh-TW", "儀表板", "civikit_lang=zh-TW"]);
  assertEquals(await title("/report", { cookie: "civikit_lang=zh-TW" }), ["zh-TW", "報告", undefined]);
  assertEquals(await title("/?lang=tlh"), ["en", "Dashboard", undefined]);
});

Deno.test("diagnostics() shows names from elsewhere as text", async () => {
  await using served = serve();
  const name = `<img src=x onerror=alert(1)>"'&.bin`;
  served.registry.transfers.track(name);
  for (const path of ["/", "/transfers"]) {
    const page = await text(served.get(path));
    assert(!page.includes("<img") && page.includes("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;.bin"), path);
  }
});

Deno.test("diagnostics() lets no secret out", async () => {
  const secret = "s3cr3t-value-0123456789abcdef";
  const registry = metricsRegistry();
  const failure = `opening https://x.example/?token=${secret}: authorization: Bearer ${secret}`;
  const numbers = { entries: 0, bytes: 0, maxBytes: 1, hits: 0, stale: 0, revalidated: 0, misses: 0, bytesSaved: 0 };
  await using served = serve({ registry, cache: () => ({ ...numbers, failures: 1, failure }) });
  const url = `https://me:${secret}@b.example/f.bin?X-Amz-Signature=${secret}`;
  const origin = { fetch: () => Promise.reject(new CivikitError("connecting", { code: "connect_failed" })) };
  const refused = await compose(origin, metrics({ registry })).fetch(new Request(url.replace(`me:${secret}@`, "")))
    .catch((e) => e);
  assert(isCode(refused, "connect_failed"));
  registry.event({ type: "fallback", url: "https://b.example/", reason: `token=${secret}` }, "call");
  const paths = ["/", "/report", "/errors", "/transfers", "/cache", "/healthz", "/metrics"];
  const api = ["report", "stats", "timeline", "errors", "failures", "transfers", "cache", "health"];
  for (const path of [...paths, ...api.map((name) => `/api/${name}`)]) {
    assert(!(await text(served.get(path))).includes(secret), path);
  }
  const events = (await served.get("/events", { "last-event-id": "00000000-0" })).body!.getReader();
  let stream = "";
  while (!stream.includes("fallback")) stream += new TextDecoder().decode((await events.read()).value);
  await events.cancel();
  assert(!stream.includes(secret), stream);
});

Deno.test("diagnostics() answers when its store is broken, without telling what broke", async () => {
  const broken = () => {
    throw new Error("/home/someone/secret.sqlite: malformed");
  };
  const folder = await Deno.makeTempDir();
  try {
    using real = statsStore(`${folder}/stats.sqlite`);
    await using served = serve({ store: { ...real, read: broken, timeline: broken } });
    const response = await served.get("/?span=day");
    assertEquals([response.status, await response.text()], [500, '{"error":"internal_error"}']);
    assertEquals(await served.get("/readyz").then((r) => r.body?.cancel().then(() => r.status)), 200);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("diagnostics() checks its options", () => {
  const registry = metricsRegistry();
  assertThrows(() => serve({ registry, maxEventClients: 0 }), RangeError, "option maxEventClients: 0");
});
