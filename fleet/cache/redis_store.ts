import { Buffer } from "node:buffer";
import { createHash, randomUUID } from "node:crypto";
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
import { isMeant } from "../../cache/store.ts";
import { noOthers, systemClock, wholeWithin, within } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { RedisClient } from "../open_redis.ts";
import { findEntries, putEntry, removeAddress, removeEntries, renewEntry } from "./store_scripts.ts";
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

/** Up to here a body comes with its entry, in one round trip. */
const inlineBytes = 64 * 1024;
/** How often is looked whether another machine has fetched it, in milliseconds. */
const lookMs = 25;
/** How long is not waited for what was waited for in vain, in milliseconds. */
const vainMs = 60_000;
/** What an entry takes in Redis besides body and fields, in bytes, as measured. */
const entryBytes = 700;
const outcomes = ["hit", "stale", "revalidated", "miss"] as const;

interface Shared extends CacheEntry {
  readonly key: CacheKey;
  readonly body: Uint8Array | null;
  readonly bodySum: number;
}
interface Local extends CacheEntry {
  readonly inner: CacheEntry;
}

const isShared = (entry: CacheEntry): entry is Shared => "bodySum" in entry;
const short = (...words: string[]) => createHash("sha256").update(words.join("\n")).digest("base64url").slice(0, 27);
const nameOf = ({ url, partition }: CacheKey) => short(url, partition);
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
  const run = (script: string, ...words: (string | number | Uint8Array)[]) =>
    client.callBuffer(
      ...["EVAL", script, 1, prefix] as const,
      ...words.map((word) =>
        word instanceof Uint8Array ? Buffer.from(word.buffer, word.byteOffset, word.length) : word
      ),
    );
  const self = randomUUID();
  const vain = new Map<string, number>();
  let lastUse = 0;
  /** Grows with every use, in hundredths of a millisecond. */
  const tick = () => lastUse = Math.max(lastUse + 1, Math.round(clock.date() * 100));

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

  async function ask(key: CacheKey, ownMs: number): Promise<{ readonly entries: Shared[]; readonly fetching: string }> {
    const [who, ...fields] = await run(
      ...[findEntries, nameOf(key), tick(), inlineBytes, self, ownMs, useGrainMs * 100] as const,
    ) as (Buffer | null)[];
    const entries: Shared[] = [];
    for (let index = 0; index < fields.length; index += 6) {
      const [id, head, sum, bytes, bodySum] = fields.slice(index, index + 5).map(String);
      if (crc32(head!) !== Number(sum)) continue;
      const body = fields[index + 5] ?? null;
      entries.push({
        ...{ id: Number(id), key, head: JSON.parse(head!), bodyBytes: Number(bytes), bodySum: Number(bodySum), body },
      });
    }
    return { entries, fetching: String(who) };
  }

  const sleep = () => new Promise<void>((resolve) => void clock.after(lookMs, resolve));

  /** What is there, once nobody else is fetching it any more. */
  async function found(key: CacheKey, isThere: boolean): Promise<Shared[]> {
    const name = nameOf(key);
    const mayWait = flightMs > 0 && !isThere && (vain.get(name) ?? 0) <= clock.date();
    let { entries, fetching } = await ask(key, isThere ? 0 : flightMs);
    const untilMs = clock.now() + flightMs;
    while (mayWait && entries.length === 0 && fetching !== "" && fetching !== self && clock.now() < untilMs) {
      await sleep();
      ({ entries, fetching } = await ask(key, flightMs));
    }
    if (mayWait && entries.length === 0 && fetching !== "" && fetching !== self) {
      if (vain.size > 1000) vain.clear();
      vain.set(name, clock.date() + vainMs);
    }
    return entries;
  }

  async function put(
    { key, head, replaces }: { key: CacheKey; head: StoredHead; replaces: readonly CacheEntry[] },
    body: Uint8Array,
  ): Promise<void> {
    const id = await client.incr(at("number"));
    const text = JSON.stringify(head);
    const fields = [
      ...["h", text, "c", crc32(text), "n", body.length, "s", crc32(body), "b", body],
      ...["url", key.url, "partition", key.partition, "status", head.status],
    ];
    const total = entryBytes + body.length + text.length + key.url.length;
    await run(
      ...[putEntry, id, nameOf(key), short(key.url), total, tick(), head.responseMs, maxBytes, maxVariants] as const,
      ...[maxIdleMs * 100, fields.length / 2, ...fields, ...replaces.filter(isShared).map((entry) => entry.id)],
    );
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
        const gone = replaces.filter(isShared).map(({ id }) => id);
        await tried<unknown>(
          () => {
            if (bytes <= maxBodyBytes) return put({ key, head, replaces }, Buffer.concat(pieces));
            return gone.length > 0 ? run(removeEntries, ...gone) : client.del(at(`flight:${nameOf(key)}`));
          },
          undefined,
        );
      },
      abort() {
        void copying().then((writer) => writer.abort());
        void tried(() => client.del(at(`flight:${nameOf(key)}`)), 0);
      },
    };
  }

  async function bodyOf({ id, body, bodyBytes, bodySum }: Shared): Promise<readonly Uint8Array[] | undefined> {
    const bytes = body ?? await tried(() => client.hgetBuffer(at(`e:${id}`), "b"), null);
    if (bytes === null || bytes.length !== bodyBytes || crc32(bytes) !== bodySum) return undefined;
    return [bytes];
  }

  /** What is said of every shared entry, the last used first. */
  async function* rows(): AsyncGenerator<CacheListing & { readonly id: string; readonly name: string }> {
    const used = await client.zrevrange(at("used"), 0, -1, "WITHSCORES");
    for (let from = 0; from < used.length; from += 400) {
      const pairs = used.slice(from, from + 400);
      const asked = client.pipeline();
      const fields = ["url", "partition", "status", "n", "k"];
      for (let n = 0; n < pairs.length; n += 2) {
        asked.hmget(at(`e:${pairs[n]}`), ...fields);
        asked.zscore(at("stored"), pairs[n]!);
      }
      const answers = await asked.exec() ?? [];
      for (let n = 0; n < pairs.length; n += 2) {
        const [url, partition, status, bytes, name] = answers[n]![1] as (string | null)[];
        if (url === null || url === undefined) continue;
        yield {
          ...{ id: pairs[n]!, name: name!, url, partition: partition ?? "", status: Number(status) },
          ...{ bodyBytes: Number(bytes), storedMs: Number(answers[n + 1]![1]) },
          usedMs: Math.floor(Number(pairs[n + 1]) / 100),
        };
      }
    }
  }

  async function localLarge(filter?: CacheFilter): Promise<CacheListing[]> {
    return (await local.list(filter)).filter(large);
  }

  return {
    salt,
    async get(key) {
      const there = await localEntries(key, false);
      const shared = await tried(() => found(key, there.length > 0), undefined, flightMs);
      return shared === undefined ? await localEntries(key, true) : [...shared, ...there];
    },
    body: (entry) => isShared(entry) ? bodyOf(entry) : local.body((entry as Local).inner),
    open,
    async update(entry, head) {
      for (const copy of await copiesOf([entry])) await local.update(copy, head);
      if (!isShared(entry)) return;
      const text = JSON.stringify(head);
      await tried(() => run(renewEntry, entry.id, text, crc32(text), head.responseMs), undefined);
    },
    async drop(entries) {
      await local.drop(await copiesOf(entries));
      const ids = entries.filter(isShared).map(({ id }) => id);
      if (ids.length > 0) await tried(() => run(removeEntries, ...ids), undefined);
    },
    async invalidate(url) {
      await local.invalidate(url);
      await tried(() => run(removeAddress, short(url)), undefined);
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
      const shared = await tried(async () => {
        const [entries, bytes, oldest, counts] = await Promise.all([
          client.zcard(at("used")),
          client.get(at("bytes")),
          client.zrange(at("stored"), 0, "0", "WITHSCORES"),
          client.hgetall(at("counts")),
        ]);
        return { entries, bytes: Number(bytes ?? 0), oldest: oldest[1] ?? undefined, counts };
      }, undefined);
      if (shared === undefined) return { ...own, maxBytes, ...health() };
      const beside = await localLarge();
      const ages = [...beside.map(({ storedMs }) => storedMs), ...(shared.oldest ? [Number(shared.oldest)] : [])];
      const [hits, stale, revalidated, misses] = outcomes.map((name) => Number(shared.counts[name] ?? 0));
      return {
        entries: shared.entries + beside.length,
        bytes: shared.bytes + beside.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
        maxBytes,
        oldestMs: ages.length === 0 ? undefined : Math.min(...ages),
        ...{ hits: hits!, stale: stale!, revalidated: revalidated!, misses: misses! },
        bytesSaved: Number(shared.counts["saved"] ?? 0),
        ...health(),
      };
    },
    async list(filter = {}) {
      const shared = await tried(
        async () => {
          const found: CacheListing[] = [];
          for await (const { id: _, name: _name, ...row } of rows()) if (isMeant(row.url, filter)) found.push(row);
          return found;
        },
        undefined,
        10_000,
      );
      if (shared === undefined) return await local.list(filter);
      return [...shared, ...await localLarge(filter)].sort((one, other) => other.usedMs - one.usedMs);
    },
    async clear(filter = {}) {
      const beside = (await localLarge(filter)).length;
      const own = await local.clear(filter);
      const shared = await tried(
        async () => {
          const ids: string[] = [];
          for await (const { id, url } of rows()) if (isMeant(url, filter)) ids.push(id);
          let gone = 0;
          for (let from = 0; from < ids.length; from += 500) {
            gone += Number(await run(removeEntries, ...ids.slice(from, from + 500)));
          }
          return gone;
        },
        undefined,
        30_000,
      );
      return shared === undefined ? own : shared + beside;
    },
    async verify(): Promise<CacheVerdict> {
      const beside = await localLarge();
      const own = await local.verify();
      let checked = beside.length;
      let removed = own.removed;
      await tried(
        async () => {
          for await (const { id } of rows()) {
            checked++;
            const [head, sum, bytes, bodySum, body] = await client.hmgetBuffer(at(`e:${id}`), "h", "c", "n", "s", "b");
            const isWhole = head && body && crc32(head) === Number(String(sum)) &&
              body.length === Number(String(bytes)) && crc32(body) === Number(String(bodySum));
            if (!isWhole) removed += Number(await run(removeEntries, id));
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
