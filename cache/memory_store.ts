import { randomUUID } from "node:crypto";
import { noOthers, wholeWithin } from "../transport/internal.ts";
import { arena, takenBytes } from "./arena.ts";
import { memoryBacklog, type WaitingEntry } from "./memory_backlog.ts";
import { memoryEntries, type MemoryEntry } from "./memory_entries.ts";
import {
  type CacheEntry,
  type CacheFilter,
  type CacheListing,
  type CacheOutcome,
  type CacheStats,
  type CacheStore,
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

interface Found extends CacheEntry {
  readonly entry: MemoryEntry;
}

const none: readonly CacheEntry[] = [];
/** What V8 adds to an entry, and to getting rid of old ones, in bytes, as measured on a full store. */
const entryBytes = 1300;
/** Up to here a body lies in the arena, which is copied on its way in and out. */
const arenaBytes = 64 * 1024;
/** How many heads are remembered as objects: the same one again also saves the cache from working out its meaning again. */
const mostHeads = 1000;
const encoder = new TextEncoder();
let scratch = new Uint8Array(4096);
const decoder = new TextDecoder();

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
  const all = memoryEntries();
  const memory = arena();
  const heads = new Map<number, StoredHead>();
  const counts: Record<CacheOutcome, number> = { hit: 0, stale: 0, revalidated: 0, miss: 0 };
  let bytes = 0;
  let entries = 0;
  let bytesSaved = 0;

  const { add: addLater, waits, settle } = memoryBacklog((entry) => {
    entry.replaces.forEach(drop);
    add(entry);
  });

  function headOf(entry: MemoryEntry): StoredHead {
    let head = heads.get(entry.id);
    if (head === undefined) {
      head = JSON.parse(decoder.decode(memory.read(entry.place, 0, entry.headBytes))) as StoredHead;
      remember(entry.id, head);
    }
    return head;
  }

  function remember(id: number, head: StoredHead): void {
    if (heads.size >= mostHeads) heads.clear();
    heads.set(id, head);
  }

  function remove(entry: MemoryEntry): void {
    memory.free(entry.place);
    heads.delete(entry.id);
    // a buffer that is handed over to nobody is free at once
    if (!entry.isLent) { for (const { buffer } of entry.pieces ?? []) buffer.transfer(0); }
    bytes -= entry.bytes;
    entries--;
    all.remove(entry);
  }

  /** The entry, unless it is gone and stands for another one now. */
  function entryOf(found: CacheEntry): MemoryEntry | undefined {
    const { entry } = found as Found;
    return entry.id === found.id ? entry : undefined;
  }

  function drop(found: CacheEntry): void {
    const entry = entryOf(found);
    if (entry !== undefined) remove(entry);
  }

  function add({ key: { url, partition }, head, body, bodyBytes, storedMs }: WaitingEntry): void {
    const text = encoded(head);
    const isSmall = bodyBytes <= arenaBytes;
    const size = entrySize(url, partition, text.length, bodyBytes, isSmall);
    if (size > maxBytes) return;
    if (all.first(url) !== undefined) trimVariants(url, partition);
    while (bytes + size > maxBytes) remove(all.oldest!);
    const entry = all.add(url, storedMs);
    entry.partition = partition;
    entry.status = head.status;
    entry.responseMs = head.responseMs;
    entry.place = memory.write(isSmall ? [text, ...body] : [text]);
    entry.headBytes = text.length;
    entry.bodyBytes = bodyBytes;
    // a piece of something larger would keep it all
    entry.pieces = isSmall
      ? undefined
      : body.map((piece) => piece.length === piece.buffer.byteLength ? piece : piece.slice());
    entry.lengths = isSmall && body.length > 1 ? body.map(({ length }) => length) : undefined;
    entry.bytes = size;
    bytes += size;
    entries++;
  }

  function storedAt(url: string): MemoryEntry[] {
    const found: MemoryEntry[] = [];
    for (let entry = all.first(url); entry !== undefined; entry = entry.sibling) found.push(entry);
    return found;
  }

  /** Makes room for one more. */
  function trimVariants(url: string, partition: string): void {
    const same = storedAt(url).filter((entry) => entry.partition === partition);
    for (const entry of same.slice(0, Math.max(0, same.length + 1 - maxVariants))) remove(entry);
  }

  /** The small body of an entry, in the pieces it came in. */
  function smallBody({ place, headBytes, bodyBytes, lengths = [bodyBytes] }: MemoryEntry): Uint8Array<ArrayBuffer>[] {
    let at = headBytes;
    return lengths.map((length) => memory.read(place, (at += length) - length, length));
  }

  return {
    salt: randomUUID(),

    get({ url, partition }) {
      if (all.first(url) === undefined && !waits(url)) return none;
      // what was stored before this use is filed before it
      settle();
      const found: Found[] = [];
      for (let entry = all.first(url); entry !== undefined; entry = entry.sibling) {
        if (entry.partition !== partition) continue;
        found.push({ id: entry.id, head: headOf(entry), bodyBytes: entry.bodyBytes, entry });
        all.use(entry);
      }
      return found;
    },

    body(found) {
      const entry = entryOf(found);
      if (entry === undefined) return undefined;
      if (entry.pieces === undefined) return smallBody(entry);
      entry.isLent = true;
      return entry.pieces;
    },

    open(key, head, replaces) {
      let pieces: Uint8Array<ArrayBuffer>[] = [];
      let bodyBytes = 0;
      return {
        write(piece) {
          pieces.push(piece as Uint8Array<ArrayBuffer>);
          bodyBytes += piece.length;
        },
        commit() {
          addLater({ key, head, body: pieces, bodyBytes, replaces, storedMs: Date.now() });
          // large pieces are only filed, not copied
          if (bodyBytes > arenaBytes) settle();
          pieces = [];
        },
        abort() {
          pieces = [];
        },
      };
    },

    update(found, head) {
      const entry = entryOf(found);
      if (entry === undefined) return;
      const { url, partition, place, bodyBytes } = entry;
      const text = encoded(head);
      const isSmall = entry.pieces === undefined;
      const body = isSmall ? smallBody(entry) : [];
      memory.free(place);
      entry.place = memory.write([text, ...body]);
      entry.headBytes = text.length;
      entry.status = head.status;
      entry.responseMs = head.responseMs;
      const size = entrySize(url, partition, text.length, bodyBytes, isSmall);
      bytes += size - entry.bytes;
      entry.bytes = size;
      remember(entry.id, head);
    },

    drop(gone) {
      gone.forEach(drop);
    },

    invalidate(url) {
      settle();
      storedAt(url).forEach(remove);
    },

    record(outcome, saved) {
      counts[outcome]++;
      bytesSaved += saved;
    },

    stats(): CacheStats {
      settle();
      let oldestMs: number | undefined;
      for (let entry = all.oldest; entry; entry = entry.newer) {
        oldestMs = Math.min(oldestMs ?? Infinity, entry.responseMs);
      }
      const { hit: hits, miss: misses, stale, revalidated } = counts;
      return { entries, bytes, maxBytes, oldestMs, hits, stale, revalidated, misses, bytesSaved, failures: 0 };
    },

    list(filter: CacheFilter = {}): readonly CacheListing[] {
      settle();
      const lines: CacheListing[] = [];
      for (let entry = all.newest; entry; entry = entry.older) {
        const { url, partition, status, responseMs, bodyBytes, usedMs } = entry;
        if (!isMeant(url, filter)) continue;
        lines.push({ url, partition, status, bodyBytes, storedMs: responseMs, usedMs });
      }
      return lines;
    },

    clear(filter: CacheFilter = {}): number {
      settle();
      const meant: MemoryEntry[] = [];
      for (let entry = all.oldest; entry; entry = entry.newer) if (isMeant(entry.url, filter)) meant.push(entry);
      meant.forEach(remove);
      return meant.length;
    },

    // memory that lies is beyond help
    verify() {
      settle();
      return { checked: entries, removed: 0 };
    },

    close() {},
  };
}

/** What an entry takes, in bytes. */
function entrySize(url: string, partition: string, headBytes: number, bodyBytes: number, isSmall: boolean): number {
  const outside = isSmall ? 0 : bodyBytes;
  return entryBytes + url.length + partition.length + outside + takenBytes(headBytes + bodyBytes - outside);
}

/** A head as it lies in the arena; good until the next one. */
function encoded(head: StoredHead): Uint8Array {
  const text = JSON.stringify(head);
  if (scratch.length < text.length * 3) scratch = new Uint8Array(text.length * 3);
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written);
}
