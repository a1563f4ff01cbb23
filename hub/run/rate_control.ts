import { type Clock, type Throttle, throttle } from "../../transport/mod.ts";
import { systemClock } from "../../transport/internal.ts";

/** Bytes a second that are allowed at a time; Infinity is no limit. */
export type RateRule = (now: Date) => number;

/** A limit of the rate of everything together, which may change while downloads run. */
export interface RateControl {
  /** For the options of downloads. */
  readonly throttle: Throttle;
  /** Bytes a second that are allowed now; Infinity is no limit. */
  bytesPerSecond(): number;
  /** From now on, and for those who wait already, another rule holds; undefined is no limit. */
  set(rule: RateRule | undefined): void;
}

const unlimited: RateRule = () => Infinity;

/**
 * Begins with `rule`, which may follow the clock on the wall.
 *
 * @param rule What is allowed. Default: everything.
 * @param clock Time; tests hand in a fake one.
 * @throws {RangeError} When what it allows now is not a positive number.
 */
export function rateControl(rule: RateRule = unlimited, clock: Clock = systemClock): RateControl {
  let current = rule;
  const bytesPerSecond = () => current(new Date(clock.date()));
  return {
    throttle: throttle(bytesPerSecond, clock),
    bytesPerSecond,
    set: (rule = unlimited) => void (current = rule),
  };
}
