import { strongDate, strongTag } from "../transport/internal.ts";
import { field } from "./fields.ts";
import type { StoredHead } from "./store.ts";

/** Bytes of a representation: both ends included. */
export interface Span {
  /** First byte, from 0. */
  readonly start: number;
  /** Last byte, included. */
  readonly end: number;
}

/** A span and the size of the whole it belongs to. */
export interface PlacedSpan extends Span {
  /** Size of the whole representation in bytes. */
  readonly total: number;
}

/**
 * The one span a Range field asks for, in a representation of `total` bytes (RFC 9110 section 14.1.2).
 *
 * @returns undefined for several spans, another unit, nonsense, or a span that cannot be satisfied: all of these are the origin's business.
 */
export function askedSpan(range: string, total: number): Span | undefined {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(range.trim());
  if (!match || total === 0) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "") {
    const length = last === "" ? 0 : Math.min(Number(last), total);
    return length === 0 ? undefined : { start: total - length, end: total - 1 };
  }
  const start = Number(first);
  const end = last === "" ? total - 1 : Math.min(Number(last), total - 1);
  return start < total && start <= end ? { start, end } : undefined;
}

/** The span of a 206 as its Content-Range gives it; undefined when that is missing, malformed or without a total. */
export function placedSpan(contentRange: string | null): PlacedSpan | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(contentRange?.trim() ?? "");
  if (!match) return undefined;
  const [start = 0, end = 0, total = 0] = match.slice(1).map(Number);
  return start <= end && end < total ? { start, end, total } : undefined;
}

/** Where a stored response's body lies in its representation. */
export function storedSpan(head: StoredHead, bodyBytes: number): PlacedSpan {
  return head.span ?? { start: 0, end: bodyBytes - 1, total: bodyBytes };
}

/**
 * Tells whether an If-Range still holds for a stored response (RFC 9110 section 13.1.5): it names its strong ETag or
 * repeats its strong Last-Modified.
 */
export function holdsIfRange(ifRange: string | null, { headers }: StoredHead): boolean {
  if (ifRange === null) return true;
  const wanted = ifRange.trim();
  if (wanted.includes('"')) return wanted === strongTag(field(headers, "etag"));
  return wanted === strongDate(field(headers, "last-modified"), field(headers, "date"));
}

/** The bytes of `pieces` from `start` to `end`, both counted from the first piece and included, without copying. */
export function sliceOf(pieces: readonly Uint8Array[], { start, end }: Span): Uint8Array[] {
  const cut: Uint8Array[] = [];
  let at = 0;
  for (const piece of pieces) {
    const from = Math.max(0, start - at);
    const to = Math.min(piece.length, end + 1 - at);
    if (from < to) cut.push(piece.subarray(from, to));
    at += piece.length;
  }
  return cut;
}
