import { setTimeout } from "node:timers";
import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { sqliteConnection, type Statements } from "./sqlite_connection.ts";
import {
  type CacheEntry,
  type CacheFilter,
  type CacheKey,
  type CacheListing,
  type CacheOutcome,
  type CacheStats,
  type CacheStore,
  type CacheVerdict,
  type CacheWriter,
  checkCount,
  headBytes,
  type StoredHead,
} from "./store.ts";

/** Options of {@linkcode sqliteStore}. */
export interface SqliteStoreOptions {
  /** The most the entries may take, bodies and fields together, in bytes. Default 100 MiB. */
  maxBytes?: number;
  /** How long an entry may lie unused, in milliseconds. Default 30 days. */
  maxIdleMs?: number;
  /** The most variants of one URL that are kept. Default 16. */
  maxVariants?: number;
  /** How exactly the order of use is kept, in milliseconds: a use sooner after the last one is not written down. Default 60,000. */
  useGrainMs?: number;
}

interface Row {
  readonly id: number;
  readonly head: string;
  readonly head_sum: number;
  readonly body: Uint8Array | null;
  readonly body_bytes: number;
  readonly body_sum: number;
  readonly used: number;
}

interface SqliteEntry extends CacheEntry {
  readonly body: Uint8Array | null;
  readonly bodySum: number;
}

/** A small entry that waits for its turn to be written. */
interface Pending {
  readonly key: CacheKey;
  readonly head: StoredHead;
  readonly body: Uint8Array;
  readonly replaces: readonly number[];
}

/** Up to here a body lies in its entry's row, and is written behind the caller's back. */
const inlineBytes = 64 * 1024;
const chunkBytes = 128 * 1024;
/** How long one round of writing down and clearing out may take, in milliseconds. */
const roundMs = 2;
/** How long a small entry waits for company, in milliseconds: one transaction for many is much cheaper. */
const batchMs = 20;
/** How many small entries may wait to be written: a cache that falls behind forgets rather than grows. */
const mostPending = 1000;
/** How many entries' fields are remembered. */
const mostHeads = 1000;
/** After this time without growth an unfinished entry is given up: its process was killed. */
const unfinishedMs = 120_000;
/** What only keeps the books is written this late, in milliseconds, and holds up no process that wants to end. */
const idleFlushMs = 1000;
const dayMs = 86_400_000;
const outcomes = ["hit", "stale", "revalidated", "miss"] as const;

/** Milliseconds in the form of the column `used`, which has room to tell apart uses within one of them. */
const ticksPerMs = 1024;

