import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CivikitError, wrapDiskError } from "../../transport/mod.ts";
import type { Identity } from "./identity.ts";

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
}

/** What the site said about a hash. */
export interface AskedRecord {
  /** What it is; null when the site knows no such file. */
  identity: Identity | null;
  /** When it was asked, in milliseconds since the epoch. */
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
  tell(sha256: string, record: AskedRecord): void;
  /** Does many calls in one step, which is much quicker. */
  together<T>(work: () => T): T;
  /** Closes the file. */
  close(): void;
}

const schemaVersion = 1;
const schema = `
  CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, mtime REAL NOT NULL, sha256 TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS identities (
    sha256 TEXT PRIMARY KEY, identity TEXT, asked_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  PRAGMA user_version = ${schemaVersion};
`;

function open(path: string): DatabaseSync {
  try {
    if (path !== ":memory:") mkdirSync(dirname(resolve(path)), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw wrapDiskError(error, path, "opening the hash cache");
  }
  try {
    return new DatabaseSync(path);
  } catch (error) {
    throw sqliteError(error, path);
  }
}

function prepare(db: DatabaseSync, path: string): void {
  db.exec("PRAGMA busy_timeout = 5000");
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  const version = Number(db.prepare("PRAGMA user_version").get()!.user_version);
  if (version > schemaVersion) {
    throw new CivikitError(
      `opening the hash cache ${JSON.stringify(path)}: its form is ${version}, known is ${schemaVersion}`,
      { code: "newer_format" },
    );
  }
  if (version === 0) db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
}

/**
 * A cache of file hashes in SQLite: a file is hashed again only when its path, size or time changed.
 *
 * @param path The database; made with its folder when missing. `:memory:` keeps nothing.
 * @throws {CivikitError} `newer_format` when a newer civikit made it.
 * @throws {DiskError} When it cannot be opened or written, as on a read-only disk.
 * @example
 * ```ts
 * import { hashCache } from "@civikit/civikit/api";
 *
 * using cache = hashCache(":memory:");
 * cache.keep({ path: "/models/a.safetensors", bytes: 5, mtimeMs: 1, sha256: "AB".repeat(32) });
 * console.log(cache.find({ path: "/models/a.safetensors", bytes: 5, mtimeMs: 2 })); // undefined: it was changed
 * ```
 */
export function hashCache(path: string): HashCache {
  const db = open(path);
  try {
    prepare(db, path);
  } catch (error) {
    db.close();
    throw sqliteError(error, path);
  }
  const select = db.prepare("SELECT path, bytes, mtime AS mtimeMs, sha256 FROM files WHERE path = ?");
  const upsert = db.prepare("INSERT OR REPLACE INTO files (path, bytes, mtime, sha256) VALUES (?, ?, ?, ?)");
  const selectIdentity = db.prepare("SELECT identity, asked_at AS askedAt FROM identities WHERE sha256 = ?");
  const upsertIdentity = db.prepare("INSERT OR REPLACE INTO identities (sha256, identity, asked_at) VALUES (?, ?, ?)");
  let isClosed = false;

  function attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw sqliteError(error, path);
    }
  }

  const recorded = (file: string) => attempt(() => select.get(file) as unknown as HashRecord | undefined);
  const close = () => {
    if (!isClosed) db.close();
    isClosed = true;
  };
  return {
    recorded,
    find({ path: file, bytes, mtimeMs }) {
      const record = recorded(file);
      return record !== undefined && record.bytes === bytes && record.mtimeMs === mtimeMs ? record : undefined;
    },
    keep({ path: file, bytes, mtimeMs, sha256 }) {
      attempt(() => upsert.run(file, bytes, mtimeMs, sha256));
    },
    asked(sha256) {
      const row = attempt(() => selectIdentity.get(sha256)) as { identity: string | null; askedAt: number } | undefined;
      if (row === undefined) return undefined;
      return { askedAt: row.askedAt, identity: row.identity === null ? null : JSON.parse(row.identity) };
    },
    tell(sha256, { identity, askedAt }) {
      attempt(() => upsertIdentity.run(sha256, identity === null ? null : JSON.stringify(identity), askedAt));
    },
    together(work) {
      attempt(() => db.exec("BEGIN"));
      try {
        const result = work();
        attempt(() => db.exec("COMMIT"));
        return result;
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      }
    },
    close,
    [Symbol.dispose]: close,
  };
}

/** SQLite's own words, sorted into ours; Deno gives no numbers with them. */
function sqliteError(error: unknown, path: string): CivikitError {
  if (error instanceof CivikitError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = /malformed|not a database|no such (?:table|column)/i.test(text)
    ? "invalid_file"
    : /readonly|read-only|unable to open/i.test(text)
    ? "permission_denied"
    : /full/i.test(text)
    ? "no_space"
    : "disk_error";
  return new CivikitError(`using the hash cache ${JSON.stringify(path)}: ${text}`, { code, cause: error });
}
