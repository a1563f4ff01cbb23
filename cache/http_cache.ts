import {
  askedSpan,
  formatRange,
  noOthers,
  redactUrl,
  statusIs,
  strongTag,
  systemClock,
  wholeWithin,
  within,
} from "../transport/internal.ts";
import { type Clock, type Context, type Middleware, NetworkError, type Next } from "../transport/mod.ts";
import { type AnswerFacts, notModifiedAnswer, partialAnswer, timeoutAnswer, wholeAnswer } from "./answer.ts";
import { type Directives, parseCacheControl } from "./cache_control.ts";
import type { CacheStatus, ForwardReason } from "./cache_status.ts";
import { ageMs, mayServeOnError, type Policy, policyOf, verdict } from "./freshness.ts";
import { isSafe, urlsToInvalidate } from "./invalidation.ts";
import { holdsIfRange, placeOf, storedPlace } from "./partial.ts";
import { credentialsOf, fingerprinter } from "./partition.ts";
import { freshened } from "./stored_head.ts";
import { storing } from "./storing.ts";
import { field } from "./fields.ts";
import { spelledOut, withoutFragment } from "./request_words.ts";
import type { CacheEntry, CacheKey, CacheOutcome, CacheStore } from "./store.ts";
import { conditionalFields, confirms, contradicts, hasValidator, isNotModified } from "./validation.ts";
import { matchesVary, selectingFields } from "./vary.ts";

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

/** A stored response that answers the request, and what it says about itself. */
interface Candidate {
  readonly entry: CacheEntry;
  readonly policy: Policy;
}

