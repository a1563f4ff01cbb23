import { rootCertificates } from "node:tls";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { redactUrl, systemClock } from "../transport/internal.ts";
import { CivikitError, InputError, isCode } from "../transport/mod.ts";
import { readRedisAddress, type RedisAddress } from "./redis_address.ts";
import { type RedisFacts, redisFacts } from "./redis_facts.ts";

/** A client of one server, as ioredis makes it. */
export type OneRedis = Redis;

/** A client of a cluster of servers, as ioredis makes it. */
export type ManyRedis = Cluster;

/** The client that queue, cache and limits share: of one server, or of a cluster of them. */
export type RedisClient = OneRedis | ManyRedis;

/** Options of {@linkcode openRedis}. */
export interface OpenRedisOptions {
  /** How long a connection may take, in milliseconds. Default 5000. */
  readonly connectMs?: number | undefined;
  /** Whether a server that throws keys away when its memory is full is fine, as for a cache alone. Default: false. */
  readonly mayEvict?: boolean | undefined;
  /** Certificates of authorities to trust besides the usual ones, in PEM, for `rediss://`. Default: none. */
  readonly caCerts?: readonly string[] | undefined;
}

/** The longest pause between two attempts to connect anew, in milliseconds. */
const longestPauseMs = 2000;
/** What BullMQ is at home with; below it lacks commands. */
const leastVersion = "6.2.0";

type Refusal = "redis_credentials" | "redis_evicts" | "redis_unfit";

