import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { CivikitError, type ErrorCode, fetchTransport, NetworkError } from "../../../transport/mod.ts";
import { parseHttpDate } from "../../../transport/internal.ts";
import { isGranted } from "../../settings/rights.ts";
import type { Io } from "../../terminal/io.ts";
import { isOwnHost, proxyPlace, type Target } from "./targets.ts";

/** How one step on the way to a host went. */
export type Step =
  | { readonly ms: number }
  | { readonly error: CivikitError }
  | { readonly skipped: "address" | "plain" | "proxy" | "before" };

/** What answers in the place of the site: it leads elsewhere, or shows a page of its own. */
export type Portal = { readonly leadsTo: string } | { readonly leadsTo?: undefined };

/** The way to a host, step by step. */
export interface Probe {
  /** The host. */
  readonly target: Target;
  /** Its name is looked up. */
  readonly dns: Step;
  /** It is connected to. */
  readonly tcp: Step;
  /** It proves who it is. */
  readonly tls: Step;
  /** It answers a request. */
  readonly http: Step;
  /** The status it answered with. */
  readonly status?: number | undefined;
  /** What answered in its place. */
  readonly portal?: Portal | undefined;
  /** By how much this machine's clock is ahead of its, in milliseconds. */
  readonly aheadMs?: number | undefined;
}

/** What a {@linkcode probe} goes by. */
export interface ProbeOptions {
  /** Clock and timer. */
  readonly io: Pick<Io, "now" | "every">;
  /** Certificates of authorities to trust besides the usual ones, in PEM. */
  readonly caCerts: readonly string[];
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** The longest it may take, in milliseconds. Default 10000. */
  readonly mostMs?: number;
}

const tickMs = 100;

type Work = (signal: AbortSignal) => Promise<unknown>;

/** `work`, left alone as soon as `signal` aborts: a lookup cannot be stopped. */
async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
    work.catch(() => {});
  }
}

/** A signal that aborts once `mostMs` have gone by on the clock of `io`. */
function deadline(
  { now, every }: ProbeOptions["io"],
  mostMs: number,
  url: string,
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const startedMs = now();
  const stop = every(tickMs, () => {
    if (now() - startedMs < mostMs) return;
    const state = `no answer within ${mostMs / 1000} s`;
    controller.abort(new NetworkError(`asking "${url}": ${state}`, { code: "total_timeout", url }));
  });
  return { signal: controller.signal, [Symbol.dispose]: stop };
}

function wrap(error: unknown, code: ErrorCode, action: string, url: string): CivikitError {
  if (error instanceof CivikitError) return error;
  const state = error instanceof Error ? error.message : String(error);
  return new NetworkError(`${action}: ${state}`, { code, url, cause: error });
}

/** Where an answer leads that is not the site's: a login page, most often. */
function foreignPlace(response: Response, target: Target): Portal | undefined {
  const location = response.headers.get("location");
  if (response.status === 511) return {};
  if (response.status < 300 || response.status > 399 || location === null) return undefined;
  const place = URL.parse(location, target.url);
  return place === null || isOwnHost(place.host, target) ? undefined : { leadsTo: place.host };
}

