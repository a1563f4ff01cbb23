import { Hono } from "hono";
import { getPathNoStrict } from "hono/utils/url";
import { wholeWithin } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import { type AccessControl, accessControl } from "./access.ts";
import { eventStreams } from "./event_stream.ts";
import type { DiagnosticsOptions } from "./options.ts";
import type { OuterPage } from "./layout.ts";
import { notFoundPage } from "./pages.ts";
import { pageRenderer } from "./renderer.ts";
import { apiRoutes } from "./routes_api.ts";
import { pageRoutes } from "./routes_pages.ts";
import { probeRoutes } from "./routes_probes.ts";
import { secured } from "./security_headers.ts";
import { ownTransfers } from "./transfer_source.ts";
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

/**
 * The diagnostic server: dashboard, report, errors, transfers, cache, health (`/healthz`, `/readyz`), Prometheus metrics,
 * JSON under `/api` (described at `/api/openapi.json`) and server-sent events. It trusts nobody: the Host must name this
 * machine or be listed, forms and scripts of other sites are turned away, and beyond loopback a token is compulsory.
 *
 * @param options See {@linkcode DiagnosticsOptions}.
 * @throws {TypeError} When `token` is missing where it is compulsory, or `token`, `allowedHosts` or `trustedProxies` is malformed.
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
export function diagnostics(options: DiagnosticsOptions): Diagnostics {
  const { registry, hostname = "127.0.0.1", allowedHosts = [], trustedProxies = [], token, clock = registry.clock } =
    options;
  const base = baseOf(options);
  const access = accessControl({ hostname, allowedHosts, trustedProxies, token, basePath: base, now: clock.now });
  return diagnosticApp(options, { access, outer: [] });
}

/** What stands before every path, without a slash at the end. */
function baseOf({ basePath = "" }: DiagnosticsOptions): string {
  const base = basePath.replace(/\/$/, "");
  if (/^(?:\/[\w.~-]+)*$/.test(base)) return base;
  throw new TypeError(`option basePath: ${JSON.stringify(basePath)} is no path such as "/diag"`);
}

/** What is around a diagnostic server that is a part of a larger program. */
export interface Surrounding {
  /** Who may ask; undefined where whoever passes requests on has checked that. */
  readonly access: AccessControl | undefined;
  /** The other pages of that program, which come first in the navigation. */
  readonly outer: readonly OuterPage[];
}

/** {@linkcode diagnostics} as a part of something larger, which decides who may ask. */
export function diagnosticApp(options: DiagnosticsOptions, { access, outer }: Surrounding): Diagnostics {
  const {
    registry,
    store,
    live,
    transfers = registry.transfers,
    batch,
    cache,
    folder = ".",
    memoryLimitBytes,
    rules,
    stuckRules,
    maxEventClients = 1000,
    clock = registry.clock,
  } = options;
  wholeWithin("maxEventClients", maxEventClients, 1, 10_000);
  const base = baseOf(options);
  const streams = eventStreams(registry.events, clock, { maxClients: maxEventClients });
  const source = live ?? ownTransfers({ shown: registry.transfers, one: transfers, batch, clock });
  const folders = typeof folder === "function" ? folder : () => typeof folder === "string" ? [folder] : folder;
  const views = diagnosticViews({
    registry,
    store,
    live,
    source,
    cache,
    folders,
    memoryLimitBytes,
    rules,
    stuckRules,
    clock,
  });
  const renderer = pageRenderer({ views, base, outer, now: clock.now });
  let isClosed = false;

  /** The path below the base, whether or not whoever mounted this took it off; a slash at its end says nothing. */
  function pathOf(request: Request): string {
    const path = getPathNoStrict(request);
    return path === base || path.startsWith(`${base}/`) ? path.slice(base.length) || "/" : path;
  }

  const app = new Hono({ getPath: pathOf });

  app.use(secured);
  if (access !== undefined) app.use(access.check);
  app.route("/", pageRoutes({ views, renderer, base, logIn: access?.logIn }));
  app.route("/", probeRoutes({ views, streams, isClosed: () => isClosed, clock }));
  app.route("/api", apiRoutes({ registry, store, source, views, renderer, base, clock }));

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
