import type { Ask } from "../ask.ts";
import type { Clock } from "../clock.ts";
import { NetworkError } from "../errors/errors.ts";
import { discard } from "../http/http_status.ts";
import { redactUrl } from "../http/redact.ts";
import { within } from "../errors/option.ts";
import { holdWhileRead, keepAbortable } from "./abort.ts";
import { type Alarm, alarms } from "./alarms.ts";
import { Follower, type Hold, type Stop } from "./stop.ts";

/** Longest times in milliseconds; what is left out is not limited. */
export interface Limits {
  /** Until the headers of an answer. */
  readonly headersMs?: number | undefined;
  /** Until the end of its body. */
  readonly totalMs?: number | undefined;
}

/**
 * Sends an ask within the limits. What sends it gets what aborts with them, and where to put what is to be let go of after
 * the body; `errorOf` may make another error of one that it rejects with.
 */
export type SendInTime = (
  ask: Ask,
  send: (signal: Stop | undefined, ends: Ask["ends"]) => Promise<Response>,
  errorOf?: (error: unknown) => unknown,
) => Promise<Response>;

/**
 * A call that has limits. It must not lead to the response: its body being garbage is what ends the total timer. Nor to the
 * request, which would live as long.
 */
class TimedCall extends Follower {
  readonly method: string;
  readonly url: string;
  given: NetworkError | undefined = undefined;
  reject: ((error: unknown) => void) | undefined = undefined;
  total: Alarm | undefined = undefined;

  constructor({ method, url, signal }: Ask) {
    super(signal);
    this.method = method;
    this.url = url;
  }

  override get isHeld(): boolean {
    return this.total !== undefined || super.isHeld;
  }

  override release(): void {
    super.release();
    this.total?.cancel();
  }

  expire(code: "header_timeout" | "total_timeout", state: string): void {
    const shown = redactUrl(this.url);
    this.given = new NetworkError(`${this.method} "${shown}": ${state}`, { code, url: shown });
    this.abort(this.given);
    this.reject?.(this.given);
  }
}

const longestMs = 2 ** 31 - 1;

/**
 * Makes what sends within `limits`: past one of them, the call fails with `header_timeout` or `total_timeout`, and what it
 * was sent with aborts.
 *
 * @throws {RangeError} when a limit is out of range.
 */
export function deadlines({ headersMs, totalMs }: Limits, clock: Clock): SendInTime {
  if (headersMs !== undefined) within("headersMs", headersMs, 1, longestMs);
  if (totalMs !== undefined) within("totalMs", totalMs, 1, longestMs);
  const setHeaders = headersMs === undefined ? undefined : alarms<TimedCall>(headersMs, clock, (call) => {
    call.expire("header_timeout", `no headers within ${headersMs} ms`);
  });
  const setTotal = totalMs === undefined ? undefined : alarms<TimedCall>(totalMs, clock, (call) => {
    call.expire("total_timeout", `not done within ${totalMs} ms`);
  });
  if (setHeaders === undefined && setTotal === undefined) {
    return async (ask, send, errorOf = asItIs) => {
      try {
        const response = await send(ask.signal, ask.ends);
        return ask.ends === undefined ? keepAbortable(response) : response;
      } catch (error) {
        throw errorOf(error);
      }
    };
  }

  return function sendInTime(ask, send, errorOf = asItIs) {
    const call = new TimedCall(ask);
    call.total = setTotal?.(call);
    const headers = setHeaders?.(call);
    const isPromised = ask.ends !== undefined;
    const ends: Hold[] = ask.ends ?? [];
    return new Promise((resolve, reject) => {
      call.reject = reject;

      function arrived(response: Response): void {
        headers?.cancel();
        call.reject = undefined;
        if (call.given === undefined) return resolve(holdWhileRead(response, call, ends, isPromised));
        discard(response);
        call.release();
      }

      function failed(error: unknown): void {
        headers?.cancel();
        call.reject = undefined;
        call.release();
        reject(errorOf(error));
      }

      try {
        send(call, ends).then(arrived, failed);
      } catch (error) {
        failed(error);
      }
    });
  };
}

const asItIs = (error: unknown): unknown => error;
