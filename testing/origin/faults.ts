/**
 * Everything the misbehaving origin can do wrong, as data: a fault says what happens ({@linkcode Deed}) and to which
 * requests ({@linkcode Where}). Faults are plain JSON, so a schedule can be printed, stored and made from a seed. The
 * numbers are the rows of the list of faults in docs/guarantees.md.
 *
 * ```ts
 * import { type Fault, refusals } from "@civikit/civikit/testing";
 *
 * const faults: Fault[] = [
 *   { kind: "cut", after: 70_000, how: "rst", times: 3 },             // the first three bodies longer than 70 000 bytes
 *   { kind: "ignore_range", path: "/a.bin", nth: 2 },                 // 200 to the second request for /a.bin
 *   { kind: "rate", bytesPerSecond: 1 << 20, connection: 1 },         // the first connection is slow, for ever
 *   { kind: "corrupt", at: 5_000_000, times: 1 },                     // one flipped bit, only in the first answer with it
 *   { ...refusals.earlyAccess, path: "/resolve/a.bin", nth: 2 },      // the second resolve says "Early Access"
 * ];
 * ```
 *
 * @module
 */
import type { Content } from "./content.ts";

/** Which requests a fault hits; every condition given has to hold, none given means all requests. */
export interface Where {
  /** Only this path (without the query). */
  path?: string;
  /** Only this method, in upper case. */
  method?: string;
  /** Only the n-th request for its path, from 1. */
  nth?: number;
  /** Only from the n-th request for its path on. */
  since?: number;
  /** Only every n-th request for its path. */
  every?: number;
  /** Only on the n-th connection the server accepted, from 1. */
  connection?: number;
  /** Only when the first byte asked for is at or after this offset. */
  from?: number;
  /** Only when the first byte asked for is before this offset. */
  before?: number;
  /** Only requests with a Range header (true) or without one (false). */
  ranged?: boolean;
  /** How often it strikes before it is used up; default: for ever. A fault that would change nothing is not counted. */
  times?: number;
}

/** How a connection ends: an orderly FIN, or a reset (which may also throw away bytes still on their way). */
export type Ending = "fin" | "rst";

/** What goes wrong. The numbers are the rows of the list of faults that each one serves. */
export type Deed =
  /** 1: 200 with the whole file, whatever range was asked for. */
  | { kind: "ignore_range" }
  /** 2: an honest 206 for a span that starts `by` bytes later (earlier when negative) than asked. */
  | { kind: "shift_range"; by: number }
  /** 3: 206 without Content-Range. */
  | { kind: "no_content_range" }
  /** 3: 206 as `multipart/byteranges` with one part. */
  | { kind: "multipart" }
  /** 4: the total in Content-Range is off by this much. */
  | { kind: "wrong_total"; by: number }
  /**
   * 5: at most `bytes` bytes of the span. `honest`: all headers say so; `range`: Content-Range claims the span asked
   * for, Content-Length tells the truth; `full`: both claim it, and the connection ends early.
   */
  | { kind: "short_range"; bytes: number; claim: "honest" | "range" | "full" }
  /**
   * 6: `bytes` too many. `length`: headers right, wrong bytes follow the body on the wire; `range`: Content-Length and
   * body too long, Content-Range as asked; `honest`: a longer span than asked, of right bytes, and the headers say so.
   */
  | { kind: "overlong"; bytes: number; claim: "length" | "range" | "honest" }
  /**
   * 7, 8: from this request on the file is another one (`seed`, and `size` if given). ETag of the new file: a new
   * strong one, a new weak one, none at all, or still the old one. Answers already running go on with the old bytes.
   */
  | { kind: "replace"; seed: number; size?: number; etag?: "strong" | "weak" | "none" | "same" }
  /** 9, 10: how this answer (and the If-Range check of it) names the file; `per_connection` is a set of storage hosts. */
  | {
    kind: "validators";
    etag?: "weak" | "none" | "per_connection" | "per_request";
    lastModified?: "now" | "none";
  }
  /** 11, 12, 18, 19: any status, with any headers and text; a number in `retryAfter` is seconds. See `refusals`. */
  | { kind: "status"; status: number; body?: string; headers?: Record<string, string>; retryAfter?: number | string }
  /** 13: to any URL or path (status 307 unless said otherwise). */
  | { kind: "redirect"; to: string; status?: 301 | 302 | 303 | 307 | 308 }
  /** 13: this many redirects from the path to itself, then the file. More than 10 is too many. */
  | { kind: "redirect_chain"; hops: number }
  /** 13: redirects in a circle. */
  | { kind: "redirect_loop" }
  /** 14: a login page, status 200, `text/html`. */
  | { kind: "login_page" }
  /** 14: `{"error":…}` with status 200, `application/json`, or sent as `application/octet-stream`. */
  | { kind: "error_json"; disguised?: boolean }
  /** 15: the body ends after `after` bytes. With `chunked`, or with no length at all (`close`), FIN looks like success. */
  | { kind: "cut"; after: number; how: Ending; framing?: Framing }
  /** 15: a whole body, framed otherwise than by Content-Length. */
  | { kind: "framing"; framing: Framing }
  /** 16: after `after` bytes of the body nothing more comes, and the connection stays open. */
  | { kind: "stall"; after: number }
  /** 16, 19: at most this many bytes a second on each connection it hits, once `after` bytes of the body are out. */
  | { kind: "rate"; bytesPerSecond: number; after?: number }
  /** 17, 21: no answer, and the connection stays open. `{ kind: "hang", method: "HEAD" }` is row 21. */
  | { kind: "hang" }
  /** 17: the headers come this much later. */
  | { kind: "delay"; ms: number }
  /** 18: 416 whose Content-Range names only the total (the true one unless given), with a body that must never be written. */
  | { kind: "unsatisfiable"; total?: number }
  /** 19: this status (403 unless given) while more than `connections` requests are being answered. */
  | { kind: "max_connections"; connections: number; status?: number; retryAfter?: number | string }
  /** 20: right headers, wrong bytes: in `length` bytes (1 unless given) from file offset `at` the lowest bit is flipped. */
  | { kind: "corrupt"; at: number; length?: number }
  /** 20: the body is gzip although nobody asked for it; Content-Range still counts the plain bytes. */
  | { kind: "gzip" }
  /** 22: the connection ends without an answer. */
  | { kind: "no_answer"; how: Ending }
  /** 22: an answer that is not HTTP. */
  | { kind: "garbage" };