/**
 * Keeps responses in an SQLite file, which several processes may share and which survives the sudden end of any of them.
 *
 * Bodies and fields carry checksums, so that a damaged entry is a miss. A damaged file is renamed `NAME.corrupt-TIME` and
 * replaced. Small entries are written a moment later, behind the caller's back: close the store to be sure they are.
 *
 * @param path Where the file is or shall be; it gets rights 0600, and a folder made for it 0700.
 * @param options See {@linkcode SqliteStoreOptions}.
 * @throws {RangeError} When an option is out of range. Trouble with the file never throws: see `failures` of the numbers.
 * @example
 * ```ts
 * import { httpCache, sqliteStore } from "@civikit/civikit/cache";
 *
 * const folder = await Deno.makeTempDir();
 * const store = sqliteStore(`${folder}/http.sqlite`, { maxBytes: 50 * 1024 * 1024 });
 * const layer = httpCache({ store });
 * console.log(typeof layer, (await store.stats()).entries); // function 0
 * store.close();
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function sqliteStore(
  path: string,
  { maxBytes = 100 * 1024 * 1024, maxIdleMs = 30 * dayMs, maxVariants = 16, useGrainMs = 60_000 }: SqliteStoreOptions =
    {},
): CacheStore {
  checkCount("maxBytes", maxBytes);
  checkCount("maxVariants", maxVariants);
  if (!(maxIdleMs > 0)) throw new RangeError(`option maxIdleMs: ${maxIdleMs} is not above 0`);
  if (!(useGrainMs >= 0)) throw new RangeError(`option useGrainMs: ${useGrainMs} is not 0 or more`);
  const grain = useGrainMs * ticksPerMs;

  const connection = sqliteConnection(path);
  const { guarded, transaction } = connection;
  let isClosed = false;
  let pending: Pending[] = [];
  let written = 0;
  let refusals = 0;
  const used = new Map<number, number>();
  /** Fields already read apart: the same object again also saves the cache from working out their meaning again. */
  const heads = new Map<number, { text: string; head: StoredHead }>();
  let lastTick = 0;
  const counts: Record<CacheOutcome, number> = { hit: 0, stale: 0, revalidated: 0, miss: 0 };
  let saved = 0;
  let hasCounts = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerMs = Infinity;

  function tick(): number {
    return lastTick = Math.max(Date.now() * ticksPerMs, lastTick + 1);
  }

  /** Sees to it that what is pending gets written within about `delayMs`. */
  function schedule(delayMs: number): void {
    if (isClosed || timerMs <= delayMs) return;
    clearTimeout(timer);
    timerMs = delayMs;
    timer = setTimeout(() => {
      timerMs = Infinity;
      flush(5, roundMs);
    }, delayMs);
    if (delayMs >= idleFlushMs) timer.unref();
  }

  /** Takes entries out of sight; what lies in chunks is cleared out later, a little at a time. */
  function removeIds(run: Statements, ids: Iterable<number>): void {
    for (const id of ids) {
      if (Number(run.removeSmall.run(id).changes) === 0) run.hide.run(id);
    }
  }

  function insert(run: Statements, key: CacheKey, head: StoredHead, body: Uint8Array | null): number {
    const text = JSON.stringify(head);
    const bytes = headBytes(key, head, 200, 8) + (body?.length ?? 0);
    const { id } = run.insert.get(
      key.url,
      key.partition,
      body ? 1 : 0,
      head.status,
      text,
      crc32(text),
      body,
      body?.length ?? 0,
      body ? crc32(body) : 0,
      bytes,
      head.responseMs,
      tick(),
    )!;
    return Number(id);
  }

  function trimVariants(run: Statements, { url, partition }: CacheKey): void {
    removeIds(run, run.variants.all(url, partition, maxVariants).map(({ id }) => Number(id)));
  }

  /** Writes `entry` and makes room for it, so that the file stays within its limit while it is being filled. */
  function writeDown(run: Statements, { key, head, body, replaces }: Pending): void {
    removeIds(run, replaces);
    insert(run, key, head, body);
    trimVariants(run, key);
    for (let n = 0; n < 4 && makeRoom(run); n++);
  }

  /** Drops the least recently used entry, or some of its chunks, if the store is out of bounds; returns whether it was. */
  function makeRoom(run: Statements): boolean {
    const least = run.leastUsed.get();
    const now = Date.now();
    if (!least) return false;
    const isOver = Number(run.totals.get()!["bytes"]) > maxBytes;
    if (!isOver && Number(least["used"]) >= (now - maxIdleMs) * ticksPerMs) return false;
    const victim = run.victim.get((now - unfinishedMs) * ticksPerMs);
    if (!victim) return false;
    const id = Number(victim["id"]);
    if (victim["chunked"]) {
      run.hide.run(id);
      if (Number(run.dropChunks.run(id).changes) > 0) return true;
    }
    run.remove.run(id);
    return true;
  }

  /**
   * Writes down entries, uses and counts, and makes room.
   *
   * @param budgetMs How long it may take; what is left over comes later.
   */
  function flush(patienceMs: number, budgetMs: number): void {
    const start = performance.now();
    const isLate = () => performance.now() - start >= budgetMs;
    const isOver = transaction<boolean | undefined>(undefined, patienceMs, (run) => {
      let done = 0;
      while (done < pending.length && (done === 0 || !isLate())) writeDown(run, pending[done++]!);
      for (const [id, at] of used) run.use.run(at, id);
      if (hasCounts) run.count.run(...outcomes.map((outcome) => counts[outcome]), saved);
      let isCrowded = true;
      while (isCrowded && !isLate()) isCrowded = makeRoom(run);
      written = done;
      return isCrowded;
    });
    if (isOver === undefined) {
      // other processes have the file just now
      if (connection.isOpen && ++refusals < 250) return schedule(20);
      written = pending.length;
    }
    refusals = 0;
    pending = pending.slice(written);
    used.clear();
    for (const outcome of outcomes) counts[outcome] = 0;
    saved = 0;
    hasCounts = false;
    if (isOver || pending.length > 0) schedule(1);
  }

  /** Has everything written that is pending, or only what is pending for `url`. */
  function settle(url?: string): void {
    if (pending.length === 0) return;
    if (url === undefined) return flush(1000, Infinity);
    const these = pending.filter(({ key }) => key.url === url);
    if (these.length === 0) return;
    const isDone = transaction(false, 50, (run) => {
      for (const entry of these) writeDown(run, entry);
      return true;
    });
    if (isDone) pending = pending.filter(({ key }) => key.url !== url);
  }

  /** An entry out of its row; undefined when its fields are not what was written. */
  function entryOf({ id, head, head_sum, body, body_bytes, body_sum }: Row): SqliteEntry | undefined {
    let known = heads.get(id);
    if (known?.text !== head) {
      if (crc32(head) !== head_sum) return undefined;
      known = { text: head, head: JSON.parse(head) };
      if (heads.size >= mostHeads) heads.clear();
      heads.set(id, known);
    }
    return { id, head: known.head, bodyBytes: body_bytes, body, bodySum: body_sum };
  }

  async function chunksOf({ id, bodyBytes, bodySum }: SqliteEntry): Promise<readonly Uint8Array[] | undefined> {
    const pieces: Uint8Array[] = [];
    let sum = 0;
    let bytes = 0;
    for (;;) {
      const rows = guarded([], (run) => run.chunks.all(id, pieces.length));
      if (rows.length === 0) break;
      for (const row of rows) {
        const piece = row["bytes"] as Uint8Array;
        if (row["n"] !== pieces.length) return undefined;
        pieces.push(piece);
        bytes += piece.length;
        sum = crc32(piece, sum);
      }
      // a large body is not read in one breath, others want to run too
      await setImmediate();
    }
    return bytes === bodyBytes && sum === bodySum ? pieces : undefined;
  }

  function bodyOf(entry: SqliteEntry): readonly Uint8Array[] | undefined | Promise<readonly Uint8Array[] | undefined> {
    const { body, bodyBytes, bodySum } = entry;
    if (body === null) return chunksOf(entry);
    return body.length === bodyBytes && crc32(body) === bodySum ? [body] : undefined;
  }

  /** Takes in a body: a small one as a whole, a large one chunk by chunk, so that memory stays small. */
  function writer(key: CacheKey, head: StoredHead, replaces: readonly CacheEntry[]): CacheWriter {
    const old = replaces.map(({ id }) => id);
    let pieces: Uint8Array[] = [];
    let held = 0;
    let stored = 0;
    let sum = 0;
    let n = 0;
    let id: number | undefined;
    let isBroken = false;

    /** Writes down what is held, in chunks. */
    function spill(): void {
      const all = joined(pieces, held);
      pieces = [];
      held = 0;
      for (let at = 0; at < all.length && !isBroken; at += chunkBytes) addChunk(all.subarray(at, at + chunkBytes));
    }

    function addChunk(bytes: Uint8Array): void {
      const isWritten = transaction(false, 50, (run) => {
        id ??= insert(run, key, head, null);
        run.addChunk.run(id, n, bytes);
        for (let more = 0; more < 2 && makeRoom(run); more++);
        return Number(run.grow.run(bytes.length, tick(), id).changes) > 0;
      });
      if (!isWritten) return giveUp();
      n++;
      stored += bytes.length;
      sum = crc32(bytes, sum);
    }

    function giveUp(): void {
      isBroken = true;
      pieces = [];
      const begun = id;
      if (begun !== undefined) transaction(undefined, 50, (run) => removeIds(run, [begun]));
    }

    return {
      write(bytes) {
        if (isBroken) return;
        pieces.push(bytes);
        held += bytes.length;
        if (held >= chunkBytes) spill();
      },
      commit() {
        if (isBroken || isClosed) return;
        if (id === undefined && held <= inlineBytes) {
          if (pending.length < mostPending) pending.push({ key, head, body: joined(pieces, held), replaces: old });
          return schedule(batchMs);
        }
        if (held > 0) spill();
        const begun = id;
        if (isBroken || begun === undefined) return;
        const isDone = transaction(false, 50, (run) => {
          if (Number(run.finish.run(stored, sum, begun).changes) === 0) return false;
          removeIds(run, old);
          trimVariants(run, key);
          return true;
        });
        if (!isDone) giveUp();
        schedule(0);
      },
      abort: giveUp,
    };
  }

  return {
    get salt() {
      return connection.salt;
    },

    get({ url, partition }) {
      settle(url);
      return guarded([], ({ find }) => {
        const entries: SqliteEntry[] = [];
        for (const row of find.all(url, partition) as unknown as Row[]) {
          const entry = entryOf(row);
          if (!entry) continue;
          entries.push(entry);
          const now = tick();
          if (now - row.used < grain) continue;
          used.set(entry.id, now);
          schedule(used.size < 100 ? idleFlushMs : 0);
        }
        return entries;
      });
    },

    body: (entry) => bodyOf(entry as SqliteEntry),

    open: writer,

    update({ id }, head) {
      settle();
      const text = JSON.stringify(head);
      transaction(undefined, 50, (run) => void run.refresh.run(text, crc32(text), head.responseMs, id));
    },

    drop(entries) {
      settle();
      transaction(undefined, 50, (run) => removeIds(run, entries.map(({ id }) => id)));
    },

    invalidate(url) {
      settle();
      transaction(undefined, 1000, (run) => removeIds(run, run.idsOf.all(url).map(({ id }) => Number(id))));
    },

    record(outcome, bytes) {
      counts[outcome]++;
      saved += bytes;
      hasCounts = true;
      schedule(idleFlushMs);
    },

    stats(): CacheStats {
      flush(1000, Infinity);
      const none = { entries: 0, bytes: 0, hit: 0, stale: 0, revalidated: 0, miss: 0, saved: 0 };
      const row = guarded(none, (run) => run.totals.get() as unknown as typeof none);
      const oldest = guarded(null, (run) => run.oldest.get()!["ms"] as number | null);
      return {
        entries: row.entries,
        bytes: row.bytes,
        maxBytes,
        oldestMs: oldest ?? undefined,
        hits: row.hit,
        stale: row.stale,
        revalidated: row.revalidated,
        misses: row.miss,
        bytesSaved: row.saved,
        ...connection.health(),
      };
    },

    list({ host = "", prefix = "" }: CacheFilter = {}): readonly CacheListing[] {
      flush(1000, Infinity);
      const rows = guarded([], (run) => run.list.all(prefix, host));
      return rows.map((row) => ({
        url: String(row["url"]),
        partition: String(row["partition"]),
        status: Number(row["status"]),
        bodyBytes: Number(row["body_bytes"]),
        storedMs: Number(row["stored_ms"]),
        usedMs: Math.floor(Number(row["used"]) / ticksPerMs),
      }));
    },

    clear({ host = "", prefix = "" }: CacheFilter = {}): number {
      flush(1000, Infinity);
      const gone = transaction(0, 5000, (run) => {
        const ids = run.clear.all(prefix, host).map(({ id }) => Number(id));
        for (const id of ids) {
          while (Number(run.dropChunks.run(id).changes) > 0);
          run.remove.run(id);
        }
        return ids.length;
      });
      // gives the space back to the disk; not when another process is reading
      if (gone > 0) guarded(undefined, (_, db) => db.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)"));
      return gone;
    },

    async verify(): Promise<CacheVerdict> {
      flush(1000, Infinity);
      const sound = guarded("", (_, db) => String(db.prepare("PRAGMA integrity_check(1)").get()!["integrity_check"]));
      if (sound !== "ok" && connection.isOpen) {
        const { entries } = guarded({ entries: 0 }, (run) => run.totals.get() as unknown as { entries: number });
        connection.replace();
        return { checked: entries, removed: entries };
      }
      let checked = 0;
      let removed = 0;
      let last = 0;
      for (;;) {
        const rows = guarded([], (run) => run.all.all(last) as unknown as Row[]);
        if (rows.length === 0) return { checked, removed };
        for (const row of rows) {
          last = row.id;
          checked++;
          const entry = entryOf(row);
          if (entry && await bodyOf(entry) !== undefined) continue;
          transaction(undefined, 1000, (run) => removeIds(run, [row.id]));
          removed++;
        }
        await setImmediate();
      }
    },

    close() {
      if (isClosed) return;
      isClosed = true;
      clearTimeout(timer);
      flush(1000, Infinity);
      connection.close();
    },
  };
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
