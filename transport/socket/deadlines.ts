import type { Ask } from "../ask.ts";
import type { Clock } from "../clock.ts";
import { NetworkError } from "../errors/errors.ts";
import { discard } from "../http/http_status.ts";
import { redactUrl } from "../http/redact.ts";
import { within } from "../errors/option.ts";
import { follow, keepAbortable, type Link, unlink, unlinkAfterBody } from "./abort.ts";
import { type Alarm, alarms } from "./alarms.ts";
import type { Aborter } from "./stop.ts";

/** Longest times in milliseconds; what is left out is not limited. */
export interface Limits {
  /** Until the headers of an answer. */
  readonly headersMs?: number | undefined;
  /** Until the end of its body. */
  readonly totalMs?: number | undefined;
}

/**
 * Sends an ask within the limits; what sends it gets what aborts with them, and `errorOf` may make another error of one
 * that it rejects with.
 */
export type SendInTime<A extends Aborter> = (
  ask: Ask,
  send: (signal: A["signal"] | Ask["signal"]) => Promise<Response>,
  errorOf?: (error: unknown) => unknown,
) => Promise<Response>;

/**
 * What an alarm needs to know. It must not lead to the response: its body being garbage is what ends the total timer. Nor
 * to the request, which would live as long.
 */
interface Call {
  readonly method: string;
  readonly url: string;
  readonly aborter: Aborter;
  given: NetworkError | undefined;
  reject: ((error: unknown) => void) | undefined;
}

const longestMs = 2 ** 31 - 1;

/**
 * Makes what sends within `limits`: past one of them, the call fails with `header_timeout` or `total_timeout`, and what
 * `newAborter` made for it aborts.
 *
 * @throws {RangeError} when a limit is out of range.
 */
export function deadlines<A extends Aborter>(
  { headersMs, totalMs }: Limits,
  clock: Clock,
  newAborter: () => A,
): SendInTime<A> {
  if (headersMs !== undefined) within("headersMs", headersMs, 1, longestMs);
  if (totalMs !== undefined) within("totalMs", totalMs, 1, longestMs);
  const headers = headersMs === undefined ? undefined : alarms<Call>(headersMs, clock, (call) => {
    expire(call, "header_timeout", `no headers within ${headersMs} ms`);
  });
  const total = totalMs === undefined ? undefined : alarms<Call>(totalMs, clock, (call) => {
    expire(call, "total_timeout", `not done within ${totalMs} ms`);
  });
  if (headers === undefined && total === undefined) {
    return async (ask, send, errorOf = asItIs) => {
      try {
        return kept(await send(ask.signal), ask);
      } catch (error) {
        throw errorOf(error);
      }
    };
  }

  return function sendInTime(ask, send, errorOf = asItIs) {
    const aborter = newAborter();
    const call: Call = { method: ask.method, url: ask.url, aborter, given: undefined, reject: undefined };
    const totalAlarm = total?.(call);
    const headersAlarm = headers?.(call);
    const link = linked(ask.signal, aborter, totalAlarm);
    return new Promise((resolve, reject) => {
      call.reject = reject;

      function arrived(response: Response): void {
        headersAlarm?.cancel();
        call.reject = undefined;
        if (call.given !== undefined) {
          discard(response);
          return unlink(link);
        }
        unlinkAfterBody(response, link, ask.ends);
        resolve(kept(response, ask));
      }

      function failed(error: unknown): void {
        headersAlarm?.cancel();
        call.reject = undefined;
        unlink(link);
        reject(errorOf(error));
      }

      try {
        send(aborter.signal).then(arrived, failed);
      } catch (error) {
        failed(error);
      }
    });
  };
}

/** A function of its own, for what is in sight of a link lives as long as the body. */
function linked(signal: Ask["signal"], aborter: Aborter, total: Alarm | undefined): Link {
  return follow(signal, aborter, total && (() => total.cancel()));
}

const asItIs = (error: unknown): unknown => error;

/** Whoever promised to say when the body has ended also keeps the response as long. */
function kept(response: Response, { ends }: Ask): Response {
  return ends === undefined ? keepAbortable(response) : response;
}

function expire(call: Call, code: "header_timeout" | "total_timeout", state: string): void {
  const { method, url } = call;
  const shown = redactUrl(url);
  call.given = new NetworkError(`${method} "${shown}": ${state}`, { code, url: shown });
  call.aborter.abort(call.given);
  call.reject?.(call.given);
}
