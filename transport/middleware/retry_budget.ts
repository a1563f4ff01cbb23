import { type Clock, systemClock } from "../clock.ts";
import { noOthers, within } from "../errors/option.ts";

/** How many retries are still allowed; shared by everything that retries against the same service. */
export interface RetryBudget {
  /** Retries that would be granted now, in parts of one. */
  readonly available: number;
  /** Notes a first attempt: it earns a part of a retry. */
  deposit(): void;
  /** Takes one retry; false when there is none. */
  withdraw(): boolean;
}

/** Options of {@linkcode retryBudget}. */
export interface RetryBudgetOptions {
  /** Retries earned by each request, 0 to 10. Default 0.2. */
  ratio?: number;
  /** Retries allowed whatever the traffic, for each second of `ttlMs`. Default 3. */
  minPerSecond?: number;
  /** How long a request or a retry is remembered, in milliseconds. Default 10000. */
  ttlMs?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

const slots = 10;

/**
 * Limits retries to a share of the requests, so that a failing service is not buried under them: with the defaults 30
 * retries in any ten seconds, and one more for every five requests.
 *
 * @throws {RangeError} when an option is out of range.
 * @example
 * ```ts
 * import { retry, retryBudget } from "@civikit/civikit/transport";
 *
 * const budget = retryBudget({ ratio: 0.1 });
 * console.log(retry({ budget }).name, budget.available); // retry 30
 * ```
 */
export function retryBudget(
  { ratio = 0.2, minPerSecond = 3, ttlMs = 10_000, clock = systemClock, ...others }: RetryBudgetOptions = {},
): RetryBudget {
  noOthers<RetryBudgetOptions>("retryBudget", others, { ratio, minPerSecond, ttlMs, clock });
  within("ratio", ratio, 0, 10);
  within("minPerSecond", minPerSecond, 0, 1e6);
  within("ttlMs", ttlMs, 1, 3_600_000);
  const reserve = minPerSecond * ttlMs / 1000;
  const slotMs = ttlMs / slots;
  const balance = new Float64Array(slots);
  let current = Math.floor(clock.now() / slotMs);

  /** The slot of this moment, after those that are too old were emptied. */
  function slot(): number {
    const now = Math.floor(clock.now() / slotMs);
    if (now !== current) {
      const stale = Math.min(now - current, slots);
      for (let back = 0; back < stale; back++) balance[(now - back) % slots] = 0;
      current = now;
    }
    return current % slots;
  }

  function available(): number {
    slot();
    return balance.reduce((sum, part) => sum + part, reserve);
  }

  return {
    get available() {
      return available();
    },
    deposit() {
      balance[slot()]! += ratio;
    },
    withdraw() {
      // the sum of many parts may miss 1 by a hair
      if (available() < 1 - 1e-9) return false;
      balance[slot()]! -= 1;
      return true;
    },
  };
}
