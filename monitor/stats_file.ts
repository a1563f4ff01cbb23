import { chmodSync, closeSync, mkdirSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DiskError } from "../transport/mod.ts";
import { migrate } from "./stats_schema.ts";

/** How long to wait for other processes, in milliseconds. */
const patienceMs = 2000;

/** SQLite's number for what went wrong; undefined for anything else. */
function numberOf(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

const corrupt = 11, notADatabase = 26;

function isDamaged(error: unknown): boolean {
  const number = numberOf(error);
  return number === corrupt || number === notADatabase;
}

/** Puts what SQLite threw into words of ours. */
export function wrapStoreError(error: unknown, path: string, action: string): DiskError {
  if (error instanceof DiskError) return error;
  const code = numberOf(error) === 13 ? "no_space" : "disk_error";
  const state = error instanceof Error ? error.message : String(error);
  return new DiskError(`${action} "${path}": ${state}`, { code, path, cause: error });
}

function openOnce(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: patienceMs });
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
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
