import {
  type Ask,
  askedSpan,
  type Fields,
  middlewareOf,
  noOthers,
  type Send,
  systemClock,
  wholeWithin,
  within,
} from "../transport/internal.ts";
import type { Clock, Context, Middleware } from "../transport/mod.ts";
import { timeoutAnswer } from "./answer.ts";
import { asking } from "./asking.ts";
import { parseCacheControl } from "./cache_control.ts";
import { ageMs, verdict } from "./freshness.ts";
import { isSafe, urlsToInvalidate } from "./invalidation.ts";
import { holdsIfRange, storedPlace } from "./partial.ts";
import { credentialsOf, fingerprinter } from "./partition.ts";
import { spelledOut, withoutFragment } from "./request_words.ts";
import { type Call, type Candidate, serving } from "./serving.ts";
import type { CacheEntry, CacheKey, CacheStore } from "./store.ts";
import { freshened } from "./stored_head.ts";
import { storing } from "./storing.ts";
import { contradicts } from "./validation.ts";

/** Options of {@linkcode httpCache}. */
export interface HttpCacheOptions {
  /** Where responses are kept. */
  store: CacheStore;
  /** Whether many users share this cache (RFC 9111 section 1). Default false: it serves one user. */
  shared?: boolean;
  /**
   * Whose answer a request gets: a fingerprint of the credential that will be used (see `partitionOf`), or undefined for
   * everyone's. Default, in a private cache: by the request's own Authorization, Cookie, and other fields with a secret's name.
   */
  partition?: (request: Request) => string | undefined;
  /** Tells whether an answer without freshness of its own is public anyway, so that `defaultTtlMs` holds. Default: never. */
  isPublic?: (request: Request, response: Response) => boolean;
  /** Lifetime of such an answer, in milliseconds. Default one hour. */
  defaultTtlMs?: number;
  /** Has the last word on what HTTP allows to be stored. Default: everything. */
  shouldStore?: (request: Request, response: Response) => boolean;
  /** The longest body stored, in bytes; a longer one is passed on. Default 16 MiB. */
  maxEntryBytes?: number;
  /**
   * How long after its freshness an answer may stand in when the origin fails and no `stale-if-error` says otherwise, in
   * milliseconds. Default Infinity; 0 turns it off.
   */
  staleIfErrorMs?: number;
  /**
   * What becomes of a network failure where the stored answer forbids being used stale: a response with status 504 (as
   * RFC 9111 section 5.2.2.2 has it), or the failure itself. Default "504".
   */
  onForbiddenStale?: "504" | "throw";
  /** Targeted fields obeyed before Cache-Control by a shared cache (RFC 9213). Default CDN-Cache-Control. */
  targetedFields?: readonly string[];
  /** The cache's name in Cache-Status (RFC 9211). Default `civikit`. */
  name?: string;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

/**
 * Answers from stored responses where RFC 9111 allows it, stores what may be stored, and stands in with a stale answer
 * when the network or the origin fails. Belongs right under `status`, above everything that talks to the network.
 *
 * Bodies are stored while the caller reads them; one that breaks off, or is left unread, is not stored. What the cache
 * did is told by the answer's Age and Cache-Status; see `cacheInfo`.
 *
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { cacheInfo, httpCache, memoryStore } from "@civikit/civikit/cache";
 * import { compose } from "@civikit/civikit/transport";
 *
 * const headers = { "cache-control": "max-age=60" };
 * const origin = { fetch: () => Promise.resolve(new Response("hello", { headers })) };
 * const client = compose(origin, httpCache({ store: memoryStore() }));
 * await (await client.fetch(new Request("http://a.test/"))).text();
 * const again = await client.fetch(new Request("http://a.test/"));
 * console.log(cacheInfo(again)?.result, await again.text()); // hit hello
 * ```
 */
export function httpCache({
  store,
  shared = false,
  partition,
  isPublic,
  defaultTtlMs = 3_600_000,
  shouldStore,
  maxEntryBytes = 16 * 1024 * 1024,
  staleIfErrorMs = Infinity,
  onForbiddenStale = "504",
  targetedFields = ["cdn-cache-control"],
  name = "civikit",
  clock = systemClock,
  ...others
}: HttpCacheOptions): Middleware {
  noOthers<HttpCacheOptions>("httpCache", others, {
    store,
    shared,
    partition,
    isPublic,
    defaultTtlMs,
    shouldStore,
    maxEntryBytes,
    staleIfErrorMs,
    onForbiddenStale,
    targetedFields,
    name,
    clock,
  });
  wholeWithin("maxEntryBytes", maxEntryBytes, 1);
  within("defaultTtlMs", defaultTtlMs, 0);
  within("staleIfErrorMs", staleIfErrorMs, 0);
  if (!/^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/.test(name)) throw new TypeError(`option name: "${name}" is not a token`);
  const mode = { shared, targetedFields: targetedFields.map((field) => field.toLowerCase()) };
  const fingerprinted = fingerprinter(store);
  const served = serving({ store, mode, name, clock, fingerprinted });
  const { candidates, count, fromStore } = served;
  const stored = storing({
    store,
    mode,
    isPublic,
    defaultTtlMs,
    shouldStore,
    maxEntryBytes,
    name,
    clock,
    fingerprinted,
  });
  const { keep, start, forget } = stored;
  const { forward, validate, serveStale, refresh, complete } = asking({
    store,
    mode,
    staleIfErrorMs,
    onForbiddenStale,
    name,
    clock,
    fingerprinted,
    served,
    stored,
  });

  function keyOf(ask: Ask, url: string): CacheKey {
    if (partition) return { url, partition: partition(ask.request) ?? "" };
    // a shared cache obeys RFC 9111 section 3.5 instead; its answers are nobody's own
    if (shared) return { url, partition: "shared" };
    const credentials = credentialsOf(ask.headers);
    return { url, partition: credentials === "" ? "" : fingerprinted(credentials) };
  }

  /** A request with another method than GET and HEAD (RFC 9111 section 4.4). */
  async function pass(call: Call): Promise<Response> {
    const started = start();
    const response = await call.next(call.ask, call.context);
    if (isSafe(call.ask.method)) return response;
    const urls = urlsToInvalidate(call.key.url, response);
    for (const url of urls) await store.invalidate(url);
    forget(urls);
    if (call.ask.method !== "POST" || response.status !== 200) return response;
    const location = response.headers.get("content-location");
    if (location === null || !URL.canParse(location, call.key.url)) return response;
    // RFC 9110 section 9.3.3: then it is what a GET would bring
    if (new URL(location, call.key.url).href !== call.key.url) return response;
    return await keep(call, response, "method", { requestMs: started.requestMs, epoch: start().epoch });
  }

  async function httpCache(original: Ask, next: Send, context: Context): Promise<Response> {
    const ask = original.cache === "default" ? original : spelledOut(original);
    const { method, headers } = ask;
    const url = withoutFragment(ask.url);
    const asked = parseCacheControl(headers.get("cache-control"));
    const key = keyOf(ask, url);
    const call: Call = { ask, next, context, key, asked, replaces: [] };
    if (method !== "GET" && method !== "HEAD") return await pass(call);
    if (asked.noStore || headers.has("if-match") || headers.has("if-unmodified-since")) {
      count(call, "bypass");
      return await next(ask, context);
    }
    const looked = store.get(key);
    const found = looked instanceof Promise ? await looked : looked;
    const matching = candidates(found, headers);
    const known: Call = matching.length === 0 ? call : { ...call, replaces: matching.map(({ entry }) => entry) };
    const range = method === "GET" ? headers.get("range") : null;
    const usable = matching.find(({ entry }) => answers(entry, range, headers));
    if (usable) {
      const age = ageMs(usable.entry.head, usable.policy, clock.date());
      const decision = verdict(usable.policy, age, asked);
      if (decision !== "validate") {
        const outcome = decision === "fresh" ? "hit" : "stale";
        const answer = await fromStore(known, usable, outcome, { hit: true });
        if (answer) {
          if (decision === "refresh" && !asked.onlyIfCached) refresh(known, usable);
          return answer;
        }
      }
    }
    if (asked.onlyIfCached) return timeoutAnswer(call.key.url, name, { fwd: "request", detail: "only_if_cached" });
    if (method === "HEAD") return await head(known, usable);
    if (usable && range === null) return await validate(known, usable);
    const beginning = range === null && matching.find(({ entry }) => entry.head.span?.start === 0);
    if (beginning) return await complete(known, beginning);
    return await forward(known, found.length > 0 && matching.length === 0 ? "vary-miss" : "uri-miss");
  }

  return middlewareOf(httpCache);

  /** Passes a HEAD on, and lets its answer update or drop what is stored for GET (RFC 9111 section 4.3.5). */
  async function head(call: Call, usable: Candidate | undefined): Promise<Response> {
    const started = start();
    let response: Response;
    try {
      response = await call.next(call.ask, call.context);
    } catch (error) {
      if (usable) return await serveStale(call, usable, error);
      throw error;
    }
    count(call, "bypass");
    if (response.status !== 200) return response;
    for (const entry of call.replaces) {
      if (entry.head.span || entry.head.status !== 200) continue;
      if (contradicts(response.headers, entry.head)) await store.drop([entry]);
      else {
        await store.update(
          entry,
          freshened(entry.head, response.headers, { ...started, responseMs: clock.date(), mode }),
        );
      }
    }
    return response;
  }
}

/** Tells whether a stored response has the bytes asked for. */
function answers({ head, bodyBytes }: CacheEntry, range: string | null, headers: Fields): boolean {
  if (range === null) return head.span === undefined;
  if (head.status !== 200 && head.status !== 206) return false;
  const place = storedPlace(head, bodyBytes);
  const wanted = askedSpan(range, place.total);
  return wanted !== undefined && wanted.start >= place.start && wanted.end <= place.end &&
    holdsIfRange(headers.get("if-range"), head);
}
