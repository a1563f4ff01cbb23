import { randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isSqliteBusy, openSqlite, type SqliteFile } from "../transport/internal.ts";
import { applicationId, migrations } from "./sqlite_schema.ts";

const sql = {
  find:
    `SELECT id, head, head_sum, body, body_bytes, body_sum, used FROM entries WHERE url = ? AND partition = ? AND whole = 1`,
  insert: `INSERT INTO entries
    (url, partition, whole, status, head, head_sum, body, body_bytes, body_sum, bytes, stored_ms, used)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  finish: "UPDATE entries SET whole = 1, body_bytes = ?, body_sum = ? WHERE id = ? AND whole = 0 AND used > 0",
  grow: "UPDATE entries SET bytes = bytes + ?, used = ? WHERE id = ? AND used > 0",
  refresh: "UPDATE entries SET head = ?, head_sum = ?, stored_ms = ? WHERE id = ?",
  use: "UPDATE entries SET used = ? WHERE id = ?",
  hide: "UPDATE entries SET whole = 0, used = 0 WHERE id = ?",
  removeSmall: "DELETE FROM entries WHERE id = ? AND body IS NOT NULL",
  remove: "DELETE FROM entries WHERE id = ?",
  addChunk: "INSERT INTO chunks (entry, n, bytes) VALUES (?, ?, ?)",
  chunks: "SELECT n, bytes FROM chunks WHERE entry = ? AND n >= ? ORDER BY n LIMIT 4",
  dropChunks: "DELETE FROM chunks WHERE id IN (SELECT id FROM chunks WHERE entry = ? ORDER BY n LIMIT 2)",
  idsOf: "SELECT id FROM entries WHERE url = ?",
  variants: "SELECT id FROM entries WHERE url = ? AND partition = ? AND whole = 1 ORDER BY id DESC LIMIT -1 OFFSET ?",
  count: `UPDATE totals SET hit = hit + ?, stale = stale + ?, revalidated = revalidated + ?, miss = miss + ?,
    saved = saved + ?`,
  totals: "SELECT * FROM totals",
  oldest: "SELECT min(stored_ms) AS ms FROM entries WHERE whole = 1",
  // what is unfinished and has not grown for a while never will be
  victim: "SELECT id, body IS NULL AS chunked FROM entries WHERE whole = 1 OR used < ? ORDER BY used LIMIT 1",
  leastUsed: "SELECT used, whole FROM entries ORDER BY used LIMIT 1",
  list: `SELECT url, partition, status, body_bytes, stored_ms, used FROM entries WHERE whole = 1
    AND substr(url, 1, length(?1)) = ?1
    AND (?2 = '' OR substr(url, 1, length(?2) + 9) = 'https://' || ?2 || '/'
      OR substr(url, 1, length(?2) + 8) = 'http://' || ?2 || '/')
    ORDER BY used DESC`,
  clear: `SELECT id FROM entries WHERE substr(url, 1, length(?1)) = ?1
    AND (?2 = '' OR substr(url, 1, length(?2) + 9) = 'https://' || ?2 || '/'
      OR substr(url, 1, length(?2) + 8) = 'http://' || ?2 || '/')`,
  all:
    "SELECT id, head, head_sum, body, body_bytes, body_sum FROM entries WHERE whole = 1 AND id > ? ORDER BY id LIMIT 64",
  salt: "SELECT value FROM about WHERE name = 'salt'",
};

/** Every statement of the store, prepared. */
export type Statements = Readonly<Record<keyof typeof sql, StatementSync>>;

/** How long a statement waits for other processes by itself, in milliseconds: shorter than anybody would notice. */
const shortPatienceMs = 5;
/** How long the first opening waits for other processes, in milliseconds. */
const openPatienceMs = 1000;
/** How long a file that was busy when it should have been opened is left alone, in milliseconds. */
const reopenMs = 100;

/** A connection that never throws. */
export interface SqliteConnection {
  /** The store's secret; one of this process's own while there is no file. */
  readonly salt: string;
  /** Whether there is a file. */
  readonly isOpen: boolean;
  /** Runs `work`; trouble is noted, a damaged file replaced, and `otherwise` is the result. */
  guarded<T>(otherwise: T, work: (run: Statements, db: DatabaseSync) => T): T;
  /** Runs `work` in one transaction, for which it waits up to `patienceMs`. */
  transaction<T>(otherwise: T, patienceMs: number, work: (run: Statements) => T): T;
  /** How often there was trouble, and what it was last. */
  health(): { failures: number; failure?: string };
  /** Sets the file aside and starts a new one. */
  replace(): void;
  /** Lets go of the file. */
  close(): void;
}

/** Opens the file at `path`, or goes on without one. */
export function sqliteConnection(path: string): SqliteConnection {
  const spareSalt = randomUUID();
  let file: SqliteFile<keyof typeof sql> | undefined;
  let salt: string | undefined;
  let failures = 0;
  let failure: string | undefined;
  /** When the file could not be opened because another process was at it: it is tried again soon. */
  let busySince: number | undefined;

  function open(patienceMs: number): void {
    busySince = undefined;
    attempt(() => {
      file = openSqlite(path, {
        applicationId,
        migrations,
        statements: sql,
        patienceMs,
        // The file outlives this process but need not outlive the machine: no fsync, so no request ever waits for a
        // disk. Short checkpoints and a short patience keep every single step far under 5 ms.
        pragmas: `PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 200; PRAGMA busy_timeout = ${shortPatienceMs}`,
      });
      readSalt();
    });
  }

  function readSalt(): void {
    salt = String(file!.run.salt.get()!["value"]);
  }

  /** Runs what opens the file, now or anew; there may be none afterwards. */
  function attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (isSqliteBusy(error)) busySince = performance.now();
      else note(error);
      close();
    }
  }

  function close(): void {
    file?.close();
    file = undefined;
  }

  function note(error: unknown): void {
    failures++;
    failure = error instanceof Error ? error.message : String(error);
  }

  function guarded<T>(otherwise: T, work: (run: Statements, db: DatabaseSync) => T): T {
    if (busySince !== undefined && performance.now() - busySince > reopenMs) open(shortPatienceMs);
    if (!file) return otherwise;
    const { run, db, heal } = file;
    try {
      return work(run, db);
    } catch (error) {
      if (!isSqliteBusy(error)) note(error);
      attempt(() => void (heal(error) && readSalt()));
      return otherwise;
    }
  }

  function transaction<T>(otherwise: T, patienceMs: number, work: (run: Statements) => T): T {
    return guarded(otherwise, (run, db) => {
      const isPatient = patienceMs > shortPatienceMs;
      if (isPatient) db.exec(`PRAGMA busy_timeout = ${patienceMs}`);
      try {
        db.exec("BEGIN IMMEDIATE");
        try {
          const result = work(run);
          db.exec("COMMIT");
          return result;
        } catch (error) {
          if (db.isTransaction) db.exec("ROLLBACK");
          throw error;
        }
      } finally {
        if (isPatient) db.exec(`PRAGMA busy_timeout = ${shortPatienceMs}`);
      }
    });
  }

  open(openPatienceMs);
  return {
    get salt() {
      return salt ?? spareSalt;
    },
    get isOpen() {
      return file !== undefined;
    },
    guarded,
    transaction,
    health: () => ({ failures, ...(failure !== undefined && { failure }) }),
    replace() {
      attempt(() => {
        file?.replace();
        readSalt();
      });
    },
    close,
  };
}
