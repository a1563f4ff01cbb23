import { factsAt, openRedis, type OpenRedisOptions } from "./open_redis.ts";
import type { FleetEngine } from "./redis_facts.ts";

/** How a Redis is. */
export interface RedisHealth extends FleetEngine {
  /** How long it takes to answer, in milliseconds: the middle of three. */
  readonly pingMs: number;
}

/**
 * Looks whether a Redis is fit for a fleet, and lets go of it again. Nothing is written there.
 *
 * @param url As `openRedis()` takes it.
 * @param prefix What the keys of the fleet begin with; in a cluster its node is asked. Default: `{civikit}`.
 * @param options See {@linkcode OpenRedisOptions}.
 * @throws {CivikitError} As `openRedis()` does where it is not.
 * @example
 * ```ts ignore
 * import { lookAtRedis } from "@civikit/civikit/fleet";
 *
 * const { version, forgets, pingMs } = await lookAtRedis("redis://127.0.0.1:6379");
 * console.log(version, forgets ?? "writes down what it is told", pingMs);
 * ```
 */
export async function lookAtRedis(
  url: string,
  prefix: string = "{civikit}",
  options: OpenRedisOptions = {},
): Promise<RedisHealth> {
  const client = await openRedis(url, options);
  try {
    const pings: number[] = [];
    for (let time = 0; time < 3; time++) {
      const startedMs = performance.now();
      await client.exists(`${prefix}:fleet`);
      pings.push(performance.now() - startedMs);
    }
    const { version, usedBytes, maxBytes, isDurable, forgets } = await factsAt(client, `${prefix}:fleet`);
    return { version, usedBytes, maxBytes, isDurable, forgets, pingMs: pings.sort((a, b) => a - b)[1]! };
  } finally {
    client.disconnect();
  }
}
