import { setImmediate } from "node:timers";
import type { Clock } from "../transport/mod.ts";

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /** How many timers are armed. */
  readonly timers: number;
  /** Moves on by `ms`, firing what falls due in order, and lets every promise settle on the way. */
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Lets every microtask run: a macrotask only starts when none is left. */
export function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/**
 * Time for tests: monotonic from 0, dates from `startDate`, both moved only by `advance`.
 *
 * @param startDate Date at 0 (default 2026-01-01T00:00:00Z).
 * @example
 * ```ts
 * import { compose, retry } from "@civikit/civikit/transport";
 * import { fakeClock, faultyOrigin } from "@civikit/civikit/testing";
 *
 * const clock = fakeClock();
 * const origin = faultyOrigin([{ kind: "status", status: 503, retryAfter: 60, times: 1 }], { files: { "/a": "hello" } });
 * const asked = compose(origin, retry({ clock })).fetch(new Request("https://files.example/a"));
 * await clock.advance(61_000); // no second is waited
 * console.log((await asked).status); // 200
 * ```
 */
export function fakeClock(startDate: number | string | Date = "2026-01-01T00:00:00Z"): FakeClock {
  const epoch = new Date(startDate).getTime();
  const timers = new Set<Timer>();
  let now = 0;

  function earliest(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
    }
    return first;
  }

  return {
    now: () => now,
    date: () => epoch + now,
    after(delayMs, callback) {
      const timer = { at: now + Math.max(0, delayMs), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get timers() {
      return timers.size;
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let timer = earliest(until); timer !== undefined; timer = earliest(until)) {
        now = Math.max(now, timer.at);
        timers.delete(timer);
        timer.callback();
        await settle();
      }
      now = until;
      await settle();
    },
  };
}
