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
  /**
   * Why not: `appendonly` is off, its last write of it failed (`write`), or its `default_user` lacks the rights with which it
   * reads back what it wrote. Null where it is durable.
   */
  readonly forgets: "appendonly" | "write" | "default_user" | null;
}

/** What Redis says of itself; undefined where it is not said, as managed services do. */
export interface RedisFacts extends FleetEngine {
  /** The number of the Redis it is, or is like: `7.0.15`. */
  readonly number: string | undefined;
  /** How it is run. */
  readonly mode: "standalone" | "cluster" | "sentinel" | undefined;
  /** Whether it only repeats what another one is told. */
  readonly isReplica: boolean;
  /** What it does when memory is short. */
  readonly policy: string | undefined;
}

/** Reads what Redis answers to INFO. */
export function redisFacts(info: string): RedisFacts {
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, "m").exec(info)?.[1];
  const valkey = fact("valkey_version");
  const most = Number(fact("maxmemory") ?? 0);
  const number = fact("redis_version");
  const forgets = fact("aof_enabled") !== "1" ? "appendonly" : fact("aof_last_write_status") === "err" ? "write" : null;
  return {
    version: valkey === undefined ? `redis ${number ?? "?"}` : `valkey ${valkey}`,
    number,
    mode: fact("redis_mode") as RedisFacts["mode"],
    isReplica: /^(slave|replica)$/.test(fact("role") ?? ""),
    policy: fact("maxmemory_policy"),
    usedBytes: Number(fact("used_memory") ?? 0),
    maxBytes: most === 0 ? null : most,
    isDurable: forgets === null,
    forgets,
  };
}
