import { Redis } from "ioredis";
import { redactUrl } from "../transport/internal.ts";
import { CivikitError, InputError } from "../transport/mod.ts";

/** The client that queue, cache and limits share. */
export type RedisClient = Redis;

/** Options of {@linkcode openRedis}. */
export interface OpenRedisOptions {
  /** How long a connection may take, in milliseconds. Default 5000. */
  readonly connectMs?: number | undefined;
  /** Whether a server that throws keys away when its memory is full is fine, as for a cache alone. Default: false. */
  readonly mayEvict?: boolean | undefined;
}

/** The longest pause between two attempts to connect anew, in milliseconds. */
const longestPauseMs = 2000;

function refused(action: string, url: string, why: string, cause?: unknown): InputError {
  const shown = redactUrl(url);
  return new InputError(`${action} "${shown}": ${why}`, { ...{ code: "invalid_config", input: shown }, cause });
}

/** What Redis says of itself; undefined where it is not said, as managed services do. */
async function policyOf(client: Redis): Promise<string | undefined> {
  const line = /^maxmemory_policy:(\S+)/m.exec(await client.info("memory"));
  return line?.[1];
}

/**
 * Connects to Redis or Valkey and looks whether it can be trusted with a queue: credentials that are taken, a writable
 * server, and no policy that throws keys away. From then on it connects anew by itself.
 *
 * @param url `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
 * @param options See {@linkcode OpenRedisOptions}.
 * @throws {InputError} `invalid_config`: no such URL, wrong credentials, a policy that evicts, a server that only reads.
 * @throws {CivikitError} `connect_failed`, when nobody answers there.
 * @example
 * ```ts ignore
 * import { openRedis } from "@civikit/civikit/fleet";
 *
 * const client = await openRedis("redis://127.0.0.1:6379");
 * console.log(await client.ping()); // PONG
 * client.disconnect();
 * ```
 */
export async function openRedis(
  url: string,
  { connectMs = 5000, mayEvict = false }: OpenRedisOptions = {},
): Promise<RedisClient> {
  if (!URL.canParse(url) || !["redis:", "rediss:"].includes(new URL(url).protocol)) {
    throw refused("connecting to", url, "redis://HOST:PORT/DATABASE is due, or rediss:// for TLS");
  }
  const database = new URL(url).pathname.slice(1);
  if (!/^\d*$/.test(database)) throw refused("connecting to", url, "its database is a number, 0 being the first");
  let isOpen = false;
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectMs,
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => isOpen ? Math.min(longestPauseMs, 50 * times) : null,
  });
  let last: unknown;
  client.on("error", (error: unknown) => last = error);
  try {
    try {
      await client.connect();
      // the client by itself would go on in the first where this one is not there
      if (database !== "") await client.select(Number(database));
      await client.ping();
    } catch (error) {
      const why = error instanceof Error ? error : new Error(String(error));
      const message = /WRONGPASS|NOAUTH|NOPERM|invalid password/i.exec(`${why.message} ${last}`);
      if (message !== null) throw refused("connecting to", url, "user or password are not taken there", error);
      if (/invalid DB index|out of range|SELECT is not allowed/i.test(why.message)) {
        throw refused("connecting to", url, "there is no such database", error);
      }
      throw new CivikitError(`connecting to "${redactUrl(url)}": nobody answers there`, {
        ...{ code: "connect_failed", cause: last ?? error },
      });
    }
    const policy = await policyOf(client);
    if (!mayEvict && policy !== undefined && policy !== "noeviction") {
      throw refused(
        "using",
        url,
        `its maxmemory-policy is ${policy}, which throws jobs away when memory is short; set it to noeviction`,
      );
    }
    if (/^role:(slave|replica)/m.test(await client.info("replication"))) {
      throw refused("using", url, "it is a replica, which takes nothing down; name the primary");
    }
    isOpen = true;
    return client;
  } catch (error) {
    client.disconnect();
    throw error;
  }
}
