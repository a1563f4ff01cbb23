import { messageOf } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { RedisClient } from "../open_redis.ts";

/** How long Redis is not asked after it was away or slow, in milliseconds. */
const restMs = 1000;

/** Asks Redis as long as it is there. */
export interface WhileThere {
  /** What `work` gives; `otherwise` where Redis is away, or takes longer than is waited for and `moreMs`. */
  tried<T>(work: () => Promise<T>, otherwise: T, moreMs?: number): Promise<T>;
  /** How often it was in trouble, and the last trouble. */
  health(): { readonly failures: number; readonly failure?: string };
}

/** What may fail without anybody failing with it: after trouble Redis is left alone for a second. */
export function whileThere(client: RedisClient, patienceMs: number, clock: Clock): WhileThere {
  let failures = 0;
  let failure: string | undefined;
  let restUntilMs = -Infinity;

  function trouble(what: string): void {
    failures++;
    failure = what;
    restUntilMs = clock.now() + restMs;
  }

  return {
    async tried<T>(work: () => Promise<T>, otherwise: T, moreMs = 0): Promise<T> {
      if (clock.now() < restUntilMs) return otherwise;
      if (client.status !== "ready") {
        trouble(`Redis is away: ${client.status}`);
        return otherwise;
      }
      let cancel = () => {};
      const late = new Promise<symbol>((resolve) => {
        cancel = clock.after(patienceMs + moreMs, () => resolve(tooLate), true);
      });
      try {
        const done = await Promise.race([work(), late]);
        if (done !== tooLate) return done as T;
        trouble(`Redis has not answered for ${patienceMs + moreMs} ms`);
      } catch (error) {
        trouble(messageOf(error instanceof Error ? error : new Error(String(error))));
      } finally {
        cancel();
      }
      return otherwise;
    },
    health: () => ({ failures, ...(failure !== undefined && { failure }) }),
  };
}

const tooLate = Symbol("too late");
