import { Hono } from "hono";
import type { Clock } from "../../transport/mod.ts";
import type { MetricsRegistry } from "../metrics/metrics_registry.ts";
import type { EventStreams } from "./event_stream.ts";
import { healthJson } from "./health.ts";
import { prometheusText } from "./prometheus.ts";
import { ttlCache } from "./ttl_cache.ts";
import type { Views } from "./views.ts";

/** What the probes look at. */
export interface ProbeRoutesOptions {
  /** The numbers. */
  readonly registry: MetricsRegistry;
  /** Where the health comes from. */
  readonly views: Views;
  /** The streams of events. */
  readonly streams: EventStreams;
  /** Whether the server is being closed. */
  readonly isClosed: () => boolean;
  /** Where time comes from. */
  readonly clock: Clock;
}

const metricsTtlMs = 100;

/** What programs watch: `/healthz`, `/readyz`, `/metrics` for Prometheus, and `/events`. */
export function probeRoutes({ registry, views, streams, isClosed, clock }: ProbeRoutesOptions): Hono {
  const app = new Hono();
  const texts = ttlCache<string>(clock.now);

  app.get("/healthz", async (c) => {
    const health = await views.health();
    const headers = { "content-type": "application/health+json" };
    return c.body(JSON.stringify(healthJson(health, clock.date())), health.level === "error" ? 503 : 200, headers);
  });
  app.get("/readyz", (c) => isClosed() ? c.text("closing\n", 503) : c.text("ready\n"));
  app.get("/metrics", (c) => {
    const text = texts.get("metrics", metricsTtlMs, () => prometheusText(registry.snapshot()));
    return c.body(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  });
  app.get("/events", (c) => {
    const stream = streams.open(c.req.header("last-event-id"));
    if (stream === undefined) return c.json({ error: "too many streams" }, 503, { "retry-after": "5" });
    // no-transform: compression would hold events back
    const headers = { "cache-control": "no-store, no-transform", "x-accel-buffering": "no" };
    return c.body(stream, 200, { "content-type": "text/event-stream; charset=utf-8", ...headers });
  });
  return app;
}
