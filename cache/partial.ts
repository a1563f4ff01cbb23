import { parseContentRange, strongDate, strongTag } from "../transport/internal.ts";
import { field } from "./fields.ts";
import type { StoredHead } from "./store.ts";

/** Where a body lies in its representation. */
export interface Place {
  /** Its first byte, from 0. */
  readonly start: number;
  /** The byte after its last one. */
  readonly end: number;
  /** Size of the whole representation in bytes. */
  readonly total: number;
}

/** The place of a 206's body as its Content-Range gives it; undefined when that is missing, malformed or without a total. */
export function placeOf(contentRange: string | null): Place | undefined {
  const { start, end, total } = parseContentRange(contentRange) ?? {};
  return start === undefined || end === undefined || total === undefined ? undefined : { start, end, total };
}

/** The place of a stored response's body. */
export function storedPlace({ span }: StoredHead, bodyBytes: number): Place {
  return span ? { ...span, end: span.end + 1 } : { start: 0, end: bodyBytes, total: bodyBytes };
}

/** A place in the form in which stores keep it, the last byte counted in. */
export function asStored({ start, end, total }: Place): NonNullable<StoredHead["span"]> {
  return { start, end: end - 1, total };
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

/** The bytes of `pieces` from `start` to before `end`, both counted from the first piece, without copying. */
export function sliceOf(pieces: readonly Uint8Array[], start: number, end: number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  let at = 0;
  for (const piece of pieces) {
    const from = Math.max(0, start - at);
    const to = Math.min(piece.length, end - at);
    if (from < to) cut.push(piece.subarray(from, to));
    at += piece.length;
  }
  return cut;
}
