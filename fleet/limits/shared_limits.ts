import { randomUUID } from "node:crypto";
import {
  type Ask,
  middlewareOf,
  noOthers,
  parseRetryAfter,
  redactUrl,
  sleep,
  systemClock,
  within,
} from "../../transport/internal.ts";
import { type Clock, type Context, HttpError, type Middleware } from "../../transport/mod.ts";
import { whileThere } from "../cache/while_there.ts";
import type { RedisClient } from "../open_redis.ts";
import { pauseHost, takePlace } from "./limit_scripts.ts";

/** Options of {@linkcode sharedLimits}. */
export interface SharedLimitsOptions {
  /** Most starts a second at each host, by all machines together. Default: no limit but the pauses. */
  perSecond?: number;
  /** Starts that may come at once after a quiet time. Default 1. */
  burst?: number;
  /** Pause after a 429 without Retry-After, in milliseconds; doubles with each in a row, up to a minute. Default 5000. */
  pauseMs?: number;
  /** Longest pause that is waited for, in milliseconds; while more is left of one, requests are refused. Default 120000. */
  maxRetryAfterMs?: number;
  /** What all keys begin with. Default: `{civikit}:limits:`. */
  prefix?: string;
  /** How long Redis may take to answer, in milliseconds, until this machine goes by itself. Default 500. */
  patienceMs?: number;
  /** Where time comes from. Default: the clock of Redis, which is the same for all machines. */
  clock?: Clock;
}

const longestPauseMs = 60_000;

/** A place at a host. */
interface Place {
  readonly waitMs: number;
  readonly epoch: string;
  readonly pauseMs: number;
}

/** What one machine does when it cannot ask: its share of the bucket. */
interface Alone {
  fullMs: number;
  machines: number;
}

/**
 * A limit for all machines together: one token bucket for each host, and pauses that hold for everybody, since a 429
 * stops the machine that got it and all others. Places are given out in order of asking, one round trip each. When Redis
 * is away each machine keeps to its share: the bucket through the machines that asked within the last minute.
 *
 * It belongs directly around the socket, inside of `rateLimit` (which bounds what is under way on this machine) and of
 * `retry`: pass it in `layers` of `createTransport()`.
 *
 * @param client Redis or Valkey, opened by `openRedis()`; it stays open.
 * @param options See {@linkcode SharedLimitsOptions}.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts ignore
 * import { createTransport } from "@civikit/civikit";
 * import { openRedis, sharedLimits } from "@civikit/civikit/fleet";
 *
 * const client = await openRedis("redis://127.0.0.1:6379");
 * using transport = createTransport({ layers: [sharedLimits(client, { perSecond: 5 })] });
 * ```
 */
export function sharedLimits(client: RedisClient, {
  perSecond = Infinity,
  burst = 1,
  pauseMs = 5000,
  maxRetryAfterMs = 120_000,
  prefix = "{civikit}:limits:",
  patienceMs = 500,
  clock,
  ...others
}: SharedLimitsOptions = {}): Middleware {
  noOthers<SharedLimitsOptions>("sharedLimits", others, {
    ...{ perSecond, burst, pauseMs, maxRetryAfterMs, prefix, patienceMs, clock },
  });
  within("perSecond", perSecond, Number.MIN_VALUE, Infinity);
  within("burst", burst, 1, 1e6);
  within("pauseMs", pauseMs, 0, longestPauseMs);
  within("maxRetryAfterMs", maxRetryAfterMs, 0, Number.MAX_SAFE_INTEGER);
  within("patienceMs", patienceMs, 1);
  const time = clock ?? systemClock;
  const { tried } = whileThere(client, patienceMs, time);
  const self = randomUUID();
  const alone = new Map<string, Alone>();
  const betweenMs = perSecond === Infinity ? 0 : 1000 / perSecond;
  const nowWord = () => clock === undefined ? "" : String(clock.date());

  function shareOf(host: string): Alone {
    let share = alone.get(host);
    if (share === undefined) alone.set(host, share = { fullMs: -Infinity, machines: 1 });
    return share;
  }

  /** The next place by what this machine knows. */
  function ownPlace(host: string): Place {
    const share = shareOf(host);
    const slack = (burst - 1) * betweenMs;
    const now = time.now();
    const full = Math.max(share.fullMs, now);
    share.fullMs = full + betweenMs * share.machines;
    return { waitMs: Math.max(0, full - slack - now), epoch: "", pauseMs: 0 };
  }

  async function placeAt(host: string): Promise<Place> {
    const answer = await tried(
      () =>
        client.eval(
          ...[takePlace, 2, `${prefix}${host}`, `${prefix}${host}:machines`, nowWord(), betweenMs] as const,
          ...[(burst - 1) * betweenMs, self] as const,
        ),
      undefined,
    );
    if (answer === undefined) return ownPlace(host);
    const [waitMs, epoch, pauseMs, machines] = answer as [string, string, string, number];
    const share = shareOf(host);
    share.machines = Math.max(1, machines);
    share.fullMs = time.now();
    return { waitMs: Number(waitMs), epoch, pauseMs: Number(pauseMs) };
  }

  const epochOf = (host: string) => tried(async () => await client.hget(`${prefix}${host}`, "epoch") ?? "0", undefined);

  /** Waits for its turn; the epoch it starts in. A pause that begins meanwhile holds for those who wait, too. */
  async function turn(ask: Ask, context: Context): Promise<string> {
    const { host, signal } = ask;
    for (;;) {
      const { waitMs, epoch, pauseMs: restMs } = await placeAt(host);
      if (restMs > maxRetryAfterMs) {
        const shown = redactUrl(ask.url);
        const seconds = Math.ceil(restMs / 1000);
        throw new HttpError(`${ask.method} "${shown}": not sent, ${host} asked for a pause of another ${seconds} s`, {
          ...{ code: "rate_limited", status: 429, url: shown, retryAfterMs: restMs },
        });
      }
      if (restMs > 0) context.report({ type: "wait", host, waitMs });
      if (waitMs <= 0) return epoch;
      await sleep(time, Math.ceil(waitMs), signal);
      const now = await epochOf(host);
      if (now === undefined || epoch === "" || now === epoch) return epoch;
    }
  }

  async function learn({ status, headers }: Response, host: string, epoch: string): Promise<void> {
    if (status !== 429 && status !== 503) return;
    const askedMs = parseRetryAfter(headers.get("retry-after"), time.date());
    if (status === 503 && askedMs === undefined) return;
    await tried(
      () =>
        client.eval(
          ...[pauseHost, 1, `${prefix}${host}`, nowWord(), epoch, askedMs ?? "", pauseMs, longestPauseMs] as const,
        ),
      undefined,
    );
  }

  return middlewareOf(async function sharedLimits(ask, next, context) {
    const epoch = await turn(ask, context);
    const response = await next(ask, context);
    await learn(response, ask.host, epoch);
    return response;
  });
}
