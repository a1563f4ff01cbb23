import type { RedisClient } from "../open_redis.ts";

/** What carries a fleet. */
export interface FleetEngine {
  /** Its version, such as `redis 7.0.15`. */
  readonly version: string;
  /** Memory it uses, in bytes. */
  readonly usedBytes: number;
  /** Memory it may use, in bytes; null: no bound but the machine's. */
  readonly maxBytes: number | null;
  /** Whether it writes down what it is told, so that a restart loses nothing. */
  readonly isDurable: boolean;
}

/** What Redis says of itself. */
export async function fleetEngine(client: RedisClient): Promise<FleetEngine> {
  const text = await client.info();
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1];
  const valkey = fact("valkey_version");
  const most = Number(fact("maxmemory") ?? 0);
  return {
    version: valkey === undefined ? `redis ${fact("redis_version") ?? "?"}` : `valkey ${valkey}`,
    usedBytes: Number(fact("used_memory") ?? 0),
    maxBytes: most === 0 ? null : most,
    isDurable: fact("aof_enabled") === "1",
  };
}
