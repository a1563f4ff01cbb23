import { randomUUID } from "node:crypto";
import {
  type CacheEntry,
  type CacheFilter,
  type CacheKey,
  type CacheListing,
  type CacheOutcome,
  type CacheStats,
  type CacheStore,
  checkCount,
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
}

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
export function memoryStore({ maxBytes = 100 * 1024 * 1024, maxVariants = 16 }: MemoryStoreOptions = {}): CacheStore {
  checkCount("maxBytes", maxBytes);
  checkCount("maxVariants", maxVariants);
  // url -> its entries, in the order of their last use, so that the first key is the one to give up
  const byUrl = new Map<string, MemoryEntry[]>();
  const counts: Record<CacheOutcome, number> = { hit: 0, stale: 0, revalidated: 0, miss: 0 };
  let bytes = 0, entries = 0, lastId = 0, bytesSaved = 0;

  function remove(url: string, isGone: (entry: MemoryEntry) => boolean): number {
    const all = byUrl.get(url);
    if (!all) return 0;
    const kept: MemoryEntry[] = [];
    for (const entry of all) {
      if (isGone(entry)) bytes -= entry.bytes;
      else kept.push(entry);
    }
    const gone = all.length - kept.length;
    entries -= gone;
    if (kept.length === 0) byUrl.delete(url);
    else if (gone > 0) byUrl.set(url, kept);
    return gone;
  }

  function evict(): void {
    while (bytes > maxBytes) {
      const [url] = byUrl.keys();
      remove(url!, () => true);
    }
  }

  return {
    salt: randomUUID(),

    get({ url, partition }) {
      const all = byUrl.get(url);
      if (!all) return [];
      byUrl.delete(url);
      byUrl.set(url, all);
      const first = all[0]!;
      if (all.length === 1 && first.key.partition === partition) {
        first.usedMs = Date.now();
        return all;
      }
      return all.filter((entry) => entry.key.partition === partition);
    },

    body: (entry) => (entry as MemoryEntry).pieces,

    open(key, head, replaces) {
      const pieces: Uint8Array[] = [];
      let bodyBytes = 0;
      return {
        write(piece) {
          pieces.push(piece);
          bodyBytes += piece.length;
        },
        commit() {
          const id = ++lastId, size = bodyBytes + headBytes(key, head);
          if (size > maxBytes) return;
          const ids = new Set(replaces.map((entry) => entry.id));
          remove(key.url, (entry) => ids.has(entry.id));
          const same = byUrl.get(key.url) ?? [];
          if (same.length >= maxVariants) remove(key.url, (entry) => entry === same[0]);
          byUrl.set(key.url, [
            ...(byUrl.get(key.url) ?? []),
            { id, key, head, pieces, bodyBytes, bytes: size, usedMs: Date.now() },
          ]);
          bytes += size;
          entries++;
          evict();
        },
        abort() {
          pieces.length = 0;
        },
      };
    },

    update(found, head) {
      const entry = found as MemoryEntry;
      if (!byUrl.get(entry.key.url)?.includes(entry)) return;
      const size = entry.bodyBytes + headBytes(entry.key, head);
      bytes += size - entry.bytes;
      entry.bytes = size;
      entry.head = head;
    },

    drop(gone) {
      for (const entry of gone) remove((entry as MemoryEntry).key.url, (other) => other.id === entry.id);
    },

    invalidate(url) {
      remove(url, () => true);
    },

    record(outcome, saved) {
      counts[outcome]++;
      bytesSaved += saved;
    },

    stats(): CacheStats {
      let oldestMs: number | undefined;
      for (const all of byUrl.values()) {
        for (const { head } of all) oldestMs = Math.min(oldestMs ?? Infinity, head.responseMs);
      }
      const { hit: hits, miss: misses, stale, revalidated } = counts;
      return { entries, bytes, maxBytes, oldestMs, hits, stale, revalidated, misses, bytesSaved, failures: 0 };
    },

    list(filter: CacheFilter = {}): readonly CacheListing[] {
      return [...byUrl.values()].flat().filter(({ key }) => isMeant(key.url, filter)).reverse().map((entry) => ({
        url: entry.key.url,
        isPartitioned: entry.key.partition !== "",
        status: entry.head.status,
        bodyBytes: entry.bodyBytes,
        storedMs: entry.head.responseMs,
        usedMs: entry.usedMs,
      }));
    },

    clear(filter: CacheFilter = {}): number {
      let gone = 0;
      for (const url of [...byUrl.keys()]) if (isMeant(url, filter)) gone += remove(url, () => true);
      return gone;
    },

    // memory that lies is beyond help
    verify: () => ({ checked: entries, removed: 0 }),

    close() {},
  };
}
