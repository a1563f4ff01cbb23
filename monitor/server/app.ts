import { Hono } from "hono";
import { getPathNoStrict } from "hono/utils/url";
import { wholeWithin } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import { accessControl } from "./access.ts";
import { eventStreams } from "./event_stream.ts";
import type { DiagnosticsOptions } from "./options.ts";
import { notFoundPage } from "./pages.ts";
import { pageRenderer } from "./renderer.ts";
import { apiRoutes } from "./routes_api.ts";
import { pageRoutes } from "./routes_pages.ts";
import { probeRoutes } from "./routes_probes.ts";
import { diagnosticViews } from "./views.ts";
import { isPageWanted } from "./wanted.ts";

/** A diagnostic server that does not listen by itself: pass `fetch` to `Deno.serve`. */
export interface Diagnostics extends Disposable {
  /** Answers a request; `info` is what `Deno.serve` knows about the connection, and has to be passed on. */
  fetch(request: Request, info?: Deno.ServeHandlerInfo): Response | Promise<Response>;
  /** Streams of events open now. */
  readonly eventClients: number;
  /** Ends the streams and stops looking; requests are answered on, `/readyz` with 503. */
  close(): void;
}

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
  wholeWithin("maxEventClients", maxEventClients, 1, 10_000);
  const base = basePath.replace(/\/$/, "");
  if (!/^(?:\/[\w.~-]+)*$/.test(base)) {
    throw new TypeError(`option basePath: ${JSON.stringify(basePath)} is no path such as "/diag"`);
  }
  const { check, logIn } = accessControl({ hostname, allowedHosts, token, basePath: base, now: clock.now });
  const streams = eventStreams(registry.events, clock, { maxClients: maxEventClients });
  const views = diagnosticViews({ registry, store, cache, folder, memoryLimitBytes, clock });
  const renderer = pageRenderer(views, base, clock.now);
  let isClosed = false;

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
  app.route("/", pageRoutes({ views, renderer, transfers: registry.transfers, base, logIn }));
  app.route("/", probeRoutes({ registry, views, streams, isClosed: () => isClosed, clock }));
  app.route("/api", apiRoutes({ registry, store, transfers, batch, views, renderer, base, clock }));

  app.notFound((c) => isPageWanted(c) ? renderer.show(c, notFoundPage, 404) : c.json({ error: "not found" }, 404));
  app.onError((error, c) => {
    // nothing of the message: it may hold paths or more
    const code = error instanceof CivikitError ? error.code : "internal_error";
    return c.json({ error: code }, 500);
  });

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    views.close();
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
