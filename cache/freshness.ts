import { type Directives, parseCacheControl } from "./cache_control.ts";
import { field, tokens } from "./fields.ts";
import { parseHttpDate } from "../transport/internal.ts";
import type { StoredHead } from "./store.ts";
import { parseTargeted } from "./structured_field.ts";

/** How the cache reads responses. */
export interface CacheMode {
  /** Whether many users share the cache; a private one serves one. */
  readonly shared: boolean;
  /** Targeted fields (RFC 9213) obeyed before Cache-Control, in order, lower case; a shared cache's matter only. */
  readonly targetedFields: readonly string[];
}

/** What a response says about its own reuse, worked out once: everything here is independent of the present. */
export interface Policy {
  /** The directives that hold: those of a targeted field, else of Cache-Control. */
  readonly directives: Directives;
  /** When the origin made it, in milliseconds since the epoch. */
  readonly dateMs: number;
  /** Its age when it came in, in milliseconds (RFC 9111 section 4.2.3). */
  readonly initialAgeMs: number;
  /** How long it stays fresh, in milliseconds (RFC 9111 section 4.2.1). */
  readonly lifetimeMs: number;
  /** Whether the origin itself named that lifetime. */
  readonly isExplicit: boolean;
  /** Whether it may never be used stale, come what may (RFC 9111 section 4.2.4). */
  readonly forbidsStale: boolean;
}

/** What may be done with a stored response at this moment. */
export type Verdict = "fresh" | "stale" | "refresh" | "validate";

const heuristicStatuses = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);
const understoodStatuses = new Set([
  ...heuristicStatuses,
  ...[302, 303, 307, 400, 401, 403, 406, 409, 411, 412, 413, 415, 416, 421, 422, 428, 429, 431, 451],
  ...[500, 502, 503, 504],
]);
const dayMs = 86_400_000;

/** Tells whether a status may be stored without a word from the origin (RFC 9110 section 15.1). */
export function isHeuristicStatus(status: number): boolean {
  return heuristicStatuses.has(status);
}

/** Tells whether the cache knows what the status means for caching (RFC 9111 section 5.2.2.3). */
export function isUnderstoodStatus(status: number): boolean {
  return understoodStatuses.has(status);
}

/** The directives that hold for a response whose fields `get` reads (RFC 9111 section 5.2, RFC 9213 section 2.2). */
export function responseDirectives(
  get: (name: string) => string | null,
  { shared, targetedFields }: CacheMode,
): { directives: Directives; isTargeted: boolean } {
  if (shared) {
    for (const name of targetedFields) {
      const directives = parseTargeted(get(name));
      if (directives) return { directives, isTargeted: true };
    }
  }
  return { directives: parseCacheControl(get("cache-control")), isTargeted: false };
}

/** Age as the field gives it, in milliseconds; the first member counts, nonsense is 0 (RFC 9111 section 5.1). */
export function parseAgeMs(value: string | null): number {
  const [first = ""] = value?.split(",", 1).map((text) => text.trim()) ?? [];
  return /^\d+$/.test(first) ? Math.min(Number(first), 2 ** 31) * 1000 : 0;
}

/**
 * Works out what a stored response says about its reuse (RFC 9111 sections 4.2.1 to 4.2.4).
 *
 * A private cache has no use for `s-maxage` but takes it as the origin's own estimate where a lifetime is set by
 * policy (`head.ttlMs`). Without any lifetime a tenth of the time since Last-Modified is taken, at most a day.
 */
export function policyOf(head: StoredHead, mode: CacheMode): Policy {
  const { headers, requestMs, responseMs, status } = head;
  const get = (name: string) => field(headers, name);
  const { directives, isTargeted } = responseDirectives(get, mode);
  const dateMs = parseHttpDate(get("date"), responseMs) ?? responseMs;
  const apparentMs = Math.max(0, responseMs - dateMs);
  const correctedMs = parseAgeMs(get("age")) + (responseMs - requestMs);
  const base = {
    directives,
    dateMs,
    // Date has whole seconds: what is under one is its resolution, not an age
    initialAgeMs: Math.max(apparentMs < 1000 ? 0 : apparentMs, correctedMs),
    forbidsStale: directives.noCache || directives.mustRevalidate ||
      (mode.shared && (directives.proxyRevalidate || directives.sMaxageMs !== undefined)),
  };
  const explicitMs = (mode.shared ? directives.sMaxageMs : undefined) ?? directives.maxAgeMs;
  if (explicitMs !== undefined) return { ...base, lifetimeMs: explicitMs, isExplicit: true };
  const expires = isTargeted ? null : get("expires");
  if (expires !== null) {
    const expiresMs = parseHttpDate(expires, responseMs);
    return { ...base, lifetimeMs: expiresMs === undefined ? 0 : Math.max(0, expiresMs - dateMs), isExplicit: true };
  }
  if (head.ttlMs !== undefined) {
    return { ...base, lifetimeMs: Math.min(head.ttlMs, directives.sMaxageMs ?? Infinity), isExplicit: false };
  }
  const modifiedMs = parseHttpDate(get("last-modified"), responseMs);
  const isHeuristic = modifiedMs !== undefined && (isHeuristicStatus(status) || directives.public);
  const lifetimeMs = isHeuristic ? Math.min(dayMs, Math.max(0, dateMs - modifiedMs) / 10) : 0;
  return { ...base, lifetimeMs, isExplicit: false };
}

