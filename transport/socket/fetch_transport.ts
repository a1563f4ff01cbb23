import type { Ask } from "../ask.ts";
import { deadlines } from "./deadlines.ts";
import { type Clock, systemClock } from "../clock.ts";
import { InputError } from "../errors/errors.ts";
import { type ConnectionOptions, httpClients } from "./http_clients.ts";
import { rememberHeader } from "../http/known_secrets.ts";
import { isLoopback } from "../http/loopback.ts";
import { wrapNetworkError } from "./network_error.ts";
import { noOthers, wholeWithin } from "../errors/option.ts";
import { noteWithheld } from "../http/response_source.ts";
import { type Hop, isRedirect, nextHop, refuseRedirect } from "./redirect.ts";
import type { FieldRecord, PlainFields } from "../fields.ts";
import { fetchOf } from "../lane.ts";
import { platformFetch } from "./platform_fetch.ts";
import { isNearer, type Reach, reachOf } from "../http/reach.ts";
import { redactUrl } from "../http/redact.ts";
import { signalOf } from "./stop.ts";
import { type Context, isHeard, type Transport } from "../transport.ts";
import { version } from "../http/version.ts";

/** Options of {@linkcode fetchTransport}. */
export interface FetchOptions extends ConnectionOptions {
  /** User-Agent for requests that bring none; never a browser's, which Civitai answers with HTML pages. */
  userAgent?: string;
  /** Redirects followed for one request, 0 to 20. Default 10. */
  maxRedirects?: number;
  /**
   * Headers dropped, besides Authorization, Cookie and Proxy-Authorization, when a redirect leads to another origin.
   * Their values are cut out of every message and log of the process, also where a server repeats them.
   */
  secretHeaders?: readonly string[];
  /** Allows plain http to other machines. Default false: only to this one. */
  allowHttp?: boolean;
  /**
   * The nearest addresses that may be asked: `machine` (this machine too), `network` (its network too) or `world`. Default
   * `machine`. For a stack whose URLs others name: a site out there has no business here. Redirects never lead nearer.
   */
  nearest?: Reach;
  /**
   * Longest wait for the headers of an answer, each hop of a redirect on its own, in milliseconds. Default: none. The
   * same rule as `timeout({ headersMs })`, at a third of its price, because the request need not be derived anew.
   */
  headersMs?: number;
  /** Time for `headersMs`; tests hand in a fake one. */
  clock?: Clock;
}

/** What the platform's fetch is told. */
type Init = RequestInit & { headers: Readonly<Record<string, string>>; client?: Deno.HttpClient };

/** A {@linkcode Transport} that holds connections. */
export interface FetchTransport extends Transport, Disposable {
  /** Gives up the pools made for this transport; calls under way end normally, later ones are refused. */
  close(): void;
}

/**
 * What civikit calls itself (RFC 9110 section 10.1.5). {@linkcode fetchTransport} adds it to requests without a
 * User-Agent; building a request with it saves that copy of the headers, some microseconds.
 */
export const defaultUserAgent: string = `civikit/${version} (+https://jsr.io/@civikit/civikit)`;
const browser = /mozilla|chrome|safari|firefox|opera|edge/i;

/**
 * The socket: sends requests with the platform's `fetch`, follows redirects itself, hop by hop, without taking secrets
 * along, and tells apart what can go wrong in the network. Clients are made when first needed; close the transport if
 * you made it for a while only.
 *
 * A request's body is read whole before it is sent, so that a redirect can repeat it; `redirect: "manual"` hands out the
 * redirect itself, `"error"` refuses it.
 *
 * A redirect without a Location is refused as well, unless the caller wants every answer as it is; see `toFetch`.
 *
 * `fetch` rejects with the signal's reason when the request is aborted; with InputError `insecure_url` or `invalid_url`;
 * with NetworkError `dns_failed`, `connect_failed`, `tls_failed`, `connection_reset`, `network_error`,
 * `permission_denied` (Deno's), or one of `redirect_invalid`, `redirect_insecure`, `redirect_loop`, `too_many_redirects`.
 *
 * @param options See {@linkcode FetchOptions}.
 * @throws {RangeError} When a number is out of range.
 * @throws {TypeError} When an option cannot be read, or when `userAgent` would pass for a browser's.
 * @example
 * ```ts
 * import { fetchTransport } from "@civikit/civikit/transport";
 *
 * await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("hello"));
 * using transport = fetchTransport({ pool: { idlePerHost: 4 } });
 * const response = await transport.fetch(new Request(`http://127.0.0.1:${server.addr.port}/`));
 * console.log(await response.text()); // hello
 * ```
 */
