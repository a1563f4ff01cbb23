import { isSqliteBusy, openSqlite, type SqliteStep } from "../../transport/internal.ts";
import type { CivikitError } from "../../transport/mod.ts";
import type { Identity } from "./identity.ts";
import type { Presumption } from "./presumption.ts";

/** What tells whether a file may have changed since it was hashed. */
export interface FileStamp {
  /** Its full path. */
  path: string;
  /** Size in bytes. */
  bytes: number;
  /** Last change in milliseconds since the epoch. */
  mtimeMs: number;
}

/** A file's hash, and of which state of the file. */
export interface HashRecord extends FileStamp {
  /** Upper case. */
  sha256: string;
  /** What is wrong with it by its own account; null: nothing that could be told; undefined: nobody looked. */
  problem?: string | null | undefined;
  /** When the hash was computed over the whole file, in milliseconds since the epoch. Default: when it is kept. */
  provedMs?: number | undefined;
}

/** What the site said about a hash. */
export interface AskedRecord {
  /** What it is; null when the site knows no such file. */
  identity: Identity | null;
  /** When it was asked, in milliseconds since the epoch. */
  askedAt: number;
  /** Since when the site is known to have it no more, in milliseconds since the epoch; undefined: it has it. */
  goneAt?: number | undefined;
}

/** What a file was presumed to be, and of which state of the file. */
export interface PresumedRecord extends FileStamp {
  /** What. */
  presumption: Presumption;
  /** When the site was asked, in milliseconds since the epoch. */
  askedAt: number;
}

/** Hashes and identities of files, kept between runs. */
export interface HashCache extends Disposable {
  /** The record of this very state of the file. */
  find(stamp: FileStamp): HashRecord | undefined;
  /** The last record of the path, whatever the file is now. */
  recorded(path: string): HashRecord | undefined;
  /** Keeps a record in place of the path's last one. */
  keep(record: HashRecord): void;
  /** What the site said about a SHA-256. */
  asked(sha256: string): AskedRecord | undefined;
  /** Keeps what the site said. */
  keepAsked(sha256: string, record: AskedRecord): void;
  /** Marks that the site has a file no more, or (null) has it again; what it said before stays. */
  markGone(sha256: string, goneAt: number | null): void;
  /** What this very state of the file was presumed to be; a hash that was computed since says whether it is. */
  presumed(stamp: FileStamp): PresumedRecord | undefined;
  /** Keeps it in place of the path's last one. */
  keepPresumed(record: PresumedRecord): void;
  /** Forgets it. */
  forgetPresumed(path: string): void;
  /** Does many calls in one step, which is much quicker. */
  together<T>(work: () => T): T;
  /** Closes the file. */
  close(): void;
}

/** What marks a file as one of ours: "ckhs". */
const applicationId = 0x636b6873;

const migrations: readonly SqliteStep[] = [
  `CREATE TABLE files (
     path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, mtime REAL NOT NULL, sha256 TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE identities (
     sha256 TEXT PRIMARY KEY, identity TEXT, asked_at INTEGER NOT NULL
   ) WITHOUT ROWID;`,
  // empty where there is no problem
  "ALTER TABLE files ADD COLUMN problem TEXT",
  "ALTER TABLE files ADD COLUMN proved_ms INTEGER",
  `CREATE TABLE presumptions (
     path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, mtime REAL NOT NULL, presumption TEXT NOT NULL, asked_at INTEGER NOT NULL
   ) WITHOUT ROWID`,
  "CREATE TABLE gone (sha256 TEXT PRIMARY KEY, gone_at INTEGER NOT NULL) WITHOUT ROWID",
];

const statements = {
  find: "SELECT path, bytes, mtime AS mtimeMs, sha256, problem, proved_ms AS provedMs FROM files WHERE path = ?",
  keep: "INSERT OR REPLACE INTO files (path, bytes, mtime, sha256, problem, proved_ms) VALUES (?, ?, ?, ?, ?, ?)",
  asked: `SELECT identity, asked_at AS askedAt, gone_at AS goneAt FROM identities
    LEFT JOIN gone USING (sha256) WHERE sha256 = ?`,
  markGone: "INSERT OR IGNORE INTO gone (sha256, gone_at) VALUES (?, ?)",
  markThere: "DELETE FROM gone WHERE sha256 = ?",
  keepAsked: "INSERT OR REPLACE INTO identities (sha256, identity, asked_at) VALUES (?, ?, ?)",
  presumed: "SELECT bytes, mtime AS mtimeMs, presumption, asked_at AS askedAt FROM presumptions WHERE path = ?",
  keepPresumed:
    "INSERT OR REPLACE INTO presumptions (path, bytes, mtime, presumption, asked_at) VALUES (?, ?, ?, ?, ?)",
  forgetPresumed: "DELETE FROM presumptions WHERE path = ?",
};

type AskedRow = { identity: string | null; askedAt: number; goneAt: number | null };

/** Settings of {@linkcode hashCache}. */
export interface HashCacheOptions {
  /** How long to wait for other processes, in milliseconds; once that was in vain, no longer. Default 5000. */
  patienceMs?: number | undefined;
  /** Told where a damaged file was put; a new one is in its place then. */
  onSetAside?: ((path: string) => void) | undefined;
  /** Told once when something cannot be read or kept, a locked file or a full disk; it stops nothing. */
  onTrouble?: ((error: CivikitError) => void) | undefined;
}