/** The age of a stored response, in milliseconds (RFC 9111 section 4.2.3). */
export function ageMs(head: StoredHead, policy: Policy, nowMs: number): number {
  return policy.initialAgeMs + Math.max(0, nowMs - head.responseMs);
}

/**
 * Decides what may be done with a stored response that answers the request (RFC 9111 sections 4.2 and 5.2.1,
 * RFC 5861 section 3, RFC 8246 section 2).
 *
 * @returns `fresh`: use it. `stale`: the request asks for stale ones (`max-stale`). `refresh`: use it and fetch a newer
 * one behind the caller's back (`stale-while-revalidate`). `validate`: ask the origin first.
 */
export function verdict(policy: Policy, age: number, asked: Directives): Verdict {
  const { directives, lifetimeMs, forbidsStale } = policy;
  if (directives.noCache || asked.noCache) return "validate";
  const leftMs = lifetimeMs - age;
  const isFresh = leftMs > 0;
  // a reload (max-age=0) does not concern what its origin calls immutable, as long as it is fresh
  const isReloadOfImmutable = directives.immutable && asked.maxAgeMs === 0 && isFresh;
  if (asked.maxAgeMs !== undefined && age > asked.maxAgeMs && !isReloadOfImmutable) return "validate";
  if (asked.maxAgeMs === 0 && !isReloadOfImmutable) return "validate";
  if (asked.minFreshMs !== undefined && leftMs < asked.minFreshMs) return "validate";
  if (isFresh) return "fresh";
  if (forbidsStale) return "validate";
  if (asked.maxStaleMs !== undefined && -leftMs <= asked.maxStaleMs) return "stale";
  const windowMs = directives.staleWhileRevalidateMs ?? 0;
  return asked.maxAgeMs === undefined && asked.minFreshMs === undefined && -leftMs < windowMs ? "refresh" : "validate";
}

/**
 * Tells whether a stale response may stand in for an origin that failed (RFC 9111 section 4.2.4, RFC 5861 section 4).
 *
 * @param staleForMs How long it has been stale, in milliseconds.
 * @param asked The request's directives; its own `stale-if-error` counts like the response's.
 * @param byDefaultMs How long where neither side says: Infinity when the network is gone.
 */
export function mayServeOnError(policy: Policy, staleForMs: number, asked: Directives, byDefaultMs: number): boolean {
  if (policy.forbidsStale || asked.noCache || asked.minFreshMs !== undefined) return false;
  const named = [policy.directives.staleIfErrorMs, asked.staleIfErrorMs].filter((ms) => ms !== undefined);
  return staleForMs <= (named.length > 0 ? Math.max(...named) : byDefaultMs);
}

/** Facts of an exchange that decide whether it may be stored. */
export interface Exchange {
  /** The response's status. */
  readonly status: number;
  /** The response's directives. */
  readonly directives: Directives;
  /** Whether the request carried Authorization. */
  readonly isAuthorized: boolean;
  /** Whether the response has an Expires field that counts. */
  readonly hasExpires: boolean;
}

/** Tells whether the answer to a GET may be stored at all (RFC 9111 sections 3 and 3.5). */
export function mayStore({ status, directives, isAuthorized, hasExpires }: Exchange, { shared }: CacheMode): boolean {
  if (status < 200 || status === 304) return false;
  if (directives.mustUnderstand ? !isUnderstoodStatus(status) : directives.noStore) return false;
  if (shared && directives.private) return false;
  const sMaxage = shared && directives.sMaxageMs !== undefined;
  if (shared && isAuthorized && !directives.mustRevalidate && !directives.public && !sMaxage) return false;
  return directives.public || directives.private || directives.privateFields.length > 0 || hasExpires ||
    directives.maxAgeMs !== undefined || sMaxage || isHeuristicStatus(status);
}

/** The fields that may not be stored because a directive names them (RFC 9111 sections 5.2.2.4 and 5.2.2.7). */
export function unwantedFields({ noCacheFields, privateFields }: Directives, { shared }: CacheMode): readonly string[] {
  return shared && privateFields.length > 0 ? [...noCacheFields, ...privateFields] : noCacheFields;
}

/** Tells whether a Vary field fails every request (RFC 9111 section 4.1). */
export function variesOnEverything(vary: string | null): boolean {
  return vary !== null && vary.includes("*") && tokens(vary).includes("*");
}
