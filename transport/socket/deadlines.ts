import type { Clock } from "../clock.ts";
import { NetworkError } from "../errors/errors.ts";
import { discard } from "../http/http_status.ts";
import { redactUrl } from "../http/redact.ts";
import { within } from "../errors/option.ts";
import { follow, keepAbortable, unlink, unlinkAfterBody } from "./abort.ts";
import { alarms } from "./alarms.ts";

/** Longest times in milliseconds; what is left out is not limited. */
export interface Limits {
  /** Until the headers of an answer. */
  readonly headersMs?: number | undefined;
  /** Until the end of its body. */
  readonly totalMs?: number | undefined;
}

/** What is asked for, and what aborts it. */
interface Question {
  readonly method: string;
  readonly url: string;
  readonly signal: AbortSignal;
}

/** Sends a question within the limits; what sends it gets the signal that aborts with them. */
export type SendInTime = (question: Question, send: (signal: AbortSignal) => Promise<Response>) => Promise<Response>;

/** What an alarm needs to know. It must not lead to the response: its body being garbage is what ends the total timer. */
interface Call {
  readonly question: Question;
  readonly controller: AbortController;
  given: NetworkError | undefined;
  reject: ((error: unknown) => void) | undefined;
}

const longestMs = 2 ** 31 - 1;

/**
 * Makes what sends within `limits`: past one of them, the call fails with `header_timeout` or `total_timeout`, and its
 * signal aborts.
 *
 * @throws {RangeError} when a limit is out of range.
 */
export function deadlines({ headersMs, totalMs }: Limits, clock: Clock): SendInTime {
  if (headersMs !== undefined) within("headersMs", headersMs, 1, longestMs);
  if (totalMs !== undefined) within("totalMs", totalMs, 1, longestMs);
  const headerAlarms = headersMs === undefined ? undefined : alarms(headersMs, clock);
  const totalAlarms = totalMs === undefined ? undefined : alarms(totalMs, clock);
  if (headerAlarms === undefined && totalAlarms === undefined) {
    return async ({ signal }, send) => keepAbortable(await send(signal));
  }

  return function sendInTime(question, send) {
    const call: Call = { question, controller: new AbortController(), given: undefined, reject: undefined };
    const cancelTotal = totalAlarms?.(() => expire(call, "total_timeout", `not done within ${totalMs} ms`));
    const cancelHeaders = headerAlarms?.(() => expire(call, "header_timeout", `no headers within ${headersMs} ms`));
    const link = follow(question.signal, call.controller, cancelTotal);
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
        send(call.controller.signal).then(arrived, failed);
      } catch (error) {
        failed(error);
      }
    });
  };
}

function expire(call: Call, code: "header_timeout" | "total_timeout", state: string): void {
  const { method, url } = call.question;
  const shown = redactUrl(url);
  call.given = new NetworkError(`${method} "${shown}": ${state}`, { code, url: shown });
  call.controller.abort(call.given);
  call.reject?.(call.given);
}
