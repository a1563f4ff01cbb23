import type { Ask } from "../ask.ts";
import { type Clock, sleep, systemClock } from "../clock.ts";
import { errorIs, statusIs } from "../errors/error_traits.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { CivikitError, NetworkError } from "../errors/errors.ts";
import { codeOfStatus, discard } from "../http/http_status.ts";
import { noOthers, wholeWithin, within } from "../errors/option.ts";
import { redactUrl } from "../http/redact.ts";
import { parseRetryAfter } from "../http/retry_after.ts";
import { middlewareOf, type Send } from "../lane.ts";
import { type Context, isHeard, type Middleware } from "../transport.ts";
import { type RetryBudget, retryBudget } from "./retry_budget.ts";

const idempotent = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/** What an attempt came to: an answer or an error. */
export interface RetryOutcome {
  /** What was asked. */
  readonly request: Request;
  /** Which attempt it was; the first is 1. */
  readonly attempt: number;
  /** The answer, if one came; its body must be left alone. */
  readonly response?: Response;
  /** What was thrown, if no answer came. */
  readonly error?: unknown;
}

/** Options of {@linkcode retry}. */
export interface RetryOptions {
  /** Most retries of one call, 0 to 20. Default 3. */
  max?: number;
  /** Shortest wait, in milliseconds; waits grow from here, with jitter. Default 500. */
  delayMs?: number;
  /** Longest wait that is of our own choosing, in milliseconds. Default 30000. */
  maxDelayMs?: number;
  /** Longest Retry-After that is waited for, in milliseconds; a longer one ends the call at once. Default 120000. */
  maxRetryAfterMs?: number;
  /** How long the call may take before its last attempt starts, in milliseconds. Default: as long as it takes. */
  deadlineMs?: number;
  /** Methods that may be repeated. Default: the idempotent ones (RFC 9110 section 9.2.2). */
  methods?: readonly string[];
  /** Tells whether a request with any other method may be repeated all the same, because it only reads. Default: none. */
  isReading?: (request: Request) => boolean;
  /** Limits retries over all calls; share one among layers. Default: a {@linkcode retryBudget} of its own. */
  budget?: RetryBudget;
  /** Tells whether an outcome other than 2xx is worth another attempt. Default {@linkcode isRetryable}. */
  shouldRetry?: (outcome: RetryOutcome) => boolean;
  /** Tells whether an answer that looks retryable never will be better; leaves its body readable. Default: none is. */
  isPermanent?: (response: Response, clock: Clock) => Promise<boolean>;
  /** A number from 0 to below 1. Default `Math.random`. */
  random?: () => number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

/** Whether an outcome may pass by itself: 408, 425, 429, 500, 502 to 504, 520 to 527, and network errors but for TLS. */
export function isRetryable({ response, error }: RetryOutcome): boolean {
  if (response !== undefined) return statusIs("passing", response.status);
  return error instanceof NetworkError && errorIs("passing", error);
}

const maxReplayBytes = 1024 * 1024;

/** A body can be sent again when there is none, or when keeping a copy is cheap: JSON, a form, or a small stated length. */
function isReplayable(ask: Ask): boolean {
  if (ask.method === "GET" || ask.method === "HEAD") return true;
  const { headers } = ask;
  if (/^application\/(json|x-www-form-urlencoded)\b/i.test(headers.get("content-type") ?? "")) return true;
  const length = headers.get("content-length");
  return length === null ? !ask.hasBody : Number(length) <= maxReplayBytes;
}

/**
 * Asks again when an answer or a network error may pass by itself. Waits grow with decorrelated jitter
 * (`min(maxDelayMs, random between delayMs and three times the last wait)`); a Retry-After, in seconds or as a date, is
 * obeyed exactly instead. It gives up at once when the wait would pass `deadlineMs` or `maxRetryAfterMs`, when the budget
 * is empty, or when the answer is permanent. The last answer is returned and the last error thrown, untouched.
 *
 * Retry is about headers: a body that breaks off is the business of `resumeTransport`.
 *
 * @throws {RangeError} when an option is out of range.
 * @throws The last attempt's error, or the reason of an aborted `request.signal`.
 * @example
 * ```ts
 * import { compose, retry } from "@civikit/civikit/transport";
 *
 * let calls = 0;
 * const shaky = { fetch: () => Promise.resolve(new Response(null, { status: ++calls < 3 ? 503 : 200 })) };
 * const response = await compose(shaky, retry({ delayMs: 1 })).fetch(new Request("https://example.test/"));
 * console.log(response.status, calls); // 200 3
 * ```
 */
export function retry({
  max = 3,
  delayMs = 500,
  maxDelayMs = 30_000,
  maxRetryAfterMs = 120_000,
  deadlineMs = Infinity,
  methods = idempotent,
  isReading = () => false,
  clock = systemClock,
  budget = retryBudget({ clock }),
  shouldRetry = isRetryable,
  isPermanent = () => Promise.resolve(false),
  random = Math.random,
  ...others
}: RetryOptions = {}): Middleware {
  noOthers<RetryOptions>("retry", others, {
    max,
    delayMs,
    maxDelayMs,
    maxRetryAfterMs,
    deadlineMs,
    methods,
    isReading,
    clock,
    budget,
    shouldRetry,
    isPermanent,
    random,
  });
  wholeWithin("max", max, 0, 20);
  within("delayMs", delayMs, 0, 600_000);
  within("maxDelayMs", maxDelayMs, delayMs, Number.MAX_SAFE_INTEGER);
  within("maxRetryAfterMs", maxRetryAfterMs, 0, Number.MAX_SAFE_INTEGER);
  within("deadlineMs", deadlineMs, 0, Infinity);
  const allowed = new Set(methods);

  /** How long to wait before the next attempt; undefined when there is none. */
  async function nextWait(
    ask: Ask,
    outcome: RetryOutcome,
    startedAt: number,
    lastMs: number,
  ): Promise<number | undefined> {
    const { response, attempt } = outcome;
    if (attempt > max || !shouldRetry(outcome)) return undefined;
    if (!allowed.has(ask.method) && !isReading(ask.request)) return undefined;
    const asked = parseRetryAfter(response?.headers.get("retry-after") ?? null, clock.date()) ?? 0;
    const waitMs = asked > 0 ? asked : Math.min(maxDelayMs, delayMs + random() * (lastMs * 3 - delayMs));
    if (asked > maxRetryAfterMs) return undefined;
    if (deadlineMs !== Infinity && clock.now() - startedAt + waitMs > deadlineMs) return undefined;
    if (response !== undefined && await isPermanent(response, clock)) return undefined;
    return budget.withdraw() ? waitMs : undefined;
  }

  /** Goes on from what the first attempt came to. */
  async function goOn(
    ask: Ask,
    next: Send,
    context: Context,
    startedAt: number,
    first: Pick<RetryOutcome, "response" | "error">,
  ): Promise<Response> {
    const replayable = isReplayable(ask);
    let came = first;
    let lastMs = delayMs;
    for (let attempt = 1;; attempt++) {
      const { response, error } = came;
      if (response?.ok) return response;
      if (response === undefined && ask.signal?.aborted) throw ask.signal.reason;
      const waitMs = replayable ? await nextWait(ask, outcomeOf(ask, attempt, came), startedAt, lastMs) : undefined;
      if (waitMs === undefined) {
        if (response === undefined) throw error;
        return response;
      }
      if (isHeard(context)) {
        context.report({
          type: "retry",
          url: redactUrl(ask.url),
          attempt: attempt + 1,
          delayMs: waitMs,
          ...(response === undefined ? { code: codeOfError(error) } : describe(response)),
        });
      }
      if (response === undefined || !response.headers.has("retry-after")) lastMs = waitMs;
      if (response !== undefined) discard(response);
      await sleep(clock, waitMs, ask.signal);
      try {
        came = { response: await next(copyOf(ask), context) };
      } catch (error) {
        came = { error };
      }
    }
  }

  return middlewareOf(function retry(ask, next, context) {
    const startedAt = deadlineMs === Infinity ? 0 : clock.now();
    budget.deposit();
    return next(copyOf(ask), context).then(
      (response) => response.ok ? response : goOn(ask, next, context, startedAt, { response }),
      (error) => goOn(ask, next, context, startedAt, { error }),
    );
  });
}

/** What is sent of an ask that may have to be sent again; without a body that is the ask itself. */
function copyOf(ask: Ask): Ask {
  return ask.method !== "GET" && ask.method !== "HEAD" && isReplayable(ask) ? ask.clone() : ask;
}

/** Makes a Request only of what somebody looks at. */
function outcomeOf(ask: Ask, attempt: number, came: Pick<RetryOutcome, "response" | "error">): RetryOutcome {
  return {
    get request() {
      return ask.request;
    },
    attempt,
    ...came,
  };
}

function describe({ status }: Response): { code: ErrorCode; status: number } {
  return { code: codeOfStatus(status), status };
}

function codeOfError(error: unknown): ErrorCode {
  return error instanceof CivikitError ? error.code : "network_error";
}
