import { randomUUID } from "node:crypto";
import { noOthers, wholeWithin } from "../transport/internal.ts";
import {
  type CacheEntry,
  type CacheFilter,
  type CacheKey,
  type CacheListing,
  type CacheOutcome,
  type CacheStats,
  type CacheStore,
  headBytes,
  isMeant,
  type StoredHead,
} from "./store.ts";

/** Options of {@linkcode memoryStore}. */
export interface MemoryStoreOptions {
  /** The most it may hold, bodies and fields together, in bytes. Default 100 MiB. */
  maxBytes?: number;
  /** The most variants of one URL that are kept. Default 16. */
  maxVariants?: number;
}

interface MemoryEntry extends CacheEntry {
  readonly key: CacheKey;
  head: StoredHead;
  readonly pieces: readonly Uint8Array[];
  bytes: number;
  usedMs: number;
  /** Neighbours in the order of last use. */
  older: MemoryEntry | undefined;
  newer: MemoryEntry | undefined;
}

/** What V8 adds to an entry and to each of its fields, in bytes, as measured on a full store. */
const entryBytes = 1000;
const fieldBytes = 100;

/**
 * Keeps responses in this process's memory; what was used least recently goes first.
 *
 * @throws {RangeError} When an option is no whole number above 0.
 * @example
 * ```ts
 * import { httpCache, memoryStore } from "@civikit/civikit/cache";
 * import { compose } from "@civikit/civikit/transport";
 *
 * let calls = 0;
 * const headers = { "cache-control": "max-age=60" };
 * const origin = { fetch: () => Promise.resolve(new Response(`call ${++calls}`, { headers })) };
 * const client = compose(origin, httpCache({ store: memoryStore({ maxBytes: 1 << 20 }) }));
 * for (let n = 0; n < 2; n++) console.log(await (await client.fetch(new Request("http://a.test/"))).text());
 * ```
 */
export function memoryStore(
  { maxBytes = 100 * 1024 * 1024, maxVariants = 16, ...others }: MemoryStoreOptions = {},
): CacheStore {
  noOthers<MemoryStoreOptions>("memoryStore", others, { maxBytes, maxVariants });
  wholeWithin("maxBytes", maxBytes, 1);
  wholeWithin("maxVariants", maxVariants, 1);
  const byUrl = new Map<string, MemoryEntry[]>();
  const counts: Record<CacheOutcome, number> = { hit: 0, stale: 0, revalidated: 0, miss: 0 };
  let oldest: MemoryEntry | undefined;
  let newest: MemoryEntry | undefined;
  let bytes = 0;
  let entries = 0;
  let lastId = 0;
  let bytesSaved = 0;

  function unlink(entry: MemoryEntry): void {
    if (entry.older) entry.older.newer = entry.newer;
    else oldest = entry.newer;
    if (entry.newer) entry.newer.older = entry.older;
    else newest = entry.older;
  }

  function append(entry: MemoryEntry): void {
    entry.older = newest;
    entry.newer = undefined;
    if (newest) newest.newer = entry;
    else oldest = entry;
    newest = entry;
  }

  function remove({ id, key: { url } }: MemoryEntry): void {
    const all = byUrl.get(url);
    const entry = all?.find((other) => other.id === id);
    if (!all || !entry) return;
    if (all.length === 1) byUrl.delete(url);
    else byUrl.set(url, all.filter((other) => other !== entry));
    unlink(entry);
    bytes -= entry.bytes;
    entries--;
  }

  function add(entry: MemoryEntry): void {
    const { key } = entry;
    const all = byUrl.get(key.url);
    if (all) all.push(entry);
    else byUrl.set(key.url, [entry]);
    append(entry);
    bytes += entry.bytes;
    entries++;
    if (all && all.length > maxVariants) trimVariants(key);
    while (bytes > maxBytes) remove(oldest!);
  }

  function trimVariants({ url, partition }: CacheKey): void {
    const same = byUrl.get(url)!.filter((entry) => entry.key.partition === partition);
    for (const entry of same.slice(0, -maxVariants)) remove(entry);
  }

  return {
    salt: randomUUID(),

    get({ url, partition }) {
      const all = byUrl.get(url);
      if (!all) return [];
      const found: MemoryEntry[] = [];
      for (const entry of all) {
        if (entry.key.partition !== partition) continue;
        found.push(entry);
        entry.usedMs = Date.now();
        if (entry === newest) continue;
        unlink(entry);
        append(entry);
      }
      return found;
    },

    body: (entry) => (entry as MemoryEntry).pieces,

    open(key, head, replaces) {
      let pieces: Uint8Array[] = [];
      let bodyBytes = 0;
      return {
        write(piece) {
          pieces.push(piece);
          bodyBytes += piece.length;
        },
        commit() {
          for (const entry of replaces) remove(entry as MemoryEntry);
          const size = bodyBytes + headBytes(key, head, entryBytes, fieldBytes);
          if (size > maxBytes) return;
          const id = ++lastId;
          const usedMs = Date.now();
          const order = { older: undefined, newer: undefined };
          add({ id, key, head, pieces, bodyBytes, bytes: size, usedMs, ...order });
        },
        abort() {
          pieces = [];
        },
      };
    },

    update(found, head) {
      const entry = found as MemoryEntry;
      if (!byUrl.get(entry.key.url)?.includes(entry)) return;
      const size = entry.bodyBytes + headBytes(entry.key, head, entryBytes, fieldBytes);
      bytes += size - entry.bytes;
      entry.bytes = size;
      entry.head = head;
    },

    drop(gone) {
      for (const entry of gone) remove(entry as MemoryEntry);
    },

    invalidate(url) {
      for (const entry of byUrl.get(url) ?? []) remove(entry);
    },

    record(outcome, saved) {
      counts[outcome]++;
      bytesSaved += saved;
    },

    stats(): CacheStats {
      let oldestMs: number | undefined;
      for (let entry = oldest; entry; entry = entry.newer) {
        oldestMs = Math.min(oldestMs ?? Infinity, entry.head.responseMs);
      }
      const { hit: hits, miss: misses, stale, revalidated } = counts;
      return { entries, bytes, maxBytes, oldestMs, hits, stale, revalidated, misses, bytesSaved, failures: 0 };
    },

    list(filter: CacheFilter = {}): readonly CacheListing[] {
      const lines: CacheListing[] = [];
      for (let entry = newest; entry; entry = entry.older) {
        const { key: { url, partition }, head: { status, responseMs }, bodyBytes, usedMs } = entry;
        if (!isMeant(url, filter)) continue;
        lines.push({ url, partition, status, bodyBytes, storedMs: responseMs, usedMs });
      }
      return lines;
    },

    clear(filter: CacheFilter = {}): number {
      const gone = [...byUrl.values()].flat().filter(({ key }) => isMeant(key.url, filter));
      for (const entry of gone) remove(entry);
      return gone.length;
    },

    // memory that lies is beyond help
    verify: () => ({ checked: entries, removed: 0 }),

    close() {},
  };
}
