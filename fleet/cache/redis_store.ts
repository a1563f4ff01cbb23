import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  type CacheEntry,
  type CacheFilter,
  type CacheKey,
  type CacheListing,
  type CacheStats,
  type CacheStore,
  type CacheVerdict,
  type CacheWriter,
  memoryStore,
  type StoredHead,
} from "../../cache/mod.ts";
import { noOthers, systemClock, wholeWithin, within } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { RedisClient } from "../open_redis.ts";
import { sharedEntries, type SharedEntry } from "./shared_entries.ts";
import { clearShared, isWhole, listShared, sharedNumbers } from "./shared_listing.ts";
import { whileThere } from "./while_there.ts";

/** Options of {@linkcode redisStore}. */
export interface RedisStoreOptions {
  /** What is kept on this machine alone: bodies too large for Redis, and a copy of all for when it is away. Closed with this one. Default: `memoryStore()`. */
  local?: CacheStore;
  /** What all keys begin with. Default: `{civikit}:cache:`. */
  prefix?: string;
  /** The most the shared entries may take, bodies and fields together, in bytes. Default 256 MiB. */
  maxBytes?: number;
  /** The largest body that is shared, in bytes, at most 64 MiB. Default 1 MiB. */
  maxBodyBytes?: number;
  /** The most variants of one URL that are kept. Default 16. */
  maxVariants?: number;
  /** How long an entry may lie unused, in milliseconds. Default 30 days. */
  maxIdleMs?: number;
  /** How exactly the order of use is kept, in milliseconds: a use sooner after the last one is not written down. Default 60,000. */
  useGrainMs?: number;
  /** How long Redis may take to answer, in milliseconds, until the local store does. Default 500. */
  patienceMs?: number;
  /** How long one machine waits for the answer another one is fetching, in milliseconds; 0: not at all. Default 3000. */
  flightMs?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

const outcomes = ["hit", "stale", "revalidated", "miss"] as const;

interface Local extends CacheEntry {
  readonly inner: CacheEntry;
}

const isShared = (entry: CacheEntry): entry is SharedEntry => "bodySum" in entry;
const sameVary = (one: StoredHead, other: StoredHead) => JSON.stringify(one.vary) === JSON.stringify(other.vary);

/**
 * Keeps responses where several machines find them: what one has fetched none fetches again, and what one is fetching the
 * others wait for. Bodies above `maxBodyBytes` stay in the local store. When Redis is away or slow the local store serves
 * alone, and nothing fails; see `failures` of the numbers.
 *
 * @param client Redis or Valkey, opened by `openRedis()`; it stays open when the store closes.
 * @param options See {@linkcode RedisStoreOptions}.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts ignore
 * import { httpCache } from "@civikit/civikit/cache";
 * import { openRedis, redisStore } from "@civikit/civikit/fleet";
 *
 * const store = await redisStore(await openRedis("redis://127.0.0.1:6379/1", { mayEvict: true }));
 * const layer = httpCache({ store });
 * console.log(typeof layer); // function
 * ```
 */
export async function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Promise<CacheStore> {
  const {
    local = memoryStore(),
    prefix = "{civikit}:cache:",
    maxBytes = 256 * 1024 * 1024,
    maxBodyBytes = 1024 * 1024,
    maxVariants = 16,
    maxIdleMs = 30 * 86_400_000,
    useGrainMs = 60_000,
    patienceMs = 500,
    flightMs = 3000,
    clock = systemClock,
    ...others
  } = options;
  noOthers<RedisStoreOptions>("redisStore", others, {
    ...{ local, prefix, maxBytes, maxBodyBytes, maxVariants, maxIdleMs, useGrainMs, patienceMs, flightMs, clock },
  });
  wholeWithin("maxBytes", maxBytes, 1);
  wholeWithin("maxBodyBytes", maxBodyBytes, 0, 64 * 1024 * 1024);
  wholeWithin("maxVariants", maxVariants, 1);
  within("maxIdleMs", maxIdleMs, 1);
  within("useGrainMs", useGrainMs, 0);
  within("patienceMs", patienceMs, 1);
  within("flightMs", flightMs, 0, 60_000);

  const { tried, health } = whileThere(client, patienceMs, clock);
  const at = (name: string) => `${prefix}${name}`;
  const shared = sharedEntries(client, {
    ...{ prefix, maxBytes, maxVariants, maxIdleMs, useGrainMs, flightMs, clock },
  });

  const salt = await tried(async () => {
    await client.set(at("salt"), randomUUID(), "NX");
    return await client.get(at("salt")) ?? local.salt;
  }, local.salt);

  const large = ({ bodyBytes }: { readonly bodyBytes: number }) => bodyBytes > maxBodyBytes;
  const ofLocal = (inner: CacheEntry): Local => ({ ...inner, id: -1 - inner.id, inner });

  async function localEntries(key: CacheKey, isAlone: boolean): Promise<Local[]> {
    return (await local.get(key)).filter((entry) => isAlone || large(entry)).map(ofLocal);
  }

  /** The copies on this machine of these shared entries. */
  async function copiesOf(entries: readonly CacheEntry[]): Promise<CacheEntry[]> {
    const copies: CacheEntry[] = [];
    for (const entry of entries) {
      if (!isShared(entry)) copies.push((entry as Local).inner);
      else copies.push(...(await local.get(entry.key)).filter(({ head }) => sameVary(head, entry.head)));
    }
    return copies;
  }

  function open(key: CacheKey, head: StoredHead, replaces: readonly CacheEntry[]): CacheWriter {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    let copy: Promise<CacheWriter> | undefined;
    const copying = () => copy ??= copiesOf(replaces).then((entries) => local.open(key, head, entries));
    return {
      async write(piece) {
        bytes += piece.length;
        if (bytes <= maxBodyBytes) {
          // what is handed on belongs to the local store
          pieces.push(piece.slice());
        } else pieces.length = 0;
        await (await copying()).write(piece);
      },
      async commit() {
        await (await copying()).commit();
        const gone = replaces.filter(isShared);
        await tried<unknown>(
          () => {
            if (bytes <= maxBodyBytes) return shared.put(key, head, Buffer.concat(pieces), gone);
            return gone.length > 0 ? shared.remove(gone.map(({ id }) => id)) : shared.giveUp(key);
          },
          undefined,
        );
      },
      abort() {
        void copying().then((writer) => writer.abort());
        void tried(() => shared.giveUp(key), undefined);
      },
    };
  }

  async function bodyOf(entry: SharedEntry): Promise<readonly Uint8Array[] | undefined> {
    const bytes = entry.body ?? await tried(() => shared.body(entry), null);
    if (bytes === null || bytes.length !== entry.bodyBytes || crc32(bytes) !== entry.bodySum) return undefined;
    return [bytes];
  }

  async function localLarge(filter?: CacheFilter): Promise<CacheListing[]> {
    return (await local.list(filter)).filter(large);
  }

  return {
    salt,
    async get(key) {
      const there = await localEntries(key, false);
      const found = await tried(() => shared.find(key, there.length > 0), undefined, flightMs);
      return found === undefined ? await localEntries(key, true) : [...found, ...there];
    },
    body: (entry) => isShared(entry) ? bodyOf(entry) : local.body((entry as Local).inner),
    open,
    async update(entry, head) {
      for (const copy of await copiesOf([entry])) await local.update(copy, head);
      if (isShared(entry)) await tried(() => shared.renew(entry, head), undefined);
    },
    async drop(entries) {
      await local.drop(await copiesOf(entries));
      const ids = entries.filter(isShared).map(({ id }) => id);
      if (ids.length > 0) await tried(() => shared.remove(ids), 0);
    },
    async invalidate(url) {
      await local.invalidate(url);
      await tried(() => shared.removeAddress(url), undefined);
    },
    record(outcome, bytes) {
      local.record(outcome, bytes);
      void tried(
        () => client.pipeline().hincrby(at("counts"), outcome, 1).hincrby(at("counts"), "saved", bytes).exec(),
        null,
      );
    },
    async stats(): Promise<CacheStats> {
      const own = await local.stats();
      const numbers = await tried(() => sharedNumbers(client, prefix), undefined);
      if (numbers === undefined) return { ...own, maxBytes, ...health() };
      const beside = await localLarge();
      const ages = [
        ...beside.map(({ storedMs }) => storedMs),
        ...(numbers.oldestMs === undefined ? [] : [numbers.oldestMs]),
      ];
      const [hits, stale, revalidated, misses] = outcomes.map((name) => Number(numbers.counts[name] ?? 0));
      return {
        entries: numbers.entries + beside.length,
        bytes: numbers.bytes + beside.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
        maxBytes,
        oldestMs: ages.length === 0 ? undefined : Math.min(...ages),
        ...{ hits: hits!, stale: stale!, revalidated: revalidated!, misses: misses! },
        bytesSaved: Number(numbers.counts["saved"] ?? 0),
        ...health(),
      };
    },
    async list(filter = {}) {
      const found = await tried(
        async () => {
          const rows: CacheListing[] = [];
          for await (const { id: _, ...row } of listShared(client, prefix, filter)) rows.push(row);
          return rows;
        },
        undefined,
        10_000,
      );
      if (found === undefined) return await local.list(filter);
      return [...found, ...await localLarge(filter)].sort((one, other) => other.usedMs - one.usedMs);
    },
    async clear(filter = {}) {
      const beside = (await localLarge(filter)).length;
      const own = await local.clear(filter);
      const gone = await tried(() => clearShared(client, prefix, shared, filter), undefined, 30_000);
      return gone === undefined ? own : gone + beside;
    },
    async verify(): Promise<CacheVerdict> {
      const beside = await localLarge();
      const own = await local.verify();
      let checked = beside.length;
      let removed = own.removed;
      await tried(
        async () => {
          for await (const { id } of listShared(client, prefix)) {
            checked++;
            if (!await isWhole(client, prefix, id)) removed += await shared.remove([id]);
          }
        },
        undefined,
        60_000,
      );
      return { checked, removed };
    },
    close: () => local.close(),
  };
}