/** Whether what the API is said to have answered is no JSON; its first bytes tell. */
async function isPage(response: Response, { isApi }: Target, signal: AbortSignal): Promise<boolean> {
  if (response.body === null) return isApi && response.ok;
  const reader = response.body.getReader();
  try {
    if (!isApi || !response.ok) return false;
    const { value } = await orAbort(reader.read(), signal);
    return !/^\s*[{[]/.test(new TextDecoder().decode(value));
  } finally {
    await reader.cancel().catch(() => {});
  }
}

interface Answer extends Pick<Probe, "status" | "portal" | "aheadMs"> {
  readonly ms: number;
}

async function ask(target: Target, { io, caCerts }: ProbeOptions, signal: AbortSignal): Promise<Answer> {
  using transport = fetchTransport({ proxy: target.proxy ?? false, caCerts, http: "auto" });
  const startedMs = io.now();
  const sentMs = Date.now();
  const headers = { accept: target.isApi ? "application/json" : "*/*", "cache-control": "no-cache" };
  const response = await transport.fetch(new Request(target.url, { headers, redirect: "manual", signal }));
  const ms = io.now() - startedMs;
  const middleMs = (sentMs + Date.now()) / 2;
  const { status } = response;
  const dateMs = parseHttpDate(response.headers.get("date"), Date.now());
  const ageMs = 1000 * (Number(response.headers.get("age")) || 0);
  const portal = foreignPlace(response, target) ?? (await isPage(response, target, signal) ? {} : undefined);
  // a Date has whole seconds: half of one is what is right on average
  const aheadMs = dateMs === undefined || portal !== undefined ? undefined : middleMs - (dateMs + 500 + ageMs);
  return { ms, status, portal, aheadMs };
}

/**
 * Goes the way to a host step by step, and says how long each step took or why it failed. What Deno gives no right to is
 * a failure; nobody is asked for it.
 *
 * @throws The signal's reason when it aborts.
 */
export async function probe(target: Target, options: ProbeOptions): Promise<Probe> {
  const { io, caCerts, mostMs = 10_000 } = options;
  const { url, host, proxy } = target;
  const { protocol, hostname: name, port } = new URL(url);
  const isPlain = protocol === "http:";
  using limit = deadline(io, mostMs, url);
  const signal = AbortSignal.any([options.signal, limit.signal]);
  let hasFailed = false;

  async function step(code: ErrorCode, action: string, work: Work): Promise<Step> {
    if (hasFailed) return { skipped: "before" };
    const startedMs = io.now();
    try {
      await work(signal);
      return { ms: io.now() - startedMs };
    } catch (error) {
      if (options.signal.aborted) throw options.signal.reason;
      hasFailed = true;
      return { error: wrap(signal.aborted ? signal.reason : error, code, action, url) };
    }
  }

  const place = proxy === undefined ? undefined : proxyPlace(proxy);
  const hostname = (place?.hostname ?? name).replace(/^\[|\]$/g, "");
  const portTo = place?.port ?? (Number(port) || (isPlain ? 80 : 443));
  const at = `"${hostname}:${portTo}"`;

  function checkRights(): void {
    const bracketed = hostname.includes(":") ? `[${hostname}]` : hostname;
    // a request through a proxy takes the right to its goal as well
    for (const host of new Set([`${bracketed}:${portTo}`, `${name}:${Number(port) || (isPlain ? 80 : 443)}`])) {
      if (isGranted([{ name: "net", host }])) continue;
      const state = `no right to it; it takes --allow-net=${host}`;
      throw new NetworkError(`connecting to "${host}": ${state}`, {
        code: "permission_denied",
        reason: "net_right",
        url,
      });
    }
  }

  const dns: Step = isIP(hostname)
    ? { skipped: "address" }
    : await step("dns_failed", `looking up "${hostname}"`, (signal) => {
      checkRights();
      return orAbort(lookup(hostname, { all: true }), signal);
    });
  let connection: Deno.TcpConn | undefined;
  const tcp = await step("connect_failed", `connecting to ${at}`, async (signal) => {
    checkRights();
    connection = await Deno.connect({ hostname, port: portTo, signal });
  });
  const skipped = isPlain ? "plain" : place !== undefined ? "proxy" : undefined;
  const tls: Step = skipped !== undefined && !hasFailed
    ? { skipped }
    : await step("tls_failed", `greeting ${at}`, async (signal) => {
      const secure = await Deno.startTls(connection!, { hostname, caCerts: [...caCerts] });
      connection = undefined;
      try {
        await orAbort(secure.handshake(), signal);
      } finally {
        secure.close();
      }
    });
  connection?.close();
  let answer: Answer | undefined;
  const http = await step("network_error", `asking "${host}"`, async (signal) => {
    answer = await ask(target, options, signal);
  });
  const { status, portal, aheadMs } = answer ?? {};
  return { target, dns, tcp, tls, http, status, portal, aheadMs };
}
