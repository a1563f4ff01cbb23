import { randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isSqliteBusy, openSqlite, type SqliteFile } from "../transport/internal.ts";
import { applicationId, migrations } from "./sqlite_schema.ts";

/** Statements by name, prepared. */
export type Statements<Name extends string> = Readonly<Record<Name, StatementSync>>;

/** How long a statement waits for other processes by itself, in milliseconds: shorter than anybody would notice. */
const shortPatienceMs = 5;
/** How long the first opening waits for other processes, in milliseconds. */
const openPatienceMs = 1000;
/** How long a file that was busy when it should have been opened is left alone, in milliseconds. */
const reopenMs = 100;

/** A connection that never throws. */
export interface SqliteConnection<Name extends string> {
  /** The store's secret; one of this process's own while there is no file. */
  readonly salt: string;
  /** Whether there is a file. */
  readonly isOpen: boolean;
  /** Runs `work`; trouble is noted, a damaged file replaced, and `otherwise` is the result. */
  guarded<T>(otherwise: T, work: (run: Statements<Name>, db: DatabaseSync) => T): T;
  /** Runs `work` in one transaction, for which it waits up to `patienceMs`. */
  transaction<T>(otherwise: T, patienceMs: number, work: (run: Statements<Name>) => T): T;
  /** How often there was trouble, and what it was last. */
  health(): { failures: number; failure?: string };
  /** Sets the file aside and starts a new one. */
  replace(): void;
  /** Lets go of the file. */
  close(): void;
}

/** Opens the file at `path` with these statements, or goes on without one. */
export function sqliteConnection<Name extends string>(
  path: string,
  statements: Readonly<Record<Name, string>>,
): SqliteConnection<Name> {
  const spareSalt = randomUUID();
  let file: SqliteFile<Name> | undefined;
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
        statements,
        patienceMs,
        // The file outlives this process but need not outlive the machine: no fsync, so no request ever waits for a
        // disk. Short checkpoints and a short patience keep every single step far under 5 ms.
        pragmas: `PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 200; PRAGMA busy_timeout = ${shortPatienceMs}`,
      });
      readSalt();
    });
  }

  function readSalt(): void {
    salt = String(file!.db.prepare("SELECT value FROM about WHERE name = 'salt'").get()!["value"]);
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

  function guarded<T>(otherwise: T, work: (run: Statements<Name>, db: DatabaseSync) => T): T {
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

  function transaction<T>(otherwise: T, patienceMs: number, work: (run: Statements<Name>) => T): T {
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
    close() {
      busySince = undefined;
      close();
    },
  };
}
