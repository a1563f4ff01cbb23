import { type Clock, sleep, systemClock } from "../clock.ts";

/** Lets bytes pass at a limited rate. */
export interface Throttle {
  /** Waits until `bytes` more may pass; undefined when they may at once. */
  take(bytes: number, signal?: AbortSignal): Promise<void> | undefined;
}

/**
 * A bandwidth limit that any number of downloads may share: each write books its time and waits for it, so that the
 * sum never exceeds the rate over a second.
 *
 * @param bytesPerSecond The limit; asked anew for every write when it is a function. Infinity means none.
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
  const rate = typeof bytesPerSecond === "number" ? () => bytesPerSecond : bytesPerSecond;
  if (!(rate() > 0)) throw new RangeError(`option bytesPerSecond: ${rate()} is not a positive number`);
  /** When the bytes booked so far will have passed. */
  let booked = -Infinity;
  return {
    take(bytes, signal) {
      const now = clock.now();
      const due = Math.max(now, booked);
      booked = due + bytes * 1000 / rate();
      return due > now ? sleep(clock, due - now, signal) : undefined;
    },
  };
}