export function fetchTransport({
  userAgent = defaultUserAgent,
  maxRedirects = 10,
  secretHeaders = [],
  allowHttp = false,
  nearest = "machine",
  headersMs,
  clock = systemClock,
  ...connection
}: FetchOptions = {}): FetchTransport {
  const { pool, http, proxy, caCerts, ...others } = connection;
  const own = { userAgent, maxRedirects, secretHeaders, allowHttp, nearest, headersMs, clock };
  noOthers<FetchOptions>("fetchTransport", others, { ...own, pool, http, proxy, caCerts });
  if (userAgent.trim() === "" || browser.test(userAgent)) {
    throw new TypeError(`option userAgent: "${userAgent}" is empty or would pass for a browser's`);
  }
  wholeWithin("maxRedirects", maxRedirects, 0, 20);
  new Headers({ "user-agent": userAgent, ...Object.fromEntries(secretHeaders.map((name) => [name, ""])) });
  const secrets = new Set([
    "authorization",
    "cookie",
    "proxy-authorization",
    ...secretHeaders.map((name) => name.toLowerCase()),
  ]);
  if (nearest !== "machine" && nearest !== "network" && nearest !== "world") {
    throw new TypeError(`option nearest: "${nearest}" is not "machine", "network" or "world"`);
  }
  const sendInTime = deadlines({ headersMs }, clock);
  const clients = httpClients(connection);

  function send(ask: Ask, context: Context): Promise<Response> {
    const { url } = ask;
    if (!isAllowed(url)) return Promise.reject(refusal(url));
    if (ask.hasBody) return sendBody(ask, context);
    const exchanged = exchange(url, { method: ask.method, headers: headersOf(ask), redirect: "manual" }, ask);
    return exchanged.then((response) =>
      isRedirect(response.status) && ask.redirect !== "manual" ? redirected(response, ask, context) : response
    );
  }

  async function sendBody(ask: Ask, context: Context): Promise<Response> {
    if (ask.redirect === "follow") return await follow(await firstHop(ask), ask, context);
    const { method, url, request: { body } } = ask;
    const response = await exchange(url, { method, headers: headersOf(ask), body, redirect: "manual" }, ask);
    return isRedirect(response.status) && ask.redirect === "error"
      ? await redirected(response, ask, context)
      : response;
  }

  async function redirected(response: Response, ask: Ask, context: Context): Promise<Response> {
    if (ask.redirect === "follow") return await follow(await firstHop(ask), ask, context, response);
    await response.body?.cancel();
    throw refuseRedirect(ask.url, "redirect_invalid", "the request forbids redirects");
  }

  async function firstHop(ask: Ask): Promise<Hop> {
    const { url, method } = ask;
    return { url, method, headers: headersOf(ask), body: ask.hasBody ? await ask.request.bytes() : null };
  }

  // calls of the API all have the same fields
  let last: PlainFields | undefined;
  let lastSent: FieldRecord = {};

  function headersOf({ headers }: Ask): FieldRecord {
    const { record } = headers;
    for (const name in record) if (secrets.has(name)) rememberHeader(name, record[name]!);
    if (headers !== last) {
      last = headers;
      lastSent = { "user-agent": userAgent, ...record };
    }
    return lastSent;
  }

  /** Goes on from `response`, the answer to `hop`, until something other than a redirect comes. */
  async function follow(hop: Hop, ask: Ask, context: Context, response?: Response): Promise<Response> {
    const seen = new Set<string>();
    for (;;) {
      seen.add(`${hop.method} ${hop.url}`);
      const { url, method, headers, body } = hop;
      response ??= await exchange(url, { method, headers, body, redirect: "manual" }, ask);
      const isBlind = context.refusals === "return" && !response.headers.has("location");
      if (!isRedirect(response.status) || isBlind) {
        if (seen.size > 1) Object.defineProperty(response, "redirected", { value: true });
        return noteWithheld(response, ask, headers);
      }
      const { status } = response;
      const location = response.headers.get("location");
      await response.body?.cancel();
      response = undefined;
      hop = nextHop(hop, status, location, { secrets, allowHttp });
      if (seen.has(`${hop.method} ${hop.url}`)) {
        throw refuseRedirect(url, "redirect_loop", "it leads back to where it came from");
      }
      if (seen.size > maxRedirects) {
        throw refuseRedirect(ask.url, "too_many_redirects", `more than ${maxRedirects} in a row`);
      }
      if (isHeard(context)) {
        context.report({ type: "redirect", from: redactUrl(url), to: redactUrl(hop.url), status });
      }
    }
  }

  /** One request, one answer; `init` is ours alone. */
  function exchange(url: string, init: Init, ask: Ask): Promise<Response> {
    try {
      const client = clients.pick(url, init.headers["range"] !== undefined);
      if (client !== undefined) init.client = client;
    } catch (error) {
      return Promise.reject(error);
    }
    return sendInTime(ask, (signal) => {
      if (signal !== undefined) init.signal = signalOf(signal);
      return platformFetch(url, init);
    }, (error) => ask.signal?.aborted ? ask.signal.reason : wrapNetworkError(error, url));
  }

  function isAllowed(url: string): boolean {
    if (!(url.startsWith("https:") || (url.startsWith("http:") && (allowHttp || isLoopback(url))))) return false;
    return nearest === "machine" || !isNearer(reachOf(url), nearest);
  }

  function refusal(url: string): InputError {
    const input = redactUrl(url);
    if (url.startsWith("https:")) return tooNear(input);
    if (!url.startsWith("http:")) {
      return new InputError(`fetching "${input}": neither https nor http`, { code: "invalid_url", input });
    }
    if (isNearer(reachOf(url), nearest)) return tooNear(input);
    return new InputError(`fetching "${input}": plain http is for this machine only, use https`, {
      code: "insecure_url",
      input,
    });
  }

  function tooNear(input: string): InputError {
    return new InputError(`fetching "${input}": on this machine or network, which may not be asked`, {
      code: "insecure_url",
      reason: "near_address",
      input,
    });
  }

  return { fetch: fetchOf(send), close: clients.close, [Symbol.dispose]: clients.close };
}
