import type { ErrorCode, ErrorReason } from "../errors/codes.ts";
import { CivikitError, InputError, NetworkError } from "../errors/errors.ts";
import { redactText, redactUrl } from "../http/redact.ts";
import { missingRight } from "../errors/rights.ts";

/**
 * What the platform's words mean, first match wins. The wording is that of Deno 2.9 (hyper, h2, rustls), each phrase
 * provoked by a real server in the tests; anything unknown becomes `network_error`.
 */
const meanings: readonly (readonly [RegExp, ErrorCode])[] = [
  [/too many open files/i, "too_many_files"],
  [/dns error|failed to lookup address/i, "dns_failed"],
  // A handshake that breaks off says nothing about the certificate: it may well work next time.
  [/tls handshake eof|unexpected eof while tunneling/i, "connection_reset"],
  [
    /peer certificate|received (?:corrupt|fatal|unexpected|inappropriate)|peer (?:is incompatible|misbehaved|sent)/i,
    "tls_failed",
  ],
  [/\((?:Connect)\)/, "connect_failed"],
  [/connection (?:closed|reset|aborted|error)|broken pipe|os error (?:32|54|104|10053|10054)\b/i, "connection_reset"],
  [
    /stream (?:closed|error)|reading a body|end of file|unexpected eof|close_notify|channel closed/i,
    "connection_reset",
  ],
];

/** Wraps what the platform's `fetch` threw for `url`, once; a copy of the original without the URL is the `cause`. */
export function wrapNetworkError(error: unknown, url: string): CivikitError {
  if (error instanceof CivikitError) return error;
  const right = missingRight(error);
  if (right !== undefined) return failure("fetching", "permission_denied", error, right.state, url, right.reason);
  const original = innermost(error);
  const detail = detailOf(original, url);
  if (/requests to port \d+ are blocked/i.test(detail)) {
    const input = redactUrl(url);
    return new InputError(`fetching "${input}": ${detail}`, { code: "invalid_url", input });
  }
  return failure("fetching", codeOf(detail), original, detail, url);
}

/**
 * Wraps what reading a response's body threw, once. The platform tells little at that point (a cut, a reset and a bad
 * chunk read alike), so most of it is `connection_reset`; a stream that cannot be decoded is `network_error`. Ask the
 * request's signal first: an abort is not a network error.
 *
 * @param error What the reader threw.
 * @param url What was asked for, as it is; only its redacted form is kept.
 * @returns The error itself, if it is a NetworkError already.
 * @example
 * ```ts
 * const error = wrapBodyError(new TypeError("error reading a body from connection"), "https://b2.example/f?sig=ab12");
 * console.log(error.code, error.url); // connection_reset https://b2.example/f?[redacted]
 * ```
 */
export function wrapBodyError(error: unknown, url: string): NetworkError {
  if (error instanceof NetworkError) return error;
  const original = innermost(error);
  const detail = detailOf(original, url);
  return failure("reading", codeOf(detail), original, detail, url);
}

/** The deepest cause: outer ones only say that fetching failed. */
function innermost(error: unknown): unknown {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  return deepest;
}

/** The part of a message that tells what happened; it names no URL, signed or not. */
function detailOf(error: unknown, url: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const start = message.indexOf("client error (");
  if (start >= 0) return redactText(message.slice(start));
  const named = message.startsWith("error sending request") ? message.lastIndexOf("): ") : -1;
  return redactText(named >= 0 ? message.slice(named + 3) : message.replaceAll(url, redactUrl(url)));
}

function codeOf(detail: string): ErrorCode {
  return meanings.find(([phrase]) => phrase.test(detail))?.[1] ?? "network_error";
}

function failure(
  action: string,
  code: ErrorCode,
  original: unknown,
  detail: string,
  url: string,
  reason?: ErrorReason,
): NetworkError {
  const cause = new Error(detail);
  cause.name = original instanceof Error ? original.name : "Error";
  const state = detail.replace(/^client error \(\w+\): /, "");
  const redacted = redactUrl(url);
  return new NetworkError(`${action} "${redacted}": ${state}`, { code, reason, url: redacted, cause });
}
