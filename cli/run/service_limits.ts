import type { RateLimit, SlowMode } from "../../hub/mod.ts";
import { type RateControl, rateControl, type RateRule } from "../../hub/run/mod.ts";
import { systemClock } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";

/** The limit of all downloads of a service, and who may change it. */
export interface ServiceLimits extends Pick<RateControl, "throttle"> {
  /** The limit. */
  readonly limit: RateLimit;
  /** Slow mode. */
  readonly slowMode: SlowMode;
}

/** What the settings say, asked anew each time. */
export interface LimitRules {
  /** The limit by the clock on the wall; undefined: none. */
  rule(): RateRule | undefined;
  /** That of slow mode. */
  slowRule(): RateRule;
}

/** A limit that follows the settings, what was set over it, and slow mode: of them, the least. */
export function serviceLimits({ rule, slowRule }: LimitRules, clock: Clock = systemClock): ServiceLimits {
  let given: number | undefined;
  let isOn = false;
  const set = (now: Date) => given ?? rule()?.(now) ?? Infinity;
  const { throttle } = rateControl((now) => Math.min(set(now), isOn ? slowRule()(now) : Infinity), clock);
  const today = () => new Date(clock.date());
  return {
    throttle,
    limit: {
      bytesPerSecond() {
        const rate = set(today());
        return Number.isFinite(rate) ? rate : undefined;
      },
      set: (bytesPerSecond) => given = bytesPerSecond ?? Infinity,
    },
    slowMode: {
      get isOn() {
        return isOn;
      },
      get bytesPerSecond() {
        return slowRule()(today());
      },
      set: (value) => isOn = value,
    },
  };
}