/**
 * A cache of file hashes in SQLite: a file is hashed again only when its path, size or time changed. Once it is open,
 * trouble with it stops nothing: what cannot be read is not known, and what cannot be written is not kept. A damaged file
 * is renamed `NAME.corrupt-TIME` and replaced.
 *
 * @param path The database; made (0600) with its folder (0700) when missing. `:memory:` keeps nothing.
 * @param options See {@linkcode HashCacheOptions}.
 * @throws {DiskError} When it cannot be opened: `newer_format` when a newer civikit made it, `invalid_file` when another
 * program did, `target_locked` when somebody else has it for longer than `patienceMs`.
 * @example
 * ```ts
 * import { hashCache } from "@civikit/civikit/api";
 *
 * using cache = hashCache(":memory:");
 * cache.keep({ path: "/models/a.safetensors", bytes: 5, mtimeMs: 1, sha256: "AB".repeat(32) });
 * console.log(cache.find({ path: "/models/a.safetensors", bytes: 5, mtimeMs: 2 })); // undefined: it was changed
 * ```
 */
export function hashCache(
  path: string,
  { patienceMs = 5000, onSetAside, onTrouble }: HashCacheOptions = {},
): HashCache {
  const file = openSqlite(path, {
    applicationId,
    migrations,
    statements,
    patienceMs,
    pragmas: "PRAGMA synchronous = NORMAL",
    onSetAside,
  });
  let isTogether = false;
  let isTroubled = false;

  function attempt<T>(work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (error) {
      return afterTrouble(error, work, otherwise);
    }
  }

  /** Once more with a new file, where there is one. */
  function afterTrouble<T>(first: unknown, work: () => T, otherwise: T): T {
    let isFirst = true;
    try {
      return file.use("using", () => {
        if (isFirst) {
          isFirst = false;
          throw first;
        }
        // what was set aside took the transaction with it
        if (isTogether && !file.db.isTransaction) file.db.exec("BEGIN");
        return work();
      });
    } catch (error) {
      trouble(error as CivikitError);
      return otherwise;
    }
  }

  function trouble(error: CivikitError): void {
    if (isTroubled) return;
    isTroubled = true;
    onTrouble?.(error);
    // whoever waited in vain once does not wait each time
    if (isSqliteBusy(error)) file.db.exec("PRAGMA busy_timeout = 0");
  }

  const recorded = (path: string) =>
    attempt((): HashRecord | undefined => {
      const row = file.run.find.get(path) as HashRecord | undefined;
      if (row === undefined) return undefined;
      row.problem = row.problem === null ? undefined : row.problem || null;
      row.provedMs ??= undefined;
      return row;
    }, undefined);
  return {
    recorded,
    find({ path, bytes, mtimeMs }) {
      const record = recorded(path);
      return record !== undefined && record.bytes === bytes && record.mtimeMs === mtimeMs ? record : undefined;
    },
    keep({ path, bytes, mtimeMs, sha256, problem, provedMs = Date.now() }) {
      const column = problem === undefined ? null : problem ?? "";
      attempt(() => void file.run.keep.run(path, bytes, mtimeMs, sha256, column, provedMs), undefined);
    },
    asked: (sha256) =>
      attempt(() => {
        const row = file.run.asked.get(sha256) as AskedRow | undefined;
        if (row === undefined) return undefined;
        const { askedAt, identity, goneAt } = row;
        const known = identity === null ? null : JSON.parse(identity);
        return { askedAt, identity: known, ...(goneAt !== null && { goneAt }) };
      }, undefined),
    markGone: (sha256, goneAt) =>
      attempt(
        () => void (goneAt === null ? file.run.markThere.run(sha256) : file.run.markGone.run(sha256, goneAt)),
        undefined,
      ),
    keepAsked: (sha256, { identity, askedAt }) =>
      attempt(
        () => void file.run.keepAsked.run(sha256, identity === null ? null : JSON.stringify(identity), askedAt),
        undefined,
      ),
    presumed: ({ path, bytes, mtimeMs }) =>
      attempt((): PresumedRecord | undefined => {
        const row = file.run.presumed.get(path) as
          | Omit<PresumedRecord, "presumption"> & { presumption: string }
          | undefined;
        if (row === undefined || row.bytes !== bytes || row.mtimeMs !== mtimeMs) return undefined;
        return { path, bytes, mtimeMs, askedAt: row.askedAt, presumption: JSON.parse(row.presumption) };
      }, undefined),
    keepPresumed: ({ path, bytes, mtimeMs, presumption, askedAt }) =>
      attempt(
        () => void file.run.keepPresumed.run(path, bytes, mtimeMs, JSON.stringify(presumption), askedAt),
        undefined,
      ),
    forgetPresumed: (path) => attempt(() => void file.run.forgetPresumed.run(path), undefined),
    together(work) {
      isTogether = true;
      attempt(() => file.db.isTransaction || file.db.exec("BEGIN"), undefined);
      try {
        return work();
      } finally {
        isTogether = false;
        attempt(() => file.db.isTransaction && file.db.exec("COMMIT"), false);
        if (file.db.isTransaction) file.db.exec("ROLLBACK");
      }
    },
    close: file.close,
    [Symbol.dispose]: file.close,
  };
}
