import type { Ask } from "../ask.ts";
import { type Clock, systemClock } from "../clock.ts";
import { HttpError } from "../errors/errors.ts";
import { noOthers, wholeWithin, within } from "../errors/option.ts";
import { redactUrl } from "../http/redact.ts";
import { middlewareOf, type Send } from "../lane.ts";
import { parseRetryAfter } from "../http/retry_after.ts";
import type { Context, Middleware } from "../transport.ts";

/** A request that waits for its turn in {@linkcode rateLimit}. */
export interface Waiter {
  /** Called once, when the request may start. */
  grant(): void;
  /** Called when the host asks for a pause of `pauseMs` milliseconds; a waiter that will not wait so long leaves the queue. */
  hold(pauseMs: number): void;
}

/** What {@linkcode rateLimit} knows about a host. */
export interface HostLimit {
  /** Requests that have started and have no headers yet. */
  active: number;
  /** Most of them at the moment: `concurrency` in good times, less after a refusal. */
  limit: number;
  /** Nobody starts before this moment of the clock. */
  pausedUntil: number;
  /** Starts that the token bucket grants at once, counted at `refilledAt`. */
  tokens: number;
  /** When `tokens` was counted. */
  refilledAt: number;
  /** When the last request started. */
  startedAt: number;
  /** Refusals so far: tells which requests started before the last one. */
  refusals: number;
  /** Refusals in a row. */
  strikes: number;
  /** Good answers since the limit last changed. */
  successes: number;
  /** Who waits, first come first. */
  readonly queue: Set<Waiter>;
  /** Cancels the timer that looks at the queue again, if one is armed. */
  cancelTimer: (() => void) | undefined;
}

