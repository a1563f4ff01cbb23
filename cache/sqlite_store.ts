import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { noOthers, wholeWithin, within } from "../transport/internal.ts";
import { backlog, backlogSql } from "./sqlite_backlog.ts";
import { sqliteConnection } from "./sqlite_connection.ts";
import { rowSql, rowsWithin, ticksPerMs } from "./sqlite_rows.ts";
import { sqliteWriter, writerSql } from "./sqlite_writer.ts";
import type {
  CacheEntry,
  CacheFilter,
  CacheListing,
  CacheStats,
  CacheStore,
  CacheVerdict,
  StoredHead,
} from "./store.ts";

/** Whether a filter means `url`: ?1 is its prefix, ?2 its host, and an empty one means all. */
const isMeant = `substr(url, 1, length(?1)) = ?1
    AND (?2 = '' OR substr(url, 1, length(?2) + 9) = 'https://' || ?2 || '/'
      OR substr(url, 1, length(?2) + 8) = 'http://' || ?2 || '/')`;

const sql = {
  ...rowSql,
  ...backlogSql,
  ...writerSql,
  find:
    `SELECT id, head, head_sum, body, body_bytes, body_sum, used FROM entries WHERE url = ? AND partition = ? AND whole = 1`,
  chunks: "SELECT n, bytes FROM chunks WHERE entry = ? AND n >= ? ORDER BY n LIMIT 4",
  refresh: "UPDATE entries SET head = ?, head_sum = ?, stored_ms = ? WHERE id = ?",
  idsOf: "SELECT id FROM entries WHERE url = ?",
  oldest: "SELECT min(stored_ms) AS ms FROM entries WHERE whole = 1",
  list: `SELECT url, partition, status, body_bytes, stored_ms, used FROM entries WHERE whole = 1 AND ${isMeant}
    ORDER BY used DESC`,
  clear: `SELECT id FROM entries WHERE ${isMeant}`,
  all:
    "SELECT id, head, head_sum, body, body_bytes, body_sum FROM entries WHERE whole = 1 AND id > ? ORDER BY id LIMIT 64",
};

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

/** How many entries' fields are remembered. */
const mostHeads = 1000;
const dayMs = 86_400_000;

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
  { maxBytes = 100 * 1024 * 1024, maxIdleMs = 30 * dayMs, maxVariants = 16, useGrainMs = 60_000, ...others }:
    SqliteStoreOptions = {},
): CacheStore {
  noOthers<SqliteStoreOptions>("sqliteStore", others, { maxBytes, maxIdleMs, maxVariants, useGrainMs });
  wholeWithin("maxBytes", maxBytes, 1);
  wholeWithin("maxVariants", maxVariants, 1);
  within("maxIdleMs", maxIdleMs, 1);
  within("useGrainMs", useGrainMs, 0);
  const grain = useGrainMs * ticksPerMs;

  const connection = sqliteConnection(path, sql);
  const { guarded, transaction } = connection;
  const rows = rowsWithin({ maxBytes, maxIdleMs, maxVariants });
  const later = backlog(connection, rows);
  const { flush, settle } = later;
  /** Fields already read apart: the same object again also saves the cache from working out their meaning again. */
  const heads = new Map<number, { text: string; head: StoredHead }>();

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
          const now = rows.tick();
          if (now - row.used >= grain) later.use(entry.id, now);
        }
        return entries;
      });
    },

    body: (entry) => bodyOf(entry as SqliteEntry),

    open: (key, head, replaces) => sqliteWriter(connection, rows, later, { key, head, replaces }),

    update({ id }, head) {
      settle();
      const text = JSON.stringify(head);
      transaction(undefined, 50, (run) => void run.refresh.run(text, crc32(text), head.responseMs, id));
    },

    drop(entries) {
      settle();
      transaction(undefined, 50, (run) => rows.remove(run, entries.map(({ id }) => id)));
    },

    invalidate(url) {
      settle();
      transaction(undefined, 1000, (run) => rows.remove(run, run.idsOf.all(url).map(({ id }) => Number(id))));
    },

    record: later.count,

    stats(): CacheStats {
      flush();
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
      flush();
      const found = guarded([], (run) => run.list.all(prefix, host));
      return found.map((row) => ({
        url: String(row["url"]),
        partition: String(row["partition"]),
        status: Number(row["status"]),
        bodyBytes: Number(row["body_bytes"]),
        storedMs: Number(row["stored_ms"]),
        usedMs: Math.floor(Number(row["used"]) / ticksPerMs),
      }));
    },

    clear({ host = "", prefix = "" }: CacheFilter = {}): number {
      flush();
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
      flush();
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
        const batch = guarded([], (run) => run.all.all(last) as unknown as Row[]);
        if (batch.length === 0) return { checked, removed };
        for (const row of batch) {
          last = row.id;
          checked++;
          const entry = entryOf(row);
          if (entry && await bodyOf(entry) !== undefined) continue;
          transaction(undefined, 1000, (run) => rows.remove(run, [row.id]));
          removed++;
        }
        await setImmediate();
      }
    },

    close() {
      later.close();
      connection.close();
    },
  };
}
