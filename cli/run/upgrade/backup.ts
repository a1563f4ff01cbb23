import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backup as copyPages, DatabaseSync } from "node:sqlite";
import { InputError, version } from "../../../transport/mod.ts";
import { checkPlain, lookAtSqlite, wrapDiskError } from "../../../transport/internal.ts";
import type { KeptFile } from "./kept_files.ts";

/** A file of a backup. */
export interface BackedUpFile {
  /** Its name in the backup. */
  readonly name: string;
  /** Its size. */
  readonly bytes: number;
  /** Its SHA-256, in lower case. */
  readonly sha256: string;
}

/** What a backup says of itself, in its `backup.json`. */
export interface Backup {
  /** The civikit that made it. */
  readonly civikit: string;
  /** When. */
  readonly made: string;
  /** What is in it. */
  readonly files: readonly BackedUpFile[];
}

/** What says that a folder is a backup. */
export const manifestName = "backup.json";

/** The SHA-256 of a file. @throws When it cannot be read. */
export function digestAt(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Copies a database as it is at one moment, whoever writes to it meanwhile. */
async function copyDatabase(from: string, to: string): Promise<void> {
  lookAtSqlite(from);
  using db = new DatabaseSync(from, { readOnly: true, timeout: 5000 });
  // not VACUUM INTO: that attaches a file, which Deno allows only together with everything else
  await copyPages(db, to);
}

/**
 * Copies settings and databases into a new folder, which appears whole or not at all. What is not there is left out.
 *
 * @param folder It may not be there yet.
 * @throws {InputError} `target_exists` when it is there.
 * @throws {DiskError} When something cannot be read or written; a damaged database is `invalid_file`.
 */
export async function makeBackup(files: readonly KeptFile[], folder: string, now: Date): Promise<Backup> {
  if (existsSync(folder)) {
    throw new InputError(`making a backup in "${folder}": it is there already; name a new folder`, {
      code: "target_exists",
      reason: "backup_exists",
      input: folder,
    });
  }
  const unfinished = `${folder}.tmp`;
  try {
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true, mode: 0o700 });
    const copied: BackedUpFile[] = [];
    for (const { name, path, isDatabase } of files.filter(({ path }) => existsSync(path))) {
      const to = join(unfinished, name);
      if (isDatabase) await copyDatabase(path, to);
      else {
        checkPlain(path);
        writeFileSync(to, readFileSync(path));
      }
      if (Deno.build.os !== "windows") chmodSync(to, 0o600);
      copied.push({ name, bytes: statSync(to).size, sha256: digestAt(to) });
    }
    const backup: Backup = { civikit: version, made: now.toISOString(), files: copied };
    writeFileSync(join(unfinished, manifestName), `${JSON.stringify(backup, null, 2)}\n`, { mode: 0o600 });
    renameSync(unfinished, folder);
    return backup;
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw wrapDiskError(error, folder, "making a backup in");
  }
}
