import { crc32 } from "node:zlib";
import type { CacheFilter, CacheListing } from "../../cache/mod.ts";
import { isMeant } from "../../cache/store.ts";
import type { RedisClient } from "../open_redis.ts";
import type { SharedEntries } from "./shared_entries.ts";

/** An entry in Redis as it is listed. */
export interface SharedListing extends CacheListing {
  /** Its number. */
  readonly id: string;
}

/** Entries asked for at once. */
const pageEntries = 400;
/** Entries removed at once. */
const removeAtOnce = 500;

/** What is said of every shared entry that is meant, the last used first. */
export async function* listShared(
  client: RedisClient,
  prefix: string,
  filter: CacheFilter = {},
): AsyncGenerator<SharedListing> {
  const used = await client.zrevrange(`${prefix}used`, 0, -1, "WITHSCORES");
  for (let from = 0; from < used.length; from += pageEntries) {
    const pairs = used.slice(from, from + pageEntries);
    const asked = client.pipeline();
    for (let n = 0; n < pairs.length; n += 2) {
      asked.hmget(`${prefix}e:${pairs[n]}`, "url", "partition", "status", "n");
      asked.zscore(`${prefix}stored`, pairs[n]!);
    }
    const answers = await asked.exec() ?? [];
    for (let n = 0; n < pairs.length; n += 2) {
      const [url, partition, status, bytes] = answers[n]![1] as (string | null)[];
      if (url === null || url === undefined || !isMeant(url, filter)) continue;
      yield {
        ...{ id: pairs[n]!, url, partition: partition ?? "", status: Number(status) },
        ...{ bodyBytes: Number(bytes), storedMs: Number(answers[n + 1]![1]) },
        usedMs: Math.floor(Number(pairs[n + 1]) / 100),
      };
    }
  }
}

/** Removes the shared entries that are meant; how many there were. */
export async function clearShared(
  client: RedisClient,
  prefix: string,
  entries: SharedEntries,
  filter: CacheFilter,
): Promise<number> {
  const ids: string[] = [];
  for await (const { id } of listShared(client, prefix, filter)) ids.push(id);
  let gone = 0;
  for (let from = 0; from < ids.length; from += removeAtOnce) {
    gone += await entries.remove(ids.slice(from, from + removeAtOnce));
  }
  return gone;
}

/** Whether head and body of an entry are as they were written. */
export async function isWhole(client: RedisClient, prefix: string, id: string): Promise<boolean> {
  const [head, sum, bytes, bodySum, body] = await client.hmgetBuffer(`${prefix}e:${id}`, "h", "c", "n", "s", "b");
  return Boolean(
    head && body && crc32(head) === Number(String(sum)) && body.length === Number(String(bytes)) &&
      crc32(body) === Number(String(bodySum)),
  );
}

/** The numbers of what is shared. */
export interface SharedNumbers {
  /** How many entries. */
  readonly entries: number;
  /** What they take, in bytes. */
  readonly bytes: number;
  /** When the oldest was stored, in milliseconds since the epoch; undefined: there is none. */
  readonly oldestMs: number | undefined;
  /** How often something came of it, by outcome, and the bytes `saved`. */
  readonly counts: Readonly<Record<string, string>>;
}

/** Reads the numbers of what is shared. */
export async function sharedNumbers(client: RedisClient, prefix: string): Promise<SharedNumbers> {
  const [entries, bytes, oldest, counts] = await Promise.all([
    client.zcard(`${prefix}used`),
    client.get(`${prefix}bytes`),
    client.zrange(`${prefix}stored`, 0, "0", "WITHSCORES"),
    client.hgetall(`${prefix}counts`),
  ]);
  const oldestMs = oldest[1] ? Number(oldest[1]) : undefined;
  return { entries, bytes: Number(bytes ?? 0), oldestMs, counts };
}