/** One request on its way through the cache. */
interface Call {
  readonly request: Request;
  readonly next: Next;
  readonly context: Context;
  readonly key: CacheKey;
  readonly asked: Directives;
  /** Stored responses that a new one takes the place of. */
  readonly replaces: readonly CacheEntry[];
  /** Nobody waits for it: a refresh that is not counted. */
  readonly isBehind?: boolean;
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
  isPublic = () => false,
  defaultTtlMs = 3_600_000,
  shouldStore = () => true,
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
  const policies = new WeakMap<CacheEntry["head"], Policy>();
  const refreshing = new Set<string>();
  const { keep, join, start, forget } = storing({
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

  function keyOf(request: Request, url: string): CacheKey {
    if (partition) return { url, partition: partition(request) ?? "" };
    // a shared cache obeys RFC 9111 section 3.5 instead; its answers are nobody's own
    if (shared) return { url, partition: "shared" };
    const credentials = credentialsOf(request.headers);
    return { url, partition: credentials === "" ? "" : fingerprinted(credentials) };
  }

  function policy(entry: CacheEntry): Policy {
    let known = policies.get(entry.head);
    if (known === undefined) policies.set(entry.head, known = policyOf(entry.head, mode));
    return known;
  }

  /** The stored responses for these request fields, the one its origin made last in front (RFC 9111 section 4). */
  function candidates(found: readonly CacheEntry[], headers: Headers): Candidate[] {
    const matching: Candidate[] = [];
    for (const entry of found) {
      if (matchesVary(entry.head, headers, fingerprinted)) matching.push({ entry, policy: policy(entry) });
    }
    if (matching.length > 1) {
      matching.sort((a, b) =>
        b.policy.dateMs - a.policy.dateMs || b.entry.head.responseMs - a.entry.head.responseMs ||
        b.entry.id - a.entry.id
      );
    }
    return matching;
  }

  function facts({ key: { url } }: Call, { entry, policy }: Candidate, status: CacheStatus): AnswerFacts {
    const age = ageMs(entry.head, policy, clock.date());
    return { url, ageMs: age, name, status: { ...status, ttl: Math.ceil((policy.lifetimeMs - age) / 1000) } };
  }

  function count({ request, context, isBehind }: Call, outcome: CacheOutcome | "bypass", bytes = 0): void {
    if (isBehind) return;
    if (outcome !== "bypass") store.record(outcome, bytes);
    context.report({ type: "cache", url: redactUrl(request.url), result: outcome });
  }

  /** The answer out of the store, or undefined when its body turns out to be gone or damaged. */
  async function fromStore(
    call: Call,
    candidate: Candidate,
    outcome: CacheOutcome,
    status: CacheStatus,
  ): Promise<Response | undefined> {
    const { entry } = candidate;
    const { request } = call;
    const answered = facts(call, candidate, status);
    if (isNotModified(entry.head, request.headers, clock.date())) {
      count(call, outcome, entry.bodyBytes);
      return notModifiedAnswer(entry, answered);
    }
    if (request.method === "HEAD") {
      count(call, outcome);
      return wholeAnswer(entry, null, answered);
    }
    const found = store.body(entry);
    const pieces = found instanceof Promise ? await found : found;
    if (pieces === undefined) {
      await store.drop([entry]);
      return undefined;
    }
    const range = request.headers.get("range");
    if (range === null) {
      count(call, outcome, entry.bodyBytes);
      return wholeAnswer(entry, pieces, answered);
    }
    const place = storedPlace(entry.head, entry.bodyBytes);
    const wanted = askedSpan(range, place.total)!;
    count(call, outcome, wanted.end - wanted.start);
    return partialAnswer(entry, pieces, wanted, place, answered);
  }

  async function forward(call: Call, fwd: ForwardReason, request = call.request): Promise<Response> {
    count(call, "miss");
    const started = start();
    return await keep(call, await call.next(request), { fwd, ...started });
  }

  /** Asks the origin about a stored response (RFC 9111 section 4.3). */
  async function validate(call: Call, candidate: Candidate): Promise<Response> {
    const { request, next } = call;
    const { entry } = candidate;
    const isConditional = request.method === "GET" && !entry.head.span && hasValidator(entry.head);
    const question = isConditional
      ? new Request(request, { headers: conditionalFields(request.headers, entry.head) })
      : request;
    const started = start();
    let response: Response;
    try {
      response = await next(question);
    } catch (error) {
      return await serveStale(call, candidate, error);
    }
    if (response.status === 304 && isConditional) {
      if (confirms(response.headers, entry.head)) {
        await response.body?.cancel();
        const vary = response.headers.get("vary");
        const head = freshened(entry.head, response.headers, {
          ...started,
          responseMs: clock.date(),
          mode,
          ...(vary !== null && { vary: selectingFields(vary, request.headers, fingerprinted) }),
        });
        const updated = { ...entry, head };
        const meaning = policy(updated).directives;
        const isOver = (meaning.noStore && !meaning.mustUnderstand) || (shared && meaning.private);
        if (!isOver) await store.update(entry, head);
        const answer = await fromStore(call, { entry: updated, policy: policy(updated) }, "revalidated", {
          fwd: "stale",
          fwdStatus: 304,
        });
        // the answer is this caller's, but no longer the cache's
        if (isOver) await store.drop([entry]);
        return answer ?? await forward(call, "miss");
      }
      // it speaks of the copy the caller named, or of none that exists
      if (request.headers.has("if-none-match")) return response;
      await response.body?.cancel();
      return await forward(call, "stale");
    }
    if (statusIs("absent", response.status) && isUsableOnError(call, candidate)) {
      const status = { fwd: "stale", fwdStatus: response.status, detail: `status_${response.status}` } as const;
      const answer = await fromStore(call, candidate, "stale", status);
      if (answer) {
        await response.body?.cancel();
        return answer;
      }
    }
    count(call, "miss");
    try {
      return await keep(call, response, { fwd: "stale", ...started });
    } catch (error) {
      // a short body is read at once, and broke off
      return await serveStale(call, candidate, error);
    }
  }

  function isUsableOnError({ asked }: Call, { entry, policy }: Candidate): boolean {
    const staleForMs = ageMs(entry.head, policy, clock.date()) - policy.lifetimeMs;
    return mayServeOnError(policy, staleForMs, asked, staleIfErrorMs);
  }

  /** What to answer when the network failed under a validation (RFC 9111 sections 4.2.4 and 5.2.2.2). */
  async function serveStale(call: Call, candidate: Candidate, error: unknown): Promise<Response> {
    const isFailure = error instanceof NetworkError || error instanceof TypeError;
    if (!isFailure || call.request.signal.aborted) throw error;
    const detail = error instanceof NetworkError ? error.code : "network_error";
    if (isUsableOnError(call, candidate)) {
      const answer = await fromStore(call, candidate, "stale", { fwd: "stale", detail });
      if (answer) return answer;
    }
    if (candidate.policy.forbidsStale && onForbiddenStale === "504") {
      return timeoutAnswer(call.key.url, name, { fwd: "stale", detail });
    }
    throw error;
  }

  /** Fetches a newer response behind the caller's back, once at a time for each (RFC 5861 section 3). */
  async function refresh(call: Call, candidate: Candidate): Promise<void> {
    const { url, partition } = call.key;
    const id = `${partition} ${url}`;
    if (refreshing.has(id)) return;
    refreshing.add(id);
    try {
      const headers = new Headers(call.request.headers);
      for (const name of ["if-none-match", "if-modified-since", "range", "if-range"]) headers.delete(name);
      // not the caller's request: its signal may abort when the caller has what it wanted
      const request = new Request(url, { headers });
      const response = await validate({ ...call, request, isBehind: true }, candidate);
      await response.body?.pipeTo(new WritableStream());
    } catch {
      // the stale answer stays; the next caller tries again
    } finally {
      refreshing.delete(id);
    }
  }

  /** Completes a stored beginning (RFC 9111 section 3.3), or fetches the whole where the rest does not fit. */
  async function complete(call: Call, { entry }: Candidate): Promise<Response> {
    const { request, next } = call;
    const { end: from, total } = storedPlace(entry.head, entry.bodyBytes);
    const tag = strongTag(field(entry.head.headers, "etag"));
    const headers = new Headers(request.headers);
    headers.set("range", formatRange({ start: from }));
    if (tag !== undefined) headers.set("if-range", tag);
    const started = start();
    const response = await next(new Request(request, { headers }));
    if (response.status === 206) {
      const place = placeOf(response.headers.get("content-range"));
      const isRest = tag !== undefined && tag === strongTag(response.headers.get("etag")) &&
        place?.start === from && place.end === total && place.total === total;
      const pieces = isRest ? await store.body(entry) : undefined;
      if (pieces) {
        count(call, "miss");
        return join(call, response, { entry, pieces }, started);
      }
    }
    if (response.status !== 206 && response.status !== 416) {
      count(call, "miss");
      return await keep(call, response, { fwd: "partial", ...started });
    }
    await response.body?.cancel();
    return await forward(call, "miss");
  }

  /** A request with another method than GET and HEAD (RFC 9111 section 4.4). */
  async function pass(call: Call): Promise<Response> {
    const started = start();
    const response = await call.next(call.request);
    if (isSafe(call.request.method)) return response;
    const urls = urlsToInvalidate(call.key.url, response);
    for (const url of urls) await store.invalidate(url);
    forget(urls);
    if (call.request.method !== "POST" || response.status !== 200) return response;
    const location = response.headers.get("content-location");
    if (location === null || !URL.canParse(location, call.key.url)) return response;
    // RFC 9110 section 9.3.3: then it is what a GET would bring
    if (new URL(location, call.key.url).href !== call.key.url) return response;
    return await keep(call, response, { fwd: "method", requestMs: started.requestMs, epoch: start().epoch });
  }

  return async function httpCache(original, next, context) {
    const request = original.cache === "default" ? original : spelledOut(original);
    const { method, headers } = request;
    const url = withoutFragment(request.url);
    const asked = parseCacheControl(headers.get("cache-control"));
    const key = keyOf(request, url);
    const call: Call = { request, next, context, key, asked, replaces: [] };
    if (method !== "GET" && method !== "HEAD") return await pass(call);
    if (asked.noStore || headers.has("if-match") || headers.has("if-unmodified-since")) {
      count(call, "bypass");
      return await next(request);
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
  };

  /** Passes a HEAD on, and lets its answer update or drop what is stored for GET (RFC 9111 section 4.3.5). */
  async function head(call: Call, usable: Candidate | undefined): Promise<Response> {
    const started = start();
    let response: Response;
    try {
      response = await call.next(call.request);
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
function answers({ head, bodyBytes }: CacheEntry, range: string | null, headers: Headers): boolean {
  if (range === null) return head.span === undefined;
  if (head.status !== 200 && head.status !== 206) return false;
  const place = storedPlace(head, bodyBytes);
  const wanted = askedSpan(range, place.total);
  return wanted !== undefined && wanted.start >= place.start && wanted.end <= place.end &&
    holdsIfRange(headers.get("if-range"), head);
}
