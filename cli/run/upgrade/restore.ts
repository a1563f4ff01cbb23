import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../../../transport/mod.ts";
import { wrapDiskError } from "../../../transport/internal.ts";
import { type Backup, digestAt, manifestName } from "./backup.ts";
import type { KeptFile } from "./kept_files.ts";

function damaged(folder: string, state: string): InputError {
  return new InputError(`reading the backup "${folder}": ${state}`, {
    code: "invalid_file",
    reason: "backup_damaged",
    input: folder,
  });
}

/** Reads what a backup says of itself, and checks every file of it. @throws {InputError} `invalid_file` when it is not whole. */
export function readBackup(folder: string): Backup {
  let backup: Backup;
  try {
    backup = JSON.parse(readFileSync(join(folder, manifestName), "utf8")) as Backup;
    if (!Array.isArray(backup.files)) throw new SyntaxError("no files");
  } catch {
    throw damaged(folder, `there is no ${manifestName} that can be read`);
  }
  for (const { name, sha256 } of backup.files) {
    const path = join(folder, name);
    if (!existsSync(path)) throw damaged(folder, `"${name}" is missing`);
    if (digestAt(path) !== sha256) throw damaged(folder, `"${name}" was changed`);
  }
  return backup;
}

/** A file of `path`'s owner, as the folder is or the file was: whoever restores may be root. */
function giveBack(path: string, like: string): void {
  if (Deno.build.os === "windows") return;
  const { uid, gid } = statSync(like);
  if (Deno.uid() === 0) chownSync(path, uid, gid);
  chmodSync(path, 0o600);
}

/**
 * Puts the files of a backup back in their places. What was there is kept beside as `NAME.replaced`, its own logs with it:
 * a log of another database would spoil the one that comes back.
 *
 * @returns The names of what was put back.
 * @throws {InputError} `invalid_file` when the backup is not whole; nothing is changed then.
 * @throws {DiskError} When the disk refuses.
 */
export function restoreBackup(files: readonly KeptFile[], folder: string): readonly string[] {
  const backup = readBackup(folder);
  const known = new Map(files.map((file) => [file.name, file]));
  const wanted = backup.files.flatMap(({ name }) => known.has(name) ? [known.get(name)!] : []);
  for (const { name, path, isDatabase } of wanted) {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const fresh = `${path}.tmp`;
      copyFileSync(join(folder, name), fresh);
      giveBack(fresh, existsSync(path) ? path : dirname(path));
      for (const end of isDatabase ? ["-wal", "-shm", ""] : [""]) {
        rmSync(`${path}.replaced${end}`, { force: true });
        if (existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${path}.replaced${end}`);
      }
      renameSync(fresh, path);
    } catch (error) {
      throw wrapDiskError(error, path, "putting back");
    }
  }
  return wanted.map(({ name }) => name);
}
