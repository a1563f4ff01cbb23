import { type Clock, systemClock } from "../clock.ts";
import { noOthers } from "../errors/option.ts";
import { middlewareOf } from "../lane.ts";
import { deadlines } from "../socket/deadlines.ts";
import type { Middleware } from "../transport.ts";

/** Options of {@linkcode timeout}; what is left out is not limited. */
export interface TimeoutOptions {
  /** Longest wait for the headers of an answer, in milliseconds. */
  headersMs?: number;
  /** Longest time for the whole call, its body included, in milliseconds. */
  totalMs?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

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
export function timeout({ headersMs, totalMs, clock = systemClock, ...others }: TimeoutOptions = {}): Middleware {
  noOthers<TimeoutOptions>("timeout", others, { headersMs, totalMs, clock });
  const sendInTime = deadlines({ headersMs, totalMs }, clock);
  if (headersMs === undefined && totalMs === undefined) return (request, next) => next(request);
  return middlewareOf(function timeout(ask, next, context) {
    return sendInTime(ask, (signal, ends) => next(ask.withSignal(signal!, ends), context));
  });
}
