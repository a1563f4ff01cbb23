import { parseHttpDate } from "./http_date.ts";
import { cutSecrets } from "./known_secrets.ts";

/** A span of bytes. HTTP counts the last one in: only the readers and writers here know. */
export interface ByteRange {
  /** First byte, from 0. */
  readonly start: number;
  /** The byte after the last one; undefined means: to the last byte. */
  readonly end?: number | undefined;
}

/** What a Content-Range says: the span sent and the size of the whole, where known. */
export interface ContentRange {
  /** First byte, from 0. */
  readonly start: number;
  /** The byte after the last one. */
  readonly end: number;
  /** Size of the whole in bytes; undefined when the server wrote `*`. */
  readonly total: number | undefined;
}

function digits(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : NaN;
}

/** The value of a Range header that asks for `range` (RFC 9110 section 14.2). */
export function formatRange({ start, end }: ByteRange): string {
  return `bytes=${start}-${end === undefined ? "" : end - 1}`;
}

/** The value of a Content-Range header (RFC 9110 section 14.4). */
export function formatContentRange({ start, end, total }: ContentRange): string {
  return `bytes ${start}-${end - 1}/${total ?? "*"}`;
}

/** Reads a Range header with one span that has a first byte; undefined for anything else (lists, suffixes, nonsense). */
export function parseRange(header: string | null): ByteRange | undefined {
  const match = /^\s*bytes\s*=\s*(\d{1,16})\s*-\s*(\d{0,16})\s*$/i.exec(header ?? "");
  if (!match) return undefined;
  const start = digits(match[1])!;
  const last = digits(match[2]);
  if (Number.isNaN(start) || Number.isNaN(last) || (last !== undefined && last < start)) return undefined;
  return { start, end: last === undefined ? undefined : last + 1 };
}

/**
 * The one span a Range header asks for in a representation of `total` bytes, a suffix too; undefined for several spans,
 * another unit, nonsense, or a span that cannot be satisfied (RFC 9110 section 14.1.2).
 */
export function askedSpan(header: string, total: number): { start: number; end: number } | undefined {
  const suffix = /^\s*bytes\s*=\s*-\s*(\d{1,15})\s*$/i.exec(header)?.[1];
  const range = suffix === undefined ? parseRange(header) : { start: Math.max(0, total - Number(suffix)) };
  if (range === undefined || range.start >= total) return undefined;
  return { start: range.start, end: Math.min(range.end ?? total, total) };
}

/** Reads the Content-Range of a 206 (RFC 9110 section 14.4); undefined when it is missing or makes no sense. */
export function parseContentRange(header: string | null): ContentRange | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i.exec(header?.trim() ?? "");
  if (!match) return undefined;
  const start = digits(match[1])!;
  const last = digits(match[2])!;
  const total = match[3] === "*" ? undefined : digits(match[3]);
  if (Number.isNaN(start) || Number.isNaN(last) || Number.isNaN(total)) return undefined;
  if (last < start || (total !== undefined && last >= total)) return undefined;
  return { start, end: last + 1, total };
}

/** The total in the Content-Range of a 416 (`bytes *\/123`); undefined when it names none. */
export function parseUnsatisfiedTotal(header: string | null): number | undefined {
  const match = /^bytes \*\/(\d{1,16})$/i.exec(header?.trim() ?? "");
  const total = digits(match?.[1]);
  return Number.isNaN(total) ? undefined : total;
}

/**
 * The Content-Length, where it is a plain number and counts the bytes of the body: not when the body is encoded, and not
 * beside a Transfer-Encoding, which overrides it (RFC 9112 section 6.3).
 */
export function plainLength(headers: Headers): number | undefined {
  if (headers.has("transfer-encoding") || !isNoCoding(headers.get("content-encoding"))) return undefined;
  const length = headers.get("content-length");
  if (length === null || !/^\d{1,16}$/.test(length)) return undefined;
  const value = digits(length);
  return Number.isNaN(value) ? undefined : value;
}

/** The codings registered with IANA. Other words, such as `aws-chunked`, `utf-8` and `none`, change no byte. */
const codings = new Set(
  "aes128gcm br compress dcb dcz deflate exi gzip pack200-gzip x-compress x-gzip zstd".split(" "),
);

function codingsOf(header: string | null): string[] {
  return (header ?? "").toLowerCase().split(",").map((word) => word.trim()).filter((word) => codings.has(word));
}

/** Tells whether the body's bytes are the file's bytes on the wire: no coding changed them. */
export function isPlain(headers: Headers): boolean {
  return isNoCoding(headers.get("content-encoding")) && isNoCoding(headers.get("transfer-encoding"));
}

function isNoCoding(header: string | null): boolean {
  return header === null || codingsOf(header).length === 0;
}

/**
 * Tells whether a body that can be read gives the file's bytes: it came plain, or the platform decoded it, which it does
 * for gzip and br, one of them alone, and never when a range was asked for (Deno 2.9).
 */
export function isReadable(headers: Headers, isRanged: boolean): boolean {
  if (isPlain(headers)) return true;
  return !isRanged && /^(?:gzip|br)$/i.test(headers.get("content-encoding") ?? "") &&
    codingsOf(headers.get("transfer-encoding")).length === 0;
}

/** The ETag as it stands; undefined when it is missing, malformed or weak (RFC 9110 section 8.8.3). */
export function strongTag(etag: string | null): string | undefined {
  const tag = etag?.trim();
  return tag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag) ? tag : undefined;
}

/** One second is asked for; dates have whole ones, and two clocks may make the difference. */
const strongAfterMs = 2000;

/**
 * The Last-Modified as it stands, when it was at least two seconds old at the Date of its answer, so that no other
 * version can bear it; undefined when it was younger, or one of them is no date (RFC 9110 section 8.8.2.2).
 */
export function strongDate(modified: string | null, sent: string | null): string | undefined {
  const now = Date.now();
  const from = parseHttpDate(modified, now);
  const to = parseHttpDate(sent, now);
  return from !== undefined && to !== undefined && to - from >= strongAfterMs ? modified!.trim() : undefined;
}

/**
 * What may stand in If-Range for this answer (RFC 9110 section 13.1.5): its strong ETag, else its strong Last-Modified.
 * Validators are kept in journals, so one in which the server repeats a secret of ours is none.
 */
export function strongValidator(headers: Headers): string | undefined {
  const tag = strongTag(headers.get("etag"));
  if (tag !== undefined && cutSecrets(tag) === tag) return tag;
  return strongDate(headers.get("last-modified"), headers.get("date"));
}