/** An address without user and password, also where it is mistyped; several hosts with ports are a URL for nobody else. */
function shownAddress(url: string): string {
  return redactUrl(url.replace(/^([a-z+]+:\/*)?.*@/is, "$1"));
}

function refused(url: string, why: string, reason?: Refusal, cause?: unknown): InputError {
  const shown = shownAddress(url);
  const message = `connecting to "${shown}": ${why}`;
  return new InputError(message, { code: "invalid_config", input: shown, cause, ...(reason && { reason }) });
}

/** What a failure to connect stands for. */
function connectError(url: string, error: unknown, last: unknown, primary: string | undefined): CivikitError {
  const messages = [error, last].map((one) => one instanceof Error ? one.message : String(one ?? "")).join(" ");
  const refuse = (why: string, reason: Refusal) => refused(url, why, reason, error);
  if (/WRONGPASS|NOAUTH|invalid password|invalid username/i.test(messages)) {
    return refuse("user or password are not taken there", "redis_credentials");
  }
  if (/NOPERM/.test(messages)) {
    return refuse("this user may not do there what a fleet needs", "redis_credentials");
  }
  if (/invalid DB index|out of range|SELECT is not allowed/i.test(messages)) {
    return refuse("there is no such database", "redis_unfit");
  }
  if (/certificate|UnknownIssuer|self.signed|CERT_|NotValidForName/i.test(messages)) {
    const why = "its certificate is not trusted, or is for another name; a CA of one's own goes into network.caFiles";
    return new CivikitError(`connecting to "${shownAddress(url)}": ${why}`, {
      code: "tls_failed",
      cause: last ?? error,
    });
  }
  const state = /no answer for|CLUSTERDOWN/.test(messages)
    ? "whoever listens there takes the connection, and does not answer"
    : primary === undefined
    ? "nobody answers there"
    : `no Sentinel there names a primary ${JSON.stringify(primary)} that answers`;
  return new CivikitError(`connecting to "${shownAddress(url)}": ${state}`, {
    ...{ code: "connect_failed", cause: last ?? error },
  });
}

const partsOf = (version: string) => version.split(".").map(Number);
const isOlder = (version: string, least: string) => {
  const [one, other] = [partsOf(version), partsOf(least)];
  const at = other.findIndex((part, index) => (one[index] ?? 0) !== part);
  return at >= 0 && (one[at] ?? 0) < other[at]!;
};

/** Why a server is not fit for a fleet; undefined where it is. */
function unfitness({ number, mode, isReplica, policy }: RedisFacts, mayEvict: boolean): [string, Refusal] | undefined {
  if (mode === "sentinel") {
    const why =
      "it is a Sentinel, which keeps no jobs: write redis+sentinel://HOST:PORT/NAME of the primary it watches";
    return [why, "redis_unfit"];
  }
  if (number !== undefined && isOlder(number, leastVersion)) {
    return [`it is version ${number}; ${leastVersion} or newer is needed`, "redis_unfit"];
  }
  if (!mayEvict && policy !== undefined && policy !== "noeviction") {
    const why = `its maxmemory-policy is ${policy}, which throws jobs away when memory is short; set it to noeviction`;
    return [why, "redis_evicts"];
  }
  if (isReplica) return ["it is a replica, which takes nothing down; name the primary", "redis_unfit"];
  return undefined;
}

/** Whom to ask for the server. */
type Way = Pick<
  RedisOptions,
  "host" | "port" | "sentinels" | "name" | "enableTLSForSentinelMode" | "sentinelUsername" | "sentinelPassword"
>;

/** The ways to try, one after the other: a node of several is enough, and Sentinels have users of their own, or none. */
function waysTo({ nodes, primary, isTls, username, password }: RedisAddress): Way[] {
  if (primary === undefined) return nodes.map(({ host, port }) => ({ host, port }));
  const way = { sentinels: [...nodes], name: primary, enableTLSForSentinelMode: isTls };
  if (password === undefined) return [way];
  return [way, { ...way, sentinelPassword: password, ...(username && { sentinelUsername: username }) }];
}

/**
 * Connects to Redis or Valkey and looks whether it can be trusted with a queue: credentials that are taken, a writable
 * server that is new enough, and no policy that throws keys away. Any node of a cluster leads to all of it; of several
 * addresses the first that answers. Sentinels lead to whichever server is the primary. From then on it connects anew by
 * itself, after a failover to the new primary.
 *
 * @param url `redis://[user:password@]host[:port][,host[:port]]...[/database]`, or `rediss://` for TLS; for Sentinels
 * `redis+sentinel://[user:password@]host[:port][,host[:port]].../NAME[/database]`, NAME being what they call the primary.
 * @param options See {@linkcode OpenRedisOptions}.
 * @throws {InputError} `invalid_config`: no such URL, wrong credentials, a policy that evicts, a server that only reads, is
 * too old, or a Sentinel that is named as a server.
 * @throws {CivikitError} `connect_failed`, when nobody answers there; `tls_failed`, when its certificate is not trusted.
 * @example
 * ```ts ignore
 * import { openRedis } from "@civikit/civikit/fleet";
 *
 * const client = await openRedis("redis://127.0.0.1:6379");
 * console.log(await client.ping()); // PONG
 * client.disconnect();
 * ```
 */
export async function openRedis(url: string, options: OpenRedisOptions = {}): Promise<RedisClient> {
  let address: RedisAddress;
  try {
    address = readRedisAddress(url);
  } catch (error) {
    throw refused(url, (error as TypeError).message);
  }
  let last: unknown;
  for (const way of waysTo(address)) {
    try {
      return await openBy(way, url, address, options);
    } catch (error) {
      const isWorthAnother = address.primary === undefined
        ? isCode(error, "connect_failed")
        : error instanceof InputError && error.reason === "redis_credentials";
      if (!isWorthAnother) throw error;
      last = error;
    }
  }
  throw last;
}

async function openBy(
  way: Way,
  url: string,
  { nodes, primary, isTls, username, password, database }: RedisAddress,
  { connectMs = 5000, mayEvict = false, caCerts = [] }: OpenRedisOptions,
): Promise<RedisClient> {
  const shared = {
    connectTimeout: connectMs,
    maxRetriesPerRequest: null,
    ...(isTls && { tls: { ca: [...rootCertificates, ...caCerts] } }),
    ...(username && { username }),
    ...(password && { password }),
  } as const;
  /** Whoever takes the connection may still say nothing: another service, or one that waits for TLS. */
  const silent = Promise.withResolvers<never>();
  const cancel = systemClock.after(connectMs, () => silent.reject(new Error(`no answer for ${connectMs} ms`)), true);
  const inTime = <T>(work: Promise<T>) => Promise.race([work, silent.promise]);
  let isOpen = false;
  const retryStrategy = (times: number) => isOpen ? Math.min(longestPauseMs, 50 * times) : null;
  let last: unknown;
  const note = (error: unknown) => last = error;
  const patience = { lazyConnect: true, retryStrategy, sentinelRetryStrategy: retryStrategy };
  let client: RedisClient = new Redis({ ...shared, ...patience, ...way, db: database });
  client.on("error", note);
  try {
    let facts: RedisFacts;
    try {
      await inTime(client.connect());
      // the client by itself would go on in the first where this one is not there
      if (database !== 0) await inTime(client.select(database));
      facts = redisFacts(await inTime(client.info()));
      if (facts.mode === "cluster") {
        client.disconnect();
        client = new Cluster([...nodes], {
          redisOptions: shared,
          ...{ lazyConnect: true, slotsRefreshTimeout: connectMs, clusterRetryStrategy: retryStrategy },
          // by name: certificates are for names
          dnsLookup: (address, callback) => callback(null, address),
        });
        client.on("error", note);
        await inTime(client.connect());
        const servers = await inTime(Promise.all(client.nodes("master").map((node) => node.info())));
        const unfit = servers.map(redisFacts).find((node) => unfitness(node, mayEvict) !== undefined);
        facts = { ...(unfit ?? facts), isReplica: false };
      } else if (nodes.length > 1 && primary === undefined) {
        throw refused(url, "several addresses are those of a cluster, and this server is in none", "redis_unfit");
      }
      await inTime(client.ping());
    } catch (error) {
      throw error instanceof CivikitError ? error : connectError(url, error, last, primary);
    }
    const unfit = unfitness(facts, mayEvict);
    if (unfit !== undefined) throw refused(url, ...unfit);
    isOpen = true;
    return client;
  } catch (error) {
    client.disconnect();
    throw error;
  } finally {
    cancel();
  }
}

/** A further connection of the same kind, for what a connection does alone, such as listening. */
export function anotherConnection(client: RedisClient): RedisClient {
  const pause = (times: number) => Math.min(longestPauseMs, 50 * times);
  return client instanceof Cluster
    ? client.duplicate(undefined, { clusterRetryStrategy: pause, lazyConnect: false })
    : client.duplicate({ lazyConnect: false, retryStrategy: pause });
}

/**
 * Whether Redis reads back all it has written down: the transactions in its file are checked against the rights of the
 * default user, and dropped where that one was taken them ({@link https://github.com/redis/redis/issues/14541}).
 */
async function isReadBack(client: RedisClient): Promise<boolean> {
  // who may not ask is not told
  const said = await client.acl("GETUSER", "default").catch(() => undefined);
  if (!Array.isArray(said)) return true;
  const of = (name: string) => String(said[said.indexOf(name) + 1] ?? "");
  return of("commands").startsWith("+@all") && of("keys").includes("~*");
}

/** What the server says of itself that keeps `key`. */
export async function factsAt(client: RedisClient, key: string): Promise<RedisFacts> {
  const info = client instanceof Cluster ? client.eval("return redis.call('INFO')", 1, key) : client.info();
  const facts = redisFacts(String(await info));
  if (facts.forgets !== null || await isReadBack(client)) return facts;
  return { ...facts, isDurable: false, forgets: "default_user" };
}
