import { type Context, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { getPathNoStrict } from "hono/utils/url";
import { createHash } from "node:crypto";
import { readAtMost, redactText } from "../../transport/internal.ts";
import { CivikitError, type Locale } from "../../transport/mod.ts";
import { formatReport } from "../report/format_report.ts";
import type { Histogram } from "../metrics/histogram.ts";
import { type Report, report } from "../report/report.ts";
import icon from "./assets/icon.svg" with { type: "text" };
import liveScript from "./assets/live.js" with { type: "text" };
import style from "./assets/style.css" with { type: "text" };
import { eventStreams } from "./event_stream.ts";
import { guard } from "./access.ts";
import { checkHealth, type Health, healthJson } from "./health.ts";
import { layout, type Page, type PageContext } from "./layout.ts";
import { openapi } from "./openapi.ts";
import type { CacheNumbers, DiagnosticsOptions } from "./options.ts";
import { cachePage, dashboardPage, errorsPage, logInPage, notFoundPage, reportPage, transfersPage } from "./pages.ts";
import { prometheusText } from "./prometheus.ts";
import { sampler } from "./sampler.ts";
import { localeOf, textsOf } from "./texts.ts";
import type { FailureRecord } from "../metrics/failures.ts";
import type { RegistrySnapshot, StatsWindow } from "../metrics/metrics_registry.ts";
import type { SeriesSnapshot } from "../metrics/series.ts";
import type { TimelinePoint } from "../stats/timeline.ts";

/** A diagnostic server that does not listen by itself: pass `fetch` to `Deno.serve`. */
export interface Diagnostics extends Disposable {
  /** Answers a request; `info` is what `Deno.serve` knows about the connection, and has to be passed on. */
  fetch(request: Request, info?: Deno.ServeHandlerInfo): Response | Promise<Response>;
  /** Streams of events open now. */
  readonly eventClients: number;
  /** Ends the streams and stops looking; requests are answered on, `/readyz` with 503. */
  close(): void;
}

const dayMs = 24 * 3_600_000;
const dayStepMs = 10 * 60_000;
const recentMs = 15 * 60_000;
const defaultMemoryBytes = 200 * 1024 * 1024;
const metricsLifeMs = 100;
const pageLifeMs = 250;
const dayLifeMs = 2000;
const mostFormBytes = 4096;

const securityHeaders: readonly (readonly [string, string])[] = [
  [
    "content-security-policy",
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  ],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  // not no-referrer: forms would then say Origin: null
  ["referrer-policy", "same-origin"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), geolocation=(), microphone=()"],
];

const assets: readonly (readonly [name: string, type: string, text: string])[] = [
  ["style.css", "text/css; charset=utf-8", style],
  ["live.js", "text/javascript; charset=utf-8", liveScript],
  ["icon.svg", "image/svg+xml", icon],
];

/** Keeps what was worked out for a little while: many who look at once cost as much as one. */
function shortly<Value>(now: () => number) {
  const kept = new Map<string, { readonly until: number; readonly value: Value }>();
  return {
    get(key: string, lifeMs: number, make: () => Value): Value {
      const known = kept.get(key);
      if (known !== undefined && known.until > now()) return known.value;
      const value = make();
      kept.set(key, { until: now() + lifeMs, value });
      return value;
    },
    clear: () => kept.clear(),
  };
}

const summaryOf = (one: Histogram) => ({
  count: one.count,
  sumMs: one.sumMs,
  maxMs: one.maxMs,
  p50Ms: one.quantile(0.5),
  p95Ms: one.quantile(0.95),
  p99Ms: one.quantile(0.99),
});

function statsJson({ series, ...rest }: RegistrySnapshot): unknown {
  return { ...rest, series: series.map(({ latency, ...one }) => ({ ...one, latency: summaryOf(latency) })) };
}

const isPageWanted = (c: Context): boolean => (c.req.header("accept") ?? "").includes("text/html");
const wholeMinute = (ms: number): number => Math.floor(ms / dayStepMs) * dayStepMs;

/**
 * The diagnostic server: dashboard, report, errors, transfers, cache, health (`/healthz`, `/readyz`), Prometheus metrics,
 * JSON under `/api` (described at `/api/openapi.json`) and server-sent events. It trusts nobody: the Host must name this
 * machine or be listed, forms and scripts of other sites are turned away, and beyond loopback a token is compulsory.
 *
 * @param options See {@linkcode DiagnosticsOptions}.
 * @throws {TypeError} When `token` is missing where it is compulsory, or `token` or `allowedHosts` is malformed.
 * @throws {RangeError} When `maxEventClients` is out of range.
 * @example
 * ```ts
 * import { diagnostics, metricsRegistry } from "@civikit/civikit/monitor";
 *
 * using app = diagnostics({ registry: metricsRegistry() });
 * await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
 * const health = await fetch(`http://127.0.0.1:${server.addr.port}/healthz`);
 * console.log((await health.json()).checks.http_client[0].level); // ok
 * app.close();
 * ```
 */
export function diagnostics({
  registry,
  store,
  transfers = registry.transfers,
  batch,
  cache,
  folder = ".",
  memoryLimitBytes,
  hostname = "127.0.0.1",
  allowedHosts = [],
  token,
  basePath = "",
  maxEventClients = 1000,
  clock = registry.clock,
}: DiagnosticsOptions): Diagnostics {
  if (!(Number.isInteger(maxEventClients) && maxEventClients >= 1 && maxEventClients <= 10_000)) {
    throw new RangeError(`option maxEventClients: ${maxEventClients} is not a whole number from 1 to 10000`);
  }
  const base = basePath.replace(/\/$/, "");
  if (!/^(?:\/[\w.~-]+)*$/.test(base)) {
    throw new TypeError(`option basePath: ${JSON.stringify(basePath)} is no path such as "/diag"`);
  }
  const { check, logIn } = guard({ hostname, allowedHosts, token, basePath: base, now: clock.now });
  const samples = sampler(registry, clock);
  const streams = eventStreams(registry.events, clock, { maxClients: maxEventClients });
  const startBytes = Deno.memoryUsage().rss;
  const pages = shortly<Promise<string>>(clock.now);
  const days = shortly<StatsWindow>(clock.now);
  const dayLines = shortly<TimelinePoint[]>(clock.now);
  let isClosed = false;
  let hasNumbers = false;

  // what is shown

  function spanOf(c: Context): "run" | "day" {
    if (store === undefined) return "run";
    const asked = c.req.query("span");
    if (asked === "run" || asked === "day") return asked;
    // a process of its own, as `civikit serve` is, has nothing to show but what others left in the store
    hasNumbers ||= registry.snapshot().series.length > 0 || registry.transfers.list().length > 0;
    return hasNumbers ? "run" : "day";
  }

  function localeFor(c: Context): Locale {
    const asked = c.req.query("lang") ?? getCookie(c, "civikit_lang");
    return asked === "en" || asked === "zh-TW" ? asked : localeOf(c.req.header("accept-language"));
  }

  function windowOf(span: "run" | "day"): StatsWindow {
    if (span === "run" || store === undefined) return registry.snapshot();
    const toMs = clock.date();
    return days.get("day", dayLifeMs, () => store.read({ fromMs: toMs - dayMs, toMs }));
  }

  const reportOf = (span: "run" | "day", locale: Locale): Report => report(windowOf(span), { locale });

  function timelineOf(span: "run" | "day"): { stepMs: number; points: TimelinePoint[] } {
    if (span === "run" || store === undefined) return { stepMs: samples.stepMs, points: samples.points() };
    const toMs = clock.date();
    const fromMs = wholeMinute(toMs - dayMs);
    return {
      stepMs: dayStepMs,
      points: dayLines.get("day", dayLifeMs, () => store.timeline({ fromMs, toMs }, dayStepMs)),
    };
  }

  function failuresOf(span: "run" | "day", limit: number): FailureRecord[] {
    if (span === "day" && store !== undefined) return store.failures(limit);
    return registry.failures().slice(-limit).reverse();
  }

  /** Requests of the last minutes: this process's own, else what others left in the store. */
  function recent(): { requests: number; failed: number } {
    const own = samples.recent(recentMs);
    if (own.requests > 0 || store === undefined) return own;
    try {
      const toMs = clock.date();
      const { series } = days.get("recent", dayLifeMs, () => store.read({ fromMs: toMs - recentMs, toMs }));
      const sum = (pick: (one: SeriesSnapshot) => number) => series.reduce((total, one) => total + pick(one), 0);
      return { requests: sum(({ requests, aborted }) => requests - aborted), failed: sum(({ failed }) => failed) };
    } catch {
      return own; // the health of a store that cannot be read is not the client's
    }
  }

  function health(): Promise<Health> {
    const { memory } = registry.snapshot();
    const limit = memoryLimitBytes ?? memory.limitBytes ?? startBytes + defaultMemoryBytes;
    return checkHealth({ recent: recent(), cache, folder, memory, memoryLimitBytes: limit });
  }

  async function cacheNumbers(): Promise<CacheNumbers | undefined | null> {
    try {
      return await cache?.();
    } catch {
      return null;
    }
  }

  // how it is answered

  async function show(
    c: Context,
    make: (context: PageContext) => Page | Promise<Page>,
    status: 200 | 401 | 404 | 429 = 200,
  ) {
    const locale = localeFor(c);
    const span = spanOf(c);
    const context: PageContext = { locale, t: textsOf(locale), span, base, hasDay: store !== undefined };
    const render = async () => String(await layout(await make(context), context)).trimStart();
    const text = status !== 200 ? render() : pages.get(`${c.req.path} ${span} ${locale}`, pageLifeMs, render);
    if (c.req.query("lang") === locale) {
      setCookie(c, "civikit_lang", locale, { sameSite: "Strict", path: base || "/", maxAge: 365 * 86_400 });
    }
    return c.html(await text, status, { "content-language": locale, vary: "accept-language, cookie" });
  }

  function done(c: Context, page: string) {
    pages.clear();
    return isPageWanted(c) ? c.redirect(base + page, 303) : c.json({ ok: true });
  }

  /** The path below the base, whether or not whoever mounted this took it off; a slash at its end says nothing. */
  function pathOf(request: Request): string {
    const path = getPathNoStrict(request);
    return path === base || path.startsWith(`${base}/`) ? path.slice(base.length) || "/" : path;
  }

  const app = new Hono({ getPath: pathOf });

  app.use(async (c, next) => {
    await next();
    // a HEAD is answered by what answers a GET; its body, perhaps a stream without an end, nobody will read
    if (c.req.method === "HEAD") await c.res.body?.cancel();
    for (const [name, value] of securityHeaders) c.res.headers.set(name, value);
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
  });
  app.use(check);

  for (const [name, type, text] of assets) {
    const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
    const headers = { "content-type": type, "cache-control": "no-cache", etag };
    app.get(
      `/assets/${name}`,
      (c) => c.req.header("if-none-match") === etag ? c.body(null, 304, headers) : c.body(text, 200, headers),
    );
  }

  app.get("/", (c) =>
    show(c, async (context) => {
      const { span, locale } = context;
      const { stepMs, points } = timelineOf(span);
      const nowMs = clock.date();
      const data = { report: reportOf(span, locale), snapshot: registry.snapshot(), health: await health(), points };
      return dashboardPage({ ...data, stepMs, nowMs }, context);
    }));
  app.get("/report", (c) => show(c, (context) => reportPage(reportOf(context.span, context.locale), context)));
  app.get(
    "/errors",
    (c) =>
      show(c, (context) => errorsPage(reportOf(context.span, context.locale), failuresOf(context.span, 100), context)),
  );
  app.get("/transfers", (c) => show(c, (context) => transfersPage(registry.transfers.list(), context)));
  app.get("/cache", (c) => show(c, async (context) => cachePage(await cacheNumbers(), context)));

  app.get(
    "/login",
    (c) => token === undefined ? c.redirect(`${base}/`, 303) : show(c, (context) => logInPage(undefined, context)),
  );
  app.post("/login", async (c) => {
    // by hand: what reads or limits it for us asks for request.signal, and then Deno prints a notice
    const bytes = await readAtMost(new Response(c.req.raw.body), mostFormBytes);
    if (bytes === undefined) return c.json({ error: "request too large" }, 413);
    const headers = { "content-type": c.req.header("content-type") ?? "" };
    const given = await new Response(bytes, { headers }).formData().then((form) => form.get("token"), () => null);
    const found = logIn(c, given);
    if (found === 200) return c.redirect(`${base}/`, 303);
    const problem = found === 429 ? "tokenLater" : "tokenWrong";
    return show(c, (context) => logInPage(context.t[problem], context), found);
  });

  app.get("/healthz", async (c) => {
    const found = await health();
    const type = { "content-type": "application/health+json" };
    return c.body(JSON.stringify(healthJson(found, clock.date())), found.level === "error" ? 503 : 200, type);
  });
  app.get("/readyz", (c) => isClosed ? c.text("closing\n", 503) : c.text("ready\n"));
  app.get("/metrics", async (c) => {
    const text = await pages.get("/metrics", metricsLifeMs, () => Promise.resolve(prometheusText(registry.snapshot())));
    return c.body(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  });
  app.get("/events", (c) => {
    const stream = streams.open(c.req.header("last-event-id"));
    if (stream === undefined) return c.json({ error: "too many streams" }, 503, { "retry-after": "5" });
    // no-transform: compression would hold events back
    const headers = { "cache-control": "no-store, no-transform", "x-accel-buffering": "no" };
    return c.body(stream, 200, { "content-type": "text/event-stream; charset=utf-8", ...headers });
  });

  app.get("/api/openapi.json", (c) => c.json(base === "" ? openapi : { ...openapi, servers: [{ url: base }] }));
  app.get("/api/report", (c) => {
    const locale = localeFor(c);
    const found = reportOf(spanOf(c), locale);
    const format = c.req.query("format");
    if (format !== "text" && format !== "markdown") return c.json(found);
    const type = format === "text" ? "text/plain" : "text/markdown";
    return c.body(formatReport(found, format, locale), 200, { "content-type": `${type}; charset=utf-8` });
  });
  app.get("/api/stats", (c) => c.json(statsJson(registry.snapshot())));
  app.get("/api/timeline", (c) => c.json(timelineOf(spanOf(c))));
  app.get("/api/errors", (c) => c.json(reportOf(spanOf(c), localeFor(c)).errors));
  app.get("/api/failures", (c) => {
    const limit = Number(c.req.query("limit") ?? 100);
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= 1000)) {
      return c.json({ error: "limit: not a whole number from 1 to 1000" }, 400);
    }
    return c.json(failuresOf(spanOf(c), limit));
  });
  app.get("/api/transfers", (c) => c.json(registry.transfers.list()));
  app.get("/api/cache", async (c) => {
    const numbers = await cacheNumbers();
    if (numbers === null) return c.json({ error: "the cache does not answer" }, 503);
    if (numbers === undefined) return c.json({ error: "no cache is in use" }, 404);
    const { failure, ...rest } = numbers;
    return c.json({ ...rest, ...(failure === undefined ? {} : { failure: redactText(failure) }) });
  });
  app.get("/api/health", async (c) => c.json(healthJson(await health(), clock.date())));
  app.get("/api/export", (c) => {
    if (store === undefined) return c.json({ error: "there is no store" }, 404);
    const format = c.req.query("format") === "csv" ? "csv" : "json";
    const toMs = clock.date();
    const lines = store.export(format, { fromMs: toMs - dayMs, toMs });
    const type = format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
    return c.body(ReadableStream.from(lines).pipeThrough(new TextEncoderStream()), 200, { "content-type": type });
  });

  app.post("/api/stats/clear", (c) => {
    registry.clear();
    store?.clear();
    days.clear();
    dayLines.clear();
    return done(c, "/");
  });
  for (const action of ["pause", "resume", "cancel"] as const) {
    app.post(`/api/transfers/${action}`, (c) => {
      if (batch !== undefined) batch[action]();
      else for (const { id } of registry.transfers.list()) transfers[action](id);
      return done(c, "/transfers");
    });
    app.post(`/api/transfers/:id/${action}`, (c) => {
      if (!transfers[action](c.req.param("id"))) return c.json({ error: "no such transfer is running" }, 404);
      return done(c, "/transfers");
    });
  }

  app.notFound((c) => isPageWanted(c) ? show(c, notFoundPage, 404) : c.json({ error: "not found" }, 404));
  app.onError((error, c) => {
    // nothing of the message: it may hold paths or more
    const code = error instanceof CivikitError ? error.code : "internal_error";
    return c.json({ error: code }, 500);
  });

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    samples.close();
    streams.close();
  }

  return {
    fetch: (request, info) => app.fetch(request, info),
    get eventClients() {
      return streams.clients;
    },
    close,
    [Symbol.dispose]: close,
  };
}
