import { type Context, Hono } from "hono";
import { redactText } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { Histogram } from "../metrics/histogram.ts";
import type { MetricsRegistry, RegistrySnapshot } from "../metrics/metrics_registry.ts";
import { formatReport } from "../report/format_report.ts";
import type { TransferSource } from "../stats/live_transfer.ts";
import type { StatsStore } from "../stats/stats_store.ts";
import { healthJson } from "./health.ts";
import { openapi } from "./openapi.ts";
import type { Renderer } from "./renderer.ts";
import type { Views } from "./views.ts";
import { isPageWanted, localeFor } from "./wanted.ts";

/** What the JSON is made of, and what can be done; see {@linkcode DiagnosticsOptions}. */
export interface ApiRoutesOptions {
  readonly registry: MetricsRegistry;
  readonly store: StatsStore | undefined;
  readonly source: TransferSource;
  readonly clock: Clock;
  /** What is shown. */
  readonly views: Views;
  /** The pages, which are made anew after something was done. */
  readonly renderer: Renderer;
  /** What stands before every path, without a slash at the end. */
  readonly base: string;
}

const dayMs = 24 * 3_600_000;

const summaryOf = (histogram: Histogram) => ({
  count: histogram.count,
  sumMs: histogram.sumMs,
  maxMs: histogram.maxMs,
  p50Ms: histogram.quantile(0.5),
  p95Ms: histogram.quantile(0.95),
  p99Ms: histogram.quantile(0.99),
});

function statsJson({ series, ...rest }: RegistrySnapshot): unknown {
  return { ...rest, series: series.map(({ latency, ...one }) => ({ ...one, latency: summaryOf(latency) })) };
}

/** The JSON, as {@linkcode openapi} describes it, and what can be done. Paths are below `/api`. */
export function apiRoutes(
  { registry, store, source, views, renderer, base, clock }: ApiRoutesOptions,
): Hono {
  const app = new Hono();
  const spanOf = (c: Context) => views.spanOf(c.req.query("span"));
  const reportOf = (c: Context) => views.report(spanOf(c), localeFor(c));

  function done(c: Context, page: string): Response {
    renderer.forget();
    return isPageWanted(c) ? c.redirect(base + page, 303) : c.json({ ok: true });
  }

  app.get("/openapi.json", (c) => c.json(base === "" ? openapi : { ...openapi, servers: [{ url: base }] }));
  app.get("/report", (c) => {
    const format = c.req.query("format");
    if (format !== "text" && format !== "markdown") return c.json(reportOf(c));
    const type = format === "text" ? "text/plain" : "text/markdown";
    return c.body(formatReport(reportOf(c), format, localeFor(c)), 200, { "content-type": `${type}; charset=utf-8` });
  });
  app.get("/stats", (c) => c.json(statsJson(registry.snapshot())));
  app.get("/timeline", (c) => c.json(views.timeline(spanOf(c))));
  app.get("/errors", (c) => c.json(reportOf(c).errors));
  app.get("/failures", (c) => {
    const limit = Number(c.req.query("limit") ?? 100);
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= 1000)) {
      return c.json({ error: "limit: not a whole number from 1 to 1000" }, 400);
    }
    return c.json(views.failures(spanOf(c), limit));
  });
  app.get("/transfers", (c) => c.json(views.transfers()));
  app.get("/cache", async (c) => {
    const numbers = await views.cacheNumbers();
    if (numbers === null) return c.json({ error: "the cache does not answer" }, 503);
    if (numbers === undefined) return c.json({ error: "no cache is in use" }, 404);
    const { failure, ...rest } = numbers;
    return c.json({ ...rest, ...(failure === undefined ? {} : { failure: redactText(failure) }) });
  });
  app.get("/health", async (c) => c.json(healthJson(await views.health(), clock.date())));
  app.get("/export", (c) => {
    if (store === undefined) return c.json({ error: "there is no store" }, 404);
    const format = c.req.query("format") === "csv" ? "csv" : "json";
    const toMs = clock.date();
    const lines = store.export(format, { fromMs: toMs - dayMs, toMs });
    const type = format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
    return c.body(ReadableStream.from(lines).pipeThrough(new TextEncoderStream()), 200, { "content-type": type });
  });

  app.post("/stats/clear", (c) => {
    registry.clear();
    store?.clear();
    views.forget();
    return done(c, "/");
  });
  for (const action of ["pause", "resume", "cancel"] as const) {
    app.post(`/transfers/${action}`, (c) => {
      source.wish(action);
      return done(c, "/transfers");
    });
    app.post(`/transfers/:id/${action}`, (c) => {
      const id = c.req.param("id");
      if (source.wish(action, id).length > 0) return done(c, "/transfers");
      const found = source.list().find((one) => one.id === id && one.endedMs === null && one.process.isAlive);
      if (found === undefined) return c.json({ error: "no such transfer is running" }, 404);
      // what is as it is wished is no failure; what cannot be as it is wished is one
      const isSo = action === "pause" ? found.state === "paused" : action === "resume";
      if (!isSo) return c.json({ error: `a transfer that is ${found.state} cannot do that` }, 409);
      return done(c, "/transfers");
    });
  }
  return app;
}
