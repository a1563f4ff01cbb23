import { field } from "./fields.ts";
import { type FieldRecord, type Fields, parseHttpDate } from "../transport/internal.ts";
import type { StoredHead } from "./store.ts";

const tagInList = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** The opaque part of an entity tag: what weak comparison compares (RFC 9110 section 8.8.3.2). */
function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

/** Tells whether an If-None-Match names this ETag, by weak comparison (RFC 9110 section 13.1.2). */
export function namesTag(ifNoneMatch: string, etag: string | null): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  if (etag === null) return false;
  if (ifNoneMatch.trim() === etag) return true;
  return (ifNoneMatch.match(tagInList) ?? []).some((tag) => opaque(tag) === opaque(etag));
}

/**
 * Evaluates the caller's own conditions against a response from the cache (RFC 9111 section 4.3.2).
 *
 * @returns Whether 304 is the answer. If-None-Match goes before If-Modified-Since; a response without Last-Modified is
 * as old as its Date.
 */
export function isNotModified(head: StoredHead, request: Fields, nowMs: number): boolean {
  if (head.status !== 200) return false;
  const ifNoneMatch = request.get("if-none-match");
  if (ifNoneMatch !== null) return namesTag(ifNoneMatch, field(head.headers, "etag"));
  const since = parseHttpDate(request.get("if-modified-since"), nowMs);
  if (since === undefined) return false;
  const { headers } = head;
  const modified = parseHttpDate(field(headers, "last-modified") ?? field(headers, "date"), nowMs) ?? head.responseMs;
  return modified <= since;
}

/** Tells whether a stored response has anything to ask the origin about. */
export function hasValidator({ headers }: StoredHead): boolean {
  return field(headers, "etag") !== null || field(headers, "last-modified") !== null;
}

/**
 * The fields that make of the caller's request one that validates `head` (RFC 9111 section 4.3.1): the stored validators. The
 * caller's If-None-Match stays in the list, so that one question serves both.
 */
export function conditionalFields(request: Fields, head: StoredHead): FieldRecord {
  const fields: Record<string, string> = {};
  const etag = field(head.headers, "etag");
  const modified = field(head.headers, "last-modified");
  const asked = request.get("if-none-match");
  if (etag !== null && asked?.trim() !== "*") {
    fields["if-none-match"] = asked === null || namesTag(asked, etag) ? asked ?? etag : `${asked}, ${etag}`;
  }
  // with the caller's own date in its place, a 304 would speak of the caller's copy
  if (modified !== null && asked === null) fields["if-modified-since"] = modified;
  return fields;
}

/** Tells whether a 304 confirms this stored response (RFC 9111 section 4.3.4). */
export function confirms(notModified: Headers, head: StoredHead): boolean {
  const etag = notModified.get("etag");
  const stored = field(head.headers, "etag");
  if (etag !== null && stored !== null) return opaque(etag) === opaque(stored);
  const modified = notModified.get("last-modified");
  const storedModified = field(head.headers, "last-modified");
  if (modified !== null && storedModified !== null) return modified === storedModified;
  // a strong tag that the stored response does not have names some other one
  return etag === null || etag.startsWith("W/");
}

/** Tells whether an answer to HEAD contradicts the stored response (RFC 9111 section 4.3.5). */
export function contradicts(answer: Headers, head: StoredHead): boolean {
  return ["etag", "last-modified", "content-length"].some((name) => {
    const news = answer.get(name);
    const stored = field(head.headers, name);
    return news !== null && stored !== null && news !== stored;
  });
}
