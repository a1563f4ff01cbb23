/**
 * Every kind of fault with its reason, its number in the list of faults that civikit is built against, and whether it
 * takes a real connection to show it.
 *
 * @module
 */
import type { Deed, Fault } from "./faults.ts";

/** One kind of fault, for people and for reports. */
export interface FaultKind {
  /** Its name, the `kind` of a {@linkcode Fault}. */
  readonly kind: Deed["kind"];
  /** Its rows in the list of faults, docs/guarantees.md. */
  readonly rows: readonly number[];
  /** Where it comes from in practice, and what a client has to do about it: one sentence. */
  readonly reason: string;
}

/**
 * All kinds, in the order of the list of faults.
 *
 * @example
 * ```ts
 * import { faultKinds } from "@civikit/civikit/testing";
 *
 * for (const { kind, rows, reason } of faultKinds) console.log(kind, rows.join(", "), reason);
 * ```
 */
export const faultKinds: readonly FaultKind[] = [
  {
    kind: "ignore_range",
    rows: [1],
    reason: "Proxies and caches answer 200 with the whole file to a request for a part: never write it at an offset.",
  },
  {
    kind: "shift_range",
    rows: [2],
    reason:
      "A cache that rounds to blocks sends another span than was asked for: Content-Range decides, not the request.",
  },
  {
    kind: "no_content_range",
    rows: [3],
    reason: "A 206 that does not say which bytes it holds cannot be placed: refuse it.",
  },
  {
    kind: "multipart",
    rows: [3],
    reason:
      "A server may wrap even one span into multipart/byteranges (RFC 9110 section 14.6): its text is not the file.",
  },
  {
    kind: "wrong_total",
    rows: [4],
    reason: "A total in Content-Range that differs from the known size means that the file is another one.",
  },
  {
    kind: "short_range",
    rows: [5],
    reason: "Servers may send less than was asked for: keep it, ask for the rest, and notice when nothing new comes.",
  },
  {
    kind: "overlong",
    rows: [6],
    reason: "A body longer than its headers say, or than the span asked for, must not be written past its end.",
  },
  {
    kind: "replace",
    rows: [7, 8],
    reason: "The file is replaced while it is downloaded: two halves of two files are not a file.",
  },
  {
    kind: "validators",
    rows: [9, 10],
    reason: "ETags that are weak, missing, or different on each storage host prove nothing across answers.",
  },
  {
    kind: "status",
    rows: [11, 12, 18, 19],
    reason:
      "Expired links, early access, rate limits, overload: the status and Retry-After say what to do, not a guess.",
  },
  {
    kind: "redirect",
    rows: [13],
    reason: "A redirect to another origin must not take Authorization, cookies or other secrets along.",
  },
  { kind: "redirect_chain", rows: [13], reason: "Some hops are normal; more than ten are refused." },
  { kind: "redirect_loop", rows: [13], reason: "A circle of redirects has to end in an error, not in silence." },
  {
    kind: "login_page",
    rows: [14],
    reason: "A page saying «sign in», with status 200, stands where the file is due: it is not the file.",
  },
  {
    kind: "error_json",
    rows: [14],
    reason: "An error in JSON with status 200, even as application/octet-stream, is not the file either.",
  },
  {
    kind: "cut",
    rows: [15],
    reason: "Connections end in mid-body, and with chunks or no length a FIN looks like success: count the bytes.",
  },
  {
    kind: "framing",
    rows: [15],
    reason: "A body without Content-Length is legal: its size has to come from elsewhere.",
  },
  {
    kind: "stall",
    rows: [16],
    reason: "Bytes stop coming while the connection stays open: only a timer for silence notices.",
  },
  {
    kind: "rate",
    rows: [16, 19],
    reason: "One slow connection must not hold up a whole download, and a slow but steady one is no fault.",
  },
  { kind: "hang", rows: [17, 21], reason: "Headers never come, as with HEAD on Civitai's download links." },
  { kind: "delay", rows: [17], reason: "Headers that come late are no fault: time-outs have to leave room." },
  {
    kind: "unsatisfiable",
    rows: [18],
    reason: "416 names the total: either everything is there, or only this part was wrong; its body is never the file.",
  },
  {
    kind: "max_connections",
    rows: [19],
    reason: "Hosts refuse above so many connections: fewer of them, and steady going, not a hammer.",
  },
  {
    kind: "corrupt",
    rows: [20],
    reason: "Right headers, wrong bytes, from a bad cache or line: only a hash of the whole file tells.",
  },
  {
    kind: "gzip",
    rows: [20],
    reason: "A body compressed though nobody asked: offsets no longer mean what they say.",
  },
  { kind: "no_answer", rows: [22], reason: "The connection ends before the answer: safe to ask again for a GET." },
  { kind: "garbage", rows: [22], reason: "What comes back is not HTTP: an error, not a file." },
];

/**
 * Tells whether a fault takes a real connection: an end by FIN or RST, bytes beyond what HTTP allows, or a body that the
 * platform decodes on the way. In one process such a fault is refused; a server shows it.
 *
 * @example
 * ```ts
 * import { needsServer } from "@civikit/civikit/testing";
 *
 * console.log(needsServer({ kind: "cut", after: 1000, how: "rst" }), needsServer({ kind: "stall", after: 1000 })); // true false
 * ```
 */
export function needsServer(fault: Fault): boolean {
  switch (fault.kind) {
    case "cut":
    case "gzip":
    case "no_answer":
    case "garbage":
      return true;
    case "short_range":
      return fault.claim === "full";
    case "overlong":
      return fault.claim === "length";
    default:
      return false;
  }
}
