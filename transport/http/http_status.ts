import { parseUnsatisfiedTotal } from "./byte_range.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { ErrorCode, ErrorReason } from "../errors/codes.ts";
import { HttpError } from "../errors/errors.ts";
import { keyReason } from "./key_reason.ts";
import { errorWords } from "./error_words.ts";
import { redactText, redactUrl } from "./redact.ts";
import { parseRetryAfter } from "./retry_after.ts";
import type { Fields } from "../fields.ts";
import type { Stop } from "../socket/stop.ts";
import type { Context } from "../transport.ts";

const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [400, "bad_request"],
  [401, "unauthorized"],
  [403, "forbidden"],
  [404, "not_found"],
  [405, "method_not_allowed"],
  [410, "gone"],
  [412, "precondition_failed"],
  [416, "range_not_satisfiable"],
  [429, "rate_limited"],
  [451, "region_blocked"],
  [500, "internal_server_error"],
  [502, "bad_gateway"],
  [503, "service_unavailable"],
  [504, "gateway_timeout"],
  [524, "cloudflare_timeout"],
]);

const nullBodyStatuses = new Set([204, 205, 304]);

/** Tells whether a response of this status cannot have a body, not even an empty one (Fetch standard). */
export function isNullBodyStatus(status: number): boolean {
  return nullBodyStatuses.has(status);
}

/**
 * The error code a status stands for (RFC 9110 section 15; Cloudflare's 520 to 527). A redirect nobody could follow is
 * `redirect_invalid`; an answer below 300, or a 304 nobody asked for, is `protocol_violation`.
 *
 * @param status A status outside 2xx.
 * @example
 * ```ts
 * console.log(codeOfStatus(429)); // rate_limited
 * console.log(codeOfStatus(522)); // cloudflare_error
 * ```
 */
export function codeOfStatus(status: number): ErrorCode {
  const code = codes.get(status);
  if (code !== undefined) return code;
  if (status >= 520 && status <= 527) return "cloudflare_error";
  if (status >= 500) return "server_error";
  if (status >= 400) return "client_error";
  return status >= 300 && status !== 304 ? "redirect_invalid" : "protocol_violation";
}

/**
 * Tells whether a refusal may be meant for the Range of a request, whatever its status: not one that speaks of who asks
 * (401, 407) or of when (408, 425, 429, Retry-After).
 */
export function mayRefuseRanges(status: number, hasRetryAfter: boolean): boolean {
  return status >= 400 && ![401, 407, 408, 425, 429].includes(status) && !hasRetryAfter;
}

/** Options of {@linkcode readText}. */
export interface ReadTextOptions {
  /** Most bytes to take. Default 8192. */
  maxBytes?: number;
  /** Longest time to wait for them, in milliseconds. Default 2000. */
  maxMs?: number;
  /** Ends the reading early. */
  signal?: Stop | undefined;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

/**
 * The first bytes of a body as text. It never throws and never hangs: what came until the body ended, broke off, or the
 * time was up is what you get, and the rest is cancelled.
 */
export async function readText(
  response: Response,
  { maxBytes = 8192, maxMs = 2000, signal, clock = systemClock }: ReadTextOptions = {},
): Promise<string> {
  if (response.body === null || response.bodyUsed || response.body.locked) return "";
  const reader = response.body.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  const cancelTimer = clock.after(maxMs, stop);
  signal?.addEventListener("abort", stop);
  const decoder = new TextDecoder();
  let text = "";
  let left = maxBytes;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.byteLength;
    }
  } catch {
    // a broken body: its beginning still says something
  } finally {
    cancelTimer();
    signal?.removeEventListener("abort", stop);
    stop();
  }
  return text;
}

/** Cancels the body of a response nobody will read, so that its connection is free again. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => {});
}

const readable = /text|json|xml|html|urlencoded|javascript/i;

/**
 * Knows better than the status what went wrong: a code, or a code with its reason. Undefined leaves the decision to
 * {@linkcode codeOfStatus}.
 *
 * @param response The answer; its body is not to be touched.
 * @param bodyText The start of its text.
 * @param url What was asked for, as it is.
 */
export type Classify = (
  response: Response,
  bodyText: string,
  url: string,
) => ErrorCode | { code: ErrorCode; reason?: ErrorReason | undefined } | undefined;

/** What was asked, as a Request or as an ask. */
export interface Asked {
  /** The method. */
  readonly method: string;
  /** The URL, as it is. */
  readonly url: string;
  /** The fields. */
  readonly headers: Fields;
  /** Gives it up. */
  readonly signal: Stop | undefined;
}

/** Options of {@linkcode httpError}. */
export interface HttpErrorReadOptions extends ReadTextOptions {
  /** Knows better than the status what went wrong; see {@linkcode Classify}. */
  classify?: Classify | undefined;
  /** The call it belongs to: its layers know whether a key was sent. */
  context?: Context | undefined;
}

/**
 * Turns an answer that is no into an error: code, start of the text (secrets cut), Retry-After. Takes the body; whatever
 * is not needed of it is cancelled.
 *
 * @param response The answer; its body must not have been read.
 * @param request What was asked.
 * @throws The reason of `request.signal` when the caller aborts meanwhile.
 * @example
 * ```ts
 * const response = Response.json({ error: "Model not found" }, { status: 404 });
 * const error = await httpError(response, new Request("https://civitai.com/api/v1/models/1"));
 * console.log(error.code, error.body); // not_found {"error":"Model not found"}
 * ```
 */
export async function httpError(
  response: Response,
  request: Asked,
  { classify, context, ...options }: HttpErrorReadOptions = {},
): Promise<HttpError> {
  const { clock = systemClock } = options;
  const { status, headers } = response;
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"), clock.date());
  let text = "";
  if (readable.test(headers.get("content-type") ?? "text")) {
    text = await readText(response, { signal: request.signal, ...options });
  } else discard(response);
  if (request.signal?.aborted) throw request.signal.reason;
  const url = redactUrl(response.url || request.url);
  const found = classify?.(response, text, request.url) ?? codeOfStatus(status);
  const { code, reason = undefined } = typeof found === "string" ? { code: found } : found;
  const words = errorWords(text);
  return new HttpError(`${request.method} "${url}": HTTP ${status}${words === undefined ? "" : `: ${words}`}`, {
    code,
    reason: reason ?? keyReason(code, request, context),
    status,
    url,
    body: redactText(text),
    retryAfterMs,
    totalBytes: status === 416 ? parseUnsatisfiedTotal(headers.get("content-range")) : undefined,
  });
}
