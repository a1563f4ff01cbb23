import { type Clock, systemClock } from "../clock.ts";
import { NetworkError } from "../errors/errors.ts";
import { discard } from "../http/http_status.ts";
import { within } from "../option.ts";
import { redactUrl } from "../http/redact.ts";
import type { Middleware } from "../transport.ts";
import { follow, keepAbortable, unlink, unlinkAfterBody } from "../socket/abort.ts";
import { alarms } from "../socket/alarms.ts";

/** Options of {@linkcode timeout}; what is left out is not limited. */
export interface TimeoutOptions {
  /** Longest wait for the headers of an answer, in milliseconds. */
  headersMs?: number;
  /** Longest time for the whole call, its body included, in milliseconds. */
  totalMs?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

const longestMs = 2 ** 31 - 1;

/**
 * Two timers that are not one. `headersMs` ends when headers arrive: a long healthy body is none of its business.
 * `totalMs` goes on over the body, which then breaks with the error. Either aborts the request below, so that its socket
 * is free. Bodies are passed as they are, never wrapped: that a body breaks is up to the transport, which sees its
 * request's signal abort.
 *
 * The inner place (next to the socket) is for `headersMs`, the outer one (around retries) for `totalMs`.
 *
 * @throws {NetworkError} `header_timeout` or `total_timeout`.
 * @throws {RangeError} when an option is out of range.
 * @example
 * ```ts
 * import { compose, fetchTransport, retry, timeout } from "@civikit/civikit/transport";
 *
 * const client = compose(fetchTransport(), timeout({ totalMs: 60_000 }), retry(), timeout({ headersMs: 30_000 }));
 * console.log(typeof client.fetch);
 * ```
 */
export function timeout({ headersMs, totalMs, clock = systemClock }: TimeoutOptions = {}): Middleware {
  if (headersMs !== undefined) within("headersMs", headersMs, 1, longestMs);
  if (totalMs !== undefined) within("totalMs", totalMs, 1, longestMs);
  const headerAlarms = headersMs === undefined ? undefined : alarms(headersMs, clock);
  const totalAlarms = totalMs === undefined ? undefined : alarms(totalMs, clock);
  if (headerAlarms === undefined && totalAlarms === undefined) return (request, next) => next(request);

  return function timeout(request, next) {
    const call: Call = { request, controller: new AbortController(), given: undefined, reject: undefined };
    const cancelTotal = totalAlarms?.(() => expire(call, "total_timeout", `not done within ${totalMs} ms`));
    const cancelHeaders = headerAlarms?.(() => expire(call, "header_timeout", `no headers within ${headersMs} ms`));
    const link = follow(request.signal, call.controller, cancelTotal);
    return new Promise((resolve, reject) => {
      call.reject = reject;

      function arrived(response: Response): void {
        cancelHeaders?.();
        call.reject = undefined;
        if (call.given !== undefined) {
          discard(response);
          return unlink(link);
        }
        unlinkAfterBody(response, link);
        resolve(keepAbortable(response));
      }

      function failed(error: unknown): void {
        cancelHeaders?.();
        call.reject = undefined;
        unlink(link);
        reject(error);
      }

      try {
        next(new Request(request, { signal: call.controller.signal })).then(arrived, failed);
      } catch (error) {
        failed(error);
      }
    });
  };
}

/** What an alarm needs to know. It must not lead to the response: its body being garbage is what ends the total timer. */
interface Call {
  readonly request: Request;
  readonly controller: AbortController;
  given: NetworkError | undefined;
  reject: ((error: unknown) => void) | undefined;
}

function expire(call: Call, code: "header_timeout" | "total_timeout", state: string): void {
  const { method, url } = call.request;
  const shown = redactUrl(url);
  call.given = new NetworkError(`${method} "${shown}": ${state}`, { code, url: shown });
  call.controller.abort(call.given);
  call.reject?.(call.given);
}
