import { rememberSecret } from "../transport/internal.ts";

/** One server. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** What an address of Redis says. */
export interface RedisAddress {
  /** Where to ask: nodes of a cluster, Sentinels, or the one server. */
  readonly nodes: readonly RedisNode[];
  /** What Sentinels call the primary; undefined where those are none. */
  readonly primary: string | undefined;
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const form = /^(rediss?)(\+sentinel)?:\/\/(?:([^/?#]*)@)?([^/?#@]+)(?:\/([^?#]*))?$/;
const ports = { redis: 6379, sentinel: 26379 };

function nodeOf(text: string, usualPort: number): RedisNode | undefined {
  const url = URL.parse(`redis://${text}`);
  if (url === null || url.hostname === "") return undefined;
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) || usualPort };
}

/**
 * Reads `redis://[user:password@]host[:port][,host[:port]]...[/database]`, or with `redis+sentinel:` and the name of the
 * primary before the database. Its password is known as a secret from here on.
 *
 * @throws {TypeError} Saying what is wrong, without the address.
 */
export function readRedisAddress(url: string): RedisAddress {
  const [, scheme, sentinel, login, hosts, path = ""] = form.exec(url) ?? [];
  const nodes = hosts?.split(",").map((text) => nodeOf(text, sentinel ? ports.sentinel : ports.redis)) ?? [undefined];
  if (nodes.includes(undefined)) {
    throw new TypeError("redis://HOST:PORT/DATABASE is due, or rediss:// for TLS; redis+sentinel://HOST:PORT/NAME");
  }
  const words = path === "" ? [] : path.split("/");
  const [primary] = sentinel ? words.splice(0, 1) : [undefined];
  if (sentinel && !primary) throw new TypeError("what the Sentinels call the primary is missing behind the last /");
  const [database = "", ...more] = words;
  if (!/^\d*$/.test(database) || more.length > 0) throw new TypeError("its database is a number, 0 being the first");
  const [, username = "", password = ""] = /^([^:]*):?(.*)$/s.exec(login ?? "") ?? [];
  try {
    const read = {
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
      primary: primary && decodeURIComponent(primary),
    };
    if (read.password !== undefined) rememberSecret(read.password);
    return { nodes: nodes as RedisNode[], isTls: scheme === "rediss", database: Number(database), ...read };
  } catch {
    throw new TypeError("in a user or password, % is written as %25");
  }
}
