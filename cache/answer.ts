import { formatContentRange, isNullBodyStatus } from "../transport/internal.ts";
import { type CacheStatus, formatCacheStatus } from "./cache_status.ts";
import { type Place, sliceOf } from "./partial.ts";
import type { CacheEntry, Field } from "./store.ts";

/** What an answer from the store carries besides what was stored. */
export interface AnswerFacts {
  /** Its age now, in milliseconds. */
  readonly ageMs: number;
  /** The cache's name in Cache-Status. */
  readonly name: string;
  /** What the cache did. */
  readonly status: CacheStatus;
  /** The URL it answers for. */
  readonly url: string;
}

/** RFC 9110 section 15.4.5: what a 304 has to carry, and what helps its receiver. */
const in304 = new Set([
  "cache-control",
  "cdn-cache-control",
  "content-location",
  "date",
  "etag",
  "expires",
  "last-modified",
  "vary",
]);

/**
 * A response for `url` with these fields, and those in `more`. They are added one by one, because handing them to the constructor makes Deno prepare the
 * response for its own server, which takes longer than all the rest of a hit.
 */
export function respond(
  url: string,
  body: BodyInit | null,
  { status, statusText }: { status: number; statusText: string },
  fields: readonly Field[],
  more: readonly Field[] = [],
): Response {
  const response = new Response(isNullBodyStatus(status) ? null : body, { status, statusText });
  const { headers } = response;
  for (let at = 0; at < fields.length; at++) headers.append(fields[at]![0], fields[at]![1]);
  for (let at = 0; at < more.length; at++) headers.append(more[at]![0], more[at]![1]);
  return Object.defineProperty(response, "url", { value: url });
}

function fieldsWith(stored: readonly Field[], { ageMs, name, status }: AnswerFacts): [string, string][] {
  const fields: [string, string][] = [];
  for (const pair of stored) if (pair[0] !== "age") fields.push(pair as [string, string]);
  fields.push(["age", String(Math.floor(ageMs / 1000))], ["cache-status", formatCacheStatus(name, status)]);
  return fields;
}

/** A body out of checked pieces, which stay as they are. */
export function bodyOf(pieces: readonly Uint8Array[]): BodyInit {
  if (pieces.length === 1) return pieces[0] as Uint8Array<ArrayBuffer>;
  let next = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = pieces[next++];
      // a copy, because a byte stream takes its buffers away
      if (piece && piece.length > 0) return controller.enqueue(piece.slice());
      if (next < pieces.length) return this.pull!(controller);
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

/**
 * The whole stored response as an answer (RFC 9111 section 4).
 *
 * @param pieces Its body; null for an answer to HEAD.
 */
export function wholeAnswer(
  { head }: CacheEntry,
  pieces: readonly Uint8Array[] | null,
  facts: AnswerFacts,
): Response {
  return respond(facts.url, pieces && bodyOf(pieces), head, fieldsWith(head.headers, facts));
}

/** A 206 with `start` to before `end` of the representation, out of a body at `place` in it (RFC 9110 section 15.3.7). */
export function partialAnswer(
  { head }: CacheEntry,
  pieces: readonly Uint8Array[],
  { start, end }: { start: number; end: number },
  place: Place,
  facts: AnswerFacts,
): Response {
  const headers = fieldsWith(head.headers, facts).filter(([name]) =>
    name !== "content-range" && name !== "content-length"
  );
  headers.push(
    ["content-range", formatContentRange({ start, end, total: place.total })],
    ["content-length", String(end - start)],
  );
  const cut = sliceOf(pieces, start - place.start, end - place.start);
  return respond(facts.url, bodyOf(cut), { status: 206, statusText: "Partial Content" }, headers);
}

/** A 304 for a caller whose own copy is still the stored one (RFC 9111 section 4.3.2). */
export function notModifiedAnswer({ head }: CacheEntry, facts: AnswerFacts): Response {
  const kept = head.headers.filter(([name]) => in304.has(name));
  return respond(facts.url, null, { status: 304, statusText: "Not Modified" }, fieldsWith(kept, facts));
}

/** A 504 where a stored or fetched answer may not be given (RFC 9111 sections 5.2.1.7 and 5.2.2.2). */
export function timeoutAnswer(url: string, name: string, status: CacheStatus): Response {
  return respond(url, null, { status: 504, statusText: "Gateway Timeout" }, [
    ["cache-control", "no-store"],
    ["cache-status", formatCacheStatus(name, status)],
  ]);
}
