import { crc32 } from "node:zlib";
import type { Statements } from "./sqlite_connection.ts";
import { type CacheKey, headBytes, type StoredHead } from "./store.ts";

/** What writes and removes rows. */
export const rowSql = {
  insert: `INSERT INTO entries
    (url, partition, whole, status, head, head_sum, body, body_bytes, body_sum, bytes, stored_ms, used)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  hide: "UPDATE entries SET whole = 0, used = 0 WHERE id = ?",
  removeSmall: "DELETE FROM entries WHERE id = ? AND body IS NOT NULL",
  remove: "DELETE FROM entries WHERE id = ?",
  dropChunks: "DELETE FROM chunks WHERE id IN (SELECT id FROM chunks WHERE entry = ? ORDER BY n LIMIT 2)",
  variants: "SELECT id FROM entries WHERE url = ? AND partition = ? AND whole = 1 ORDER BY id DESC LIMIT 1 OFFSET ?",
  totals: "SELECT * FROM totals",
  leastUsed: "SELECT used, whole FROM entries ORDER BY used LIMIT 1",
  // what is unfinished and has not grown for a while never will be
  victim: "SELECT id, body IS NULL AS chunked FROM entries WHERE whole = 1 OR used < ? ORDER BY used LIMIT 1",
};

type Run = Statements<keyof typeof rowSql>;

/** After this time without growth an unfinished entry is given up: its process was killed. */
const unfinishedMs = 120_000;
/** Milliseconds in the form of the column `used`, which has room to tell apart uses within one of them. */
export const ticksPerMs = 1024;

/** The bounds of a store. */
export interface Bounds {
  /** The most the entries may take, in bytes. */
  readonly maxBytes: number;
  /** How long an entry may lie unused, in milliseconds. */
  readonly maxIdleMs: number;
  /** The most variants of one URL that are kept. */
  readonly maxVariants: number;
}

/** The rows of entries, kept within bounds. Each function runs in its caller's transaction. */
export interface Rows {
  /** This moment as `used` has it; never the same twice. */
  tick(): number;
  /** Adds an entry; one whose body is null is unfinished, and its body comes in chunks. Returns its id, and what it takes. */
  insert(run: Run, key: CacheKey, head: StoredHead, body: Uint8Array | null): { id: number; bytes: number };
  /** Takes entries out of sight; what lies in chunks is cleared out later, a little at a time. */
  remove(run: Run, ids: Iterable<number>): void;
  /** Removes the oldest variants over the limit. */
  trimVariants(run: Run, key: CacheKey): void;
  /** How much more the store may hold, in bytes. */
  room(run: Run): number;
  /** Drops the least recently used entry, or some of its chunks, if the store is out of bounds; returns whether it was. */
  makeRoom(run: Run): boolean;
}

/** Makes what writes and removes rows within `bounds`. */
export function rowsWithin({ maxBytes, maxIdleMs, maxVariants }: Bounds): Rows {
  let lastTick = 0;

  function tick(): number {
    return lastTick = Math.max(Date.now() * ticksPerMs, lastTick + 1);
  }

  function remove(run: Run, ids: Iterable<number>): void {
    for (const id of ids) {
      if (Number(run.removeSmall.run(id).changes) === 0) run.hide.run(id);
    }
  }

  function room(run: Run): number {
    return maxBytes - Number(run.totals.get()!["bytes"]);
  }

  return {
    tick,
    remove,

    insert(run, key, head, body) {
      const text = JSON.stringify(head);
      const bytes = headBytes(key, head, 200, 8) + (body?.length ?? 0);
      const { lastInsertRowid } = run.insert.run(
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
      );
      return { id: Number(lastInsertRowid), bytes };
    },

    trimVariants(run, { url, partition }) {
      for (;;) {
        const oldest = run.variants.get(url, partition, maxVariants);
        if (oldest === undefined) return;
        remove(run, [Number(oldest["id"])]);
      }
    },

    room,

    makeRoom(run) {
      const least = run.leastUsed.get();
      const now = Date.now();
      if (!least) return false;
      if (room(run) >= 0 && Number(least["used"]) >= (now - maxIdleMs) * ticksPerMs) return false;
      const victim = run.victim.get((now - unfinishedMs) * ticksPerMs);
      if (!victim) return false;
      const id = Number(victim["id"]);
      if (victim["chunked"]) {
        run.hide.run(id);
        if (Number(run.dropChunks.run(id).changes) > 0) return true;
      }
      run.remove.run(id);
      return true;
    },
  };
}
