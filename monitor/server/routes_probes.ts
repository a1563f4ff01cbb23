import { Hono } from "hono";
import type { Clock } from "../../transport/mod.ts";
import type { EventStreams } from "./event_stream.ts";
import { healthJson } from "./health.ts";
import type { Views } from "./views.ts";

/** What the probes look at. */
export interface ProbeRoutesOptions {
  /** Where numbers and health come from. */
  readonly views: Views;
  /** The streams of events. */
  readonly streams: EventStreams;
  /** Whether the server is being closed. */
  readonly isClosed: () => boolean;
  /** Where time comes from. */
  readonly clock: Clock;
}

/** What programs watch: `/healthz`, `/readyz`, `/metrics` for Prometheus, and `/events`. */
export function probeRoutes({ views, streams, isClosed, clock }: ProbeRoutesOptions): Hono {
  const app = new Hono();

  app.get("/healthz", async (c) => {
    const health = await views.health();
    const headers = { "content-type": "application/health+json" };
    return c.body(JSON.stringify(healthJson(health, clock.date())), health.level === "error" ? 503 : 200, headers);
  });
  app.get("/readyz", (c) => isClosed() ? c.text("closing\n", 503) : c.text("ready\n"));
  app.get("/metrics", (c) => {
    return c.body(views.metrics(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
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
