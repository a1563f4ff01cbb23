import { type Clock, sleep, systemClock } from "../clock.ts";

/** Lets bytes pass at a limited rate. */
export interface Throttle {
  /** Waits until `bytes` more may pass; undefined when they may at once. */
  take(bytes: number, signal?: AbortSignal): Promise<void> | undefined;
}

/** Who waits looks this often whether the rate is another one now. */
const lookAgainMs = 250;
// what is left of a byte after a wait may miss 0 by a hair
const hair = 1e-6;

/**
 * A bandwidth limit that any number of downloads may share: each write books its bytes and waits until those booked before
 * it have passed, so that the sum never exceeds the rate over a second.
 *
 * @param bytesPerSecond The limit. A function is asked for every write, and by those who wait four times a second: so a
 * limit can follow the clock, or somebody's wish. Infinity means none.
 * @param clock Time; tests hand in a fake one.
 * @throws {RangeError} When the limit is not a positive number.
 * @example
 * ```ts
 * import { throttle } from "@civikit/civikit/transport";
 *
 * const limit = throttle(5 * 1024 * 1024);
 * console.log(limit.take(1024)); // undefined: at once
 * ```
 */
export function throttle(bytesPerSecond: number | (() => number), clock: Clock = systemClock): Throttle {
  const rateNow = typeof bytesPerSecond === "number" ? () => bytesPerSecond : bytesPerSecond;
  let rate = rateNow();
  if (!(rate > 0)) throw new RangeError(`option bytesPerSecond: ${rate} is not a positive number`);
  let booked = 0;
  let passed = 0;
  let countedAt = clock.now();

  /** Counts what has passed until now, at the rate so far, and asks for the one from now on. */
  function count(): void {
    const now = clock.now();
    if (rate === Infinity) passed = booked;
    else passed = Math.min(booked, passed + (now - countedAt) * rate / 1000);
    countedAt = now;
    rate = rateNow();
    if (rate === Infinity) passed = booked;
  }

  async function until(mark: number, signal?: AbortSignal): Promise<void> {
    for (let left = mark - passed; left > hair; left = mark - passed) {
      await sleep(clock, Math.min(lookAgainMs, left * 1000 / rate), signal);
      count();
    }
  }

  return {
    take(bytes, signal) {
      count();
      const mark = booked;
      booked += bytes;
      return mark - passed > hair ? until(mark, signal) : undefined;
    },
  };
}
