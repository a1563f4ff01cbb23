import { chmodSync, closeSync, mkdirSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DiskError } from "../transport/mod.ts";
import { migrate } from "./stats_schema.ts";

/** How long to wait for other processes, in milliseconds. */
const patienceMs = 2000;

// Deno gives no numbers with what SQLite reports, so the words must do.
const textOf = (error: unknown): string => error instanceof Error ? error.message : String(error);
const isDamaged = (error: unknown): boolean => /malformed|not a database/i.test(textOf(error));

/** Puts what SQLite threw into words of ours. */
export function wrapStoreError(error: unknown, path: string, action: string): DiskError {
  if (error instanceof DiskError) return error;
  const state = textOf(error);
  const code = /disk is full/i.test(state) ? "no_space" : "disk_error";
  return new DiskError(`${action} "${path}": ${state}`, { code, path, cause: error });
}

function openOnce(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: patienceMs });
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256");
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Opens a store's file, or makes it: the file with rights 0600, a folder made for it with 0700. A damaged file is kept
 * aside as `NAME.corrupt-TIME`, and a new one takes its place.
 *
 * @throws {DiskError} When there can be none.
 */
export function openStatsFile(path: string, nowMs: number): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
    if (Deno.build.os !== "windows") chmodSync(path, 0o600);
    try {
      return openOnce(path);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      for (const end of ["", "-wal", "-shm"]) {
        try {
          renameSync(path + end, `${path}.corrupt-${nowMs}${end}`);
        } catch {
          // there was none
        }
      }
      return openOnce(path);
    }
  } catch (error) {
    throw wrapStoreError(error, path, "opening");
  }
}