/** One fault: a deed and its conditions. */
export type Fault = Deed & Where;

/** How the end of a body is marked: Content-Length, chunks, or the end of the connection. */
export type Framing = "length" | "chunked" | "close";

/** A file as the origin knows it at this moment. */
export interface OriginFile {
  /** Its bytes. */
  readonly content: Content;
  /** ETag with its quotes, or undefined for none. */
  readonly etag?: string | undefined;
  /** Last-Modified in ms since the epoch, or undefined for none. */
  readonly lastModified?: number | undefined;
  /** Content-Type; `application/octet-stream` unless given. */
  readonly type?: string | undefined;
  /** Further headers, such as Content-Disposition. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What a fault can see of the request it hits. */
export interface Scene {
  /** Method, in upper case. */
  readonly method: string;
  /** Path with its query. */
  readonly target: string;
  /** Path without the query. */
  readonly path: string;
  /** Parameters of the query. */
  readonly query: URLSearchParams;
  /** Number of this request among those for its path, from 1. */
  readonly nth: number;
  /** Number of this request on the server, from 1. */
  readonly request: number;
  /** Number of the connection, from 1. */
  readonly connection: number;
  /** The Range header. */
  readonly range: string | null;
  /** First byte asked for; 0 without a Range header. */
  readonly from: number;
  /** Requests being answered now, this one included. */
  readonly active: number;
  /** Size of the file asked for; 0 when there is none. */
  readonly size: number;
}

/** Tells whether `fault` is meant for this request. */
export function isHit(fault: Where, scene: Scene): boolean {
  if (fault.times !== undefined && fault.times <= 0) return false;
  if (fault.path !== undefined && fault.path !== scene.path) return false;
  if (fault.method !== undefined && fault.method !== scene.method) return false;
  if (fault.nth !== undefined && fault.nth !== scene.nth) return false;
  if (fault.since !== undefined && scene.nth < fault.since) return false;
  if (fault.every !== undefined && scene.nth % fault.every !== 0) return false;
  if (fault.connection !== undefined && fault.connection !== scene.connection) return false;
  if (fault.from !== undefined && scene.from < fault.from) return false;
  if (fault.before !== undefined && scene.from >= fault.before) return false;
  return fault.ranged === undefined || fault.ranged === (scene.range !== null);
}

/** What Civitai's download route and its storage say when they refuse, ready to be spread into a fault. */
export const refusals: {
  readonly [
    name in
      | "earlyAccess"
      | "loginRequired"
      | "downloadsDisabled"
      | "notFound"
      | "notFoundForNow"
      | "archived"
      | "unusualDownloads"
      | "busy"
      | "overloaded"
      | "signatureExpired"
  ]: Extract<Deed, { kind: "status" }>;
} = {
  earlyAccess: {
    kind: "status",
    status: 403,
    body:
      `{"error":"Early Access","deadline":"2099-01-01T00:00:00.000Z","message":"This asset is in Early Access. You can use Buzz access it now!"}`,
  },
  loginRequired: {
    kind: "status",
    status: 401,
    body: `{"error":"Unauthorized","message":"The creator of this asset requires you to be logged in to download it"}`,
  },
  downloadsDisabled: {
    kind: "status",
    status: 401,
    body: `{"error":"Unauthorized","message":"The creator of this asset has disabled downloads on this file"}`,
  },
  notFound: { kind: "status", status: 404, body: `{"error":"File not found"}` },
  notFoundForNow: {
    kind: "status",
    status: 404,
    body: `{"error":"File not found"}`,
    headers: { "Cache-Control": "no-store, max-age=0" },
  },
  archived: { kind: "status", status: 410, body: `{"error":"Model archived, not available for download"}` },
  unusualDownloads: {
    kind: "status",
    status: 429,
    body:
      `{"error":"We've noticed an unusual amount of downloading from your account. Contact support@civitai.com or come back later."}`,
  },
  busy: {
    kind: "status",
    status: 503,
    retryAfter: 2,
    body: `{"error":"Server busy, please retry shortly."}`,
    headers: { "Cache-Control": "no-store" },
  },
  overloaded: { kind: "status", status: 503, body: "upstream unavailable", headers: { "Content-Type": "text/plain" } },
  signatureExpired: {
    kind: "status",
    status: 403,
    body:
      `<?xml version="1.0" encoding="UTF-8"?><Error><Code>ExpiredRequest</Code><Message>Request has expired</Message></Error>`,
    headers: { "Content-Type": "application/xml" },
  },
};