/** Options of {@linkcode rateLimit}. */
export interface RateLimitOptions {
  /** The state by host: hand in your own map to look at it or to share it. */
  hosts?: Map<string, HostLimit>;
  /** Most requests without headers yet, for each host, 1 to 1000. Default 8. */
  concurrency?: number;
  /** Most starts a second on average, for each host. Default: no limit. */
  perSecond?: number;
  /** Starts that may come at once after a quiet time, when `perSecond` is set. Default: one second's worth, at least 1. */
  burst?: number;
  /** Shortest time between two starts at a host, in milliseconds. Default 0. */
  requestDelayMs?: number;
  /** Pause after a 429 without Retry-After, in milliseconds; doubles with each in a row, up to a minute. Default 5000. */
  pauseMs?: number;
  /**
   * Longest pause a host may ask for that requests wait for, in milliseconds: while more than that is left of one, they are
   * refused. Default 120000.
   */
  maxRetryAfterMs?: number;
  /**
   * Whether a refusal pauses the host and lowers its concurrency. Default true; false leaves it to each request, and to
   * `retry`, how long it waits.
   */
  adapt?: boolean;
  /** Good answers after which a lowered limit rises by one. Default 10. */
  recoverAfter?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

const longestPauseMs = 60_000;
// what is left of a token after a wait may miss 1 by a hair
const hair = 1e-6;

function notSent({ method, url }: Ask, host: string, pauseMs: number): HttpError {
  const shown = redactUrl(url);
  const seconds = Math.ceil(pauseMs / 1000);
  return new HttpError(`${method} "${shown}": not sent, ${host} asked for a pause of another ${seconds} s`, {
    code: "rate_limited",
    status: 429,
    url: shown,
    retryAfterMs: pauseMs,
  });
}

/**
 * Lets requests to a host start in order of arrival, within a concurrency, a token bucket and a spacing. A 429, or a 503
 * with Retry-After, pauses the whole host for that long and halves its concurrency (never below 1); it comes back one
 * step for every ten good answers. Requests that had started before the refusal do not halve it again. Who has to wait for a
 * pause is told at once, by an event `wait`; a pause longer than `maxRetryAfterMs` nobody waits for.
 *
 * A place is taken until headers arrive, not until the body ends: long bodies hold no place, and a retry outside of this
 * layer holds none while it waits. A caller who aborts while waiting leaves the queue.
 *
 * @throws {RangeError} when an option is out of range.
 * @throws {HttpError} `rate_limited`, with what is left of the pause as `retryAfterMs`, for a request that was not sent.
 * @throws The reason of `request.signal`, when it aborts while waiting.
 * @example
 * ```ts
 * import { compose, fetchTransport, type HostLimit, rateLimit } from "@civikit/civikit/transport";
 *
 * const hosts = new Map<string, HostLimit>();
 * const client = compose(fetchTransport(), rateLimit({ hosts, concurrency: 4, perSecond: 10 }));
 * console.log(typeof client.fetch, hosts.get("civitai.com")?.queue.size ?? 0);
 * ```
 */
export function rateLimit({
  hosts = new Map(),
  concurrency = 8,
  perSecond = Infinity,
  burst = perSecond === Infinity ? 1 : Math.max(1, perSecond),
  requestDelayMs = 0,
  pauseMs = 5000,
  maxRetryAfterMs = 120_000,
  adapt = true,
  recoverAfter = 10,
  clock = systemClock,
  ...others
}: RateLimitOptions = {}): Middleware {
  noOthers<RateLimitOptions>("rateLimit", others, {
    hosts,
    concurrency,
    perSecond,
    burst,
    requestDelayMs,
    pauseMs,
    maxRetryAfterMs,
    adapt,
    recoverAfter,
    clock,
  });
  wholeWithin("concurrency", concurrency, 1, 1000);
  within("perSecond", perSecond, Number.MIN_VALUE, Infinity);
  within("burst", burst, 1, 1e9);
  within("requestDelayMs", requestDelayMs, 0, 600_000);
  within("pauseMs", pauseMs, 0, longestPauseMs);
  within("maxRetryAfterMs", maxRetryAfterMs, 0, Number.MAX_SAFE_INTEGER);
  wholeWithin("recoverAfter", recoverAfter, 1, 1e9);
  const paced = perSecond !== Infinity || requestDelayMs > 0;

  function entry(host: string): HostLimit {
    let state = hosts.get(host);
    if (state === undefined) {
      state = {
        active: 0,
        limit: concurrency,
        pausedUntil: -Infinity,
        tokens: burst,
        refilledAt: clock.now(),
        startedAt: -Infinity,
        refusals: 0,
        strikes: 0,
        successes: 0,
        queue: new Set(),
        cancelTimer: undefined,
      };
      hosts.set(host, state);
    }
    return state;
  }

  /** How long until the next start, in milliseconds; Infinity while only a free place helps. */
  function untilStart(state: HostLimit): number {
    if (state.active >= state.limit) return Infinity;
    if (!paced && state.pausedUntil === -Infinity) return 0;
    const now = clock.now();
    let waitMs = Math.max(0, state.pausedUntil - now);
    if (requestDelayMs > 0) waitMs = Math.max(waitMs, state.startedAt + requestDelayMs - now);
    if (perSecond !== Infinity) {
      state.tokens = Math.min(burst, state.tokens + (now - state.refilledAt) / 1000 * perSecond);
      state.refilledAt = now;
      if (state.tokens < 1 - hair) waitMs = Math.max(waitMs, (1 - state.tokens) / perSecond * 1000);
    }
    return waitMs;
  }

  function start(state: HostLimit): void {
    state.active++;
    if (!paced) return;
    state.tokens = Math.max(0, state.tokens - 1);
    state.startedAt = clock.now();
  }

  /** Starts whoever may start, and looks again when time alone will let the next one through. */
  function serve(state: HostLimit): void {
    state.cancelTimer?.();
    state.cancelTimer = undefined;
    for (const waiter of state.queue) {
      const waitMs = untilStart(state);
      if (waitMs > 0) {
        if (waitMs !== Infinity) state.cancelTimer = clock.after(Math.ceil(waitMs), () => serve(state));
        return;
      }
      state.queue.delete(waiter);
      start(state);
      waiter.grant();
    }
  }

  function turn(state: HostLimit, host: string, ask: Ask, context: Context): Promise<void> {
    const { signal } = ask;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const since = clock.now();
      const leave = (reason: unknown) => {
        signal?.removeEventListener("abort", abort);
        state.queue.delete(waiter);
        if (state.queue.size === 0) serve(state);
        reject(reason);
      };
      const abort = () => leave(signal!.reason);
      const waiter: Waiter = {
        grant() {
          signal?.removeEventListener("abort", abort);
          context.report({ type: "queue", host, waitMs: clock.now() - since });
          resolve();
        },
        hold(pauseMs) {
          if (pauseMs > maxRetryAfterMs) leave(notSent(ask, host, pauseMs));
          else context.report({ type: "wait", host, waitMs: pauseMs });
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      state.queue.add(waiter);
      if (state.pausedUntil > since) waiter.hold(state.pausedUntil - since);
      if (state.queue.size === 1) serve(state);
    });
  }

  function change(state: HostLimit, host: string, limit: number, context: Context): void {
    state.limit = limit;
    state.successes = 0;
    const pauseLeftMs = Math.max(0, state.pausedUntil - clock.now());
    context.report({ type: "limit", host, limit, pauseMs: pauseLeftMs });
  }

  /** `fresh`: the request started after the last refusal, so this one is news. */
  function refused(
    state: HostLimit,
    host: string,
    askedMs: number | undefined,
    fresh: boolean,
    context: Context,
  ): void {
    if (fresh) state.strikes++;
    const ownMs = Math.min(longestPauseMs, pauseMs * 2 ** Math.max(0, state.strikes - 1));
    const now = clock.now();
    const until = now + (askedMs ?? ownMs);
    if (until > state.pausedUntil) {
      state.pausedUntil = until;
      for (const waiter of state.queue) waiter.hold(until - now);
    }
    if (!fresh) return;
    state.refusals++;
    change(state, host, Math.max(1, Math.floor(state.limit / 2)), context);
  }

  function accepted(state: HostLimit, host: string, context: Context): void {
    state.strikes = 0;
    if (state.pausedUntil !== -Infinity && state.pausedUntil <= clock.now()) state.pausedUntil = -Infinity;
    if (state.limit < concurrency && ++state.successes >= recoverAfter) change(state, host, state.limit + 1, context);
  }

  /** Learns from an answer to a request that started after so many `refusals`. */
  function learn(response: Response, state: HostLimit, host: string, refusals: number, context: Context): void {
    const { status } = response;
    if (status === 429 || status === 503) {
      const askedMs = parseRetryAfter(response.headers.get("retry-after"), clock.date());
      if (status === 429 || askedMs !== undefined) refused(state, host, askedMs, refusals === state.refusals, context);
    } else if (status < 500 && refusals === state.refusals) accepted(state, host, context);
  }

  function finish(state: HostLimit): void {
    state.active--;
    if (state.queue.size > 0) serve(state);
  }

  /** Sends what has its turn. */
  function send(ask: Ask, state: HostLimit, next: Send, context: Context): Promise<Response> {
    const { refusals } = state;
    return next(ask, context).then((response) => {
      if (adapt) learn(response, state, ask.host, refusals, context);
      finish(state);
      return response;
    }, (error) => {
      finish(state);
      throw error;
    });
  }

  return middlewareOf(function rateLimit(ask, next, context) {
    const state = entry(ask.host);
    if (state.queue.size > 0 || untilStart(state) > 0) {
      return turn(state, ask.host, ask, context).then(() => send(ask, state, next, context));
    }
    start(state);
    return send(ask, state, next, context);
  });
}
