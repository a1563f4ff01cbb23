import { chmodSync, closeSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "./sqlite_schema.ts";

/** An open cache file. */
export interface SqliteFile {
  /** The connection. */
  readonly db: DatabaseSync;
  /** Which file it is, whatever its name becomes. */
  readonly inode: number;
}

/** What went wrong, as far as it matters here. */
export type SqliteTrouble = "damaged" | "unreadable" | "busy" | "other";

/** Tells apart what SQLite reports. Deno gives no numbers with it, so the words must do. */
export function troubleOf(error: unknown): SqliteTrouble {
  const text = error instanceof Error ? error.message : String(error);
  if (/malformed|not a database|no such (?:table|column)/i.test(text)) return "damaged";
  if (/disk I\/O error/i.test(text)) return "unreadable";
  return /locked|busy/i.test(text) ? "busy" : "other";
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Makes the folder (0700) and the file (0600) before SQLite would, with rights of its own choice. */
function prepare(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
}

function openOnce(path: string): SqliteFile {
  prepare(path);
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout = 5000");
    db.exec("PRAGMA journal_mode = WAL");
    migrate(db);
    // The file outlives this process but need not outlive the machine: no fsync, so no request ever waits for a disk.
    // Short checkpoints and a short patience keep every single step far under 5 ms.
    db.exec("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 200; PRAGMA busy_timeout = 5");
    return { db, inode: inodeOf(path) ?? 0 };
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Renames a damaged cache file, with its log, to `NAME.corrupt-TIME`. A file that another process has already replaced
 * stays where it is.
 *
 * @param inode The file that was found damaged; undefined when it could not even be opened.
 */
export function setAside(path: string, inode: number | undefined): void {
  if (inode !== undefined && inodeOf(path) !== inode) return;
  const aside = `${path}.corrupt-${new Date().toISOString().replace(/[^0-9TZ]/g, "")}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      renameSync(path + suffix, aside + suffix);
    } catch {
      // there is not always a log
    }
  }
}

/**
 * Opens the cache file, making folder, file and tables where they are missing. A damaged file is set aside and a new one
 * made in its place.
 *
 * @throws When there can be no file at all: no rights, no space, a folder in its place.
 */
export function openSqliteFile(path: string): SqliteFile {
  try {
    return openOnce(path);
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble !== "damaged" && trouble !== "unreadable") throw error;
    setAside(path, undefined);
    return openOnce(path);
  }
}
