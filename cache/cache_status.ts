/** Why a request went on to the origin (RFC 9211 section 2.2). */
export type ForwardReason = "bypass" | "method" | "uri-miss" | "vary-miss" | "miss" | "request" | "stale" | "partial";

/** What one cache did with one request. */
export interface CacheStatus {
  /** The answer came from the store without asking the origin. */
  readonly hit?: boolean;
  /** Why the request went on; absent for a hit. */
  readonly fwd?: ForwardReason;
  /** Status of the origin's answer, where it is not the status of the answer given. */
  readonly fwdStatus?: number;
  /** Whole seconds of freshness left; negative for a stale answer. */
  readonly ttl?: number;
  /** The answer is being stored. */
  readonly stored?: boolean;
  /** More, as a token. */
  readonly detail?: string;
}

/** Writes a member of Cache-Status (RFC 9211 section 2). */
export function formatCacheStatus(name: string, { hit, fwd, fwdStatus, ttl, stored, detail }: CacheStatus): string {
  let text = name;
  if (hit) text += "; hit";
  if (fwd) text += `; fwd=${fwd}`;
  if (fwdStatus !== undefined) text += `; fwd-status=${fwdStatus}`;
  if (ttl !== undefined) text += `; ttl=${ttl}`;
  if (stored) text += "; stored";
  if (detail) text += `; detail=${detail}`;
  return text;
}

/** How an answer came about, as the caller may want to show it. */
export interface CacheInfo {
  /** `hit`: from the store, fresh. `stale`: from the store although no longer fresh. `revalidated`: from the store, confirmed by the origin. `miss`: from the origin. */
  readonly result: "hit" | "stale" | "revalidated" | "miss";
  /** Age of the answer in milliseconds, in whole seconds; 0 for a miss. */
  readonly ageMs: number;
  /** Why a stale answer was given: the error code or status of the origin's failure; undefined when it was allowed to be stale. */
  readonly reason: string | undefined;
}

/**
 * Reads off a response what civikit's cache did: whether it came from the store, how old it is, and whether it stands
 * in for an origin that could not be reached (RFC 9211).
 *
 * @param response An answer of a stack with `httpCache`.
 * @param name The cache's name, as given to `httpCache`. Default `civikit`.
 * @returns undefined when the cache passed the answer through untouched.
 * @example
 * ```ts
 * import { cacheInfo } from "@civikit/civikit/cache";
 *
 * const response = new Response("[]", { headers: { age: "90", "cache-status": "civikit; hit; ttl=210" } });
 * console.log(cacheInfo(response)); // { result: "hit", ageMs: 90000, reason: undefined }
 * ```
 */
export function cacheInfo(response: Response, name = "civikit"): CacheInfo | undefined {
  const members = response.headers.get("cache-status")?.split(",") ?? [];
  const member = members.findLast((text) => text.split(";", 1)[0]!.trim() === name);
  if (member === undefined) return undefined;
  const parameters = new Map(
    member.split(";").slice(1).map((text) => text.trim().split("=") as [string, string | undefined]),
  );
  const ageMs = Number(response.headers.get("age") ?? 0) * 1000;
  const reason = parameters.get("detail");
  if (parameters.has("hit")) {
    return { result: Number(parameters.get("ttl") ?? 0) <= 0 ? "stale" : "hit", ageMs, reason };
  }
  if (reason !== undefined && parameters.get("fwd") === "stale") return { result: "stale", ageMs, reason };
  if (parameters.get("fwd-status") === "304") return { result: "revalidated", ageMs, reason: undefined };
  return { result: "miss", ageMs: 0, reason: undefined };
}
