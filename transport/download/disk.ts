import { existsSync, lstatSync, mkdirSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { errnoOf, isUnsupported } from "./errno.ts";
import type { ErrorCode, ErrorReason } from "../errors/codes.ts";
import { CivikitError, DiskError } from "../errors/errors.ts";
import { missingRight } from "../errors/rights.ts";

const known: Record<string, readonly [code: ErrorCode, state: string, reason?: ErrorReason]> = {
  ENOSPC: ["no_space", "no space left on the disk"],
  EDQUOT: ["no_space", "disk quota used up"],
  EACCES: ["permission_denied", "permission denied"],
  EPERM: ["permission_denied", "operation not permitted"],
  EROFS: ["permission_denied", "read-only file system"],
  ENOENT: ["folder_missing", "no such file or folder"],
  ENAMETOOLONG: ["invalid_path", "name too long"],
  ENOTDIR: ["invalid_path", "a part of the path is not a folder", "not_a_folder"],
  EISDIR: ["invalid_path", "is a folder", "is_folder"],
  ENOTEMPTY: ["invalid_path", "is a folder that is not empty"],
  ELOOP: ["invalid_path", "too many links"],
  ERR_INVALID_ARG_VALUE: ["invalid_path", "not a valid path"],
  EEXIST: ["target_exists", "exists already"],
  EBUSY: ["target_locked", "in use"],
  ETXTBSY: ["target_locked", "in use"],
  EXDEV: ["rename_failed", "on another device"],
  EFBIG: ["disk_error", "larger than this file system or its limit allows"],
  EMFILE: ["too_many_files", "too many open files"],
  ENFILE: ["too_many_files", "too many open files in the whole system"],
  EIO: ["disk_error", "input/output error"],
};

/** Actions on what should be there already: where it is missing, no folder could be made for it. */
const takesWhatIsThere = /^(?:reading|looking (?:at|into)|hashing|verifying|checking|linking)\b/;

/**
 * A failure of the disk as a {@linkcode DiskError} with a code that tells what to do; the original is its `cause`.
 * Reads Deno's error classes and the errno of `node:fs` alike. A missing right of Deno's is `permission_denied` with a
 * `reason` such as `write_right`; what is not there to be read is `folder_missing` with the reason `file_missing`. An
 * error of ours is returned as it is.
 *
 * @param error What was thrown.
 * @param path The file or folder in question.
 * @param action What was being done, as the start of the message: `writing`, `opening`.
 * @example
 * ```ts
 * try {
 *   Deno.openSync("/no such folder/x.part", { write: true, createNew: true });
 * } catch (error) {
 *   console.log(wrapDiskError(error, "/no such folder/x.part", "opening").code); // folder_missing
 * }
 * ```
 */
export function wrapDiskError(error: unknown, path: string, action: string): CivikitError {
  if (error instanceof CivikitError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const right = missingRight(cause);
  const errno = errnoOf(cause);
  const [code, state, given] = known[errno] ?? ["disk_error", errno || cause.message];
  const message = `${action} ${JSON.stringify(path)}: ${right?.state ?? state}`;
  if (right !== undefined) {
    return new DiskError(message, { code: "permission_denied", reason: right.reason, path, cause });
  }
  const reason = given ?? (errno === "ENOENT" && takesWhatIsThere.test(action) ? "file_missing" : undefined);
  return new DiskError(message, { code, reason, path, cause });
}

/**
 * Bytes that this user may still write where `folder` is, or will be: the nearest folder that exists is asked.
 * Undefined where the system does not tell, or the permission `--allow-sys=statfs` was not given.
 *
 * @throws {DiskError} when the disk cannot be asked.
 * @example
 * ```ts
 * console.log(freeBytes("models/Lora") ?? "unknown");
 * ```
 */
export function freeBytes(folder: string): number | undefined {
  if (!isGranted({ name: "sys", kind: "statfs" })) return undefined;
  for (let place = resolve(folder);; place = dirname(place)) {
    try {
      const { bavail, bsize } = statfsSync(place);
      return bavail * bsize;
    } catch (error) {
      if (isUnsupported(error)) return undefined;
      if (errnoOf(error) !== "ENOENT" || dirname(place) === place) {
        throw wrapDiskError(error, place, "reading the free space of");
      }
    }
  }
}

/** Asking must not stop a program with a prompt for something it can do without. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

/**
 * Makes `folder` and what is missing above it.
 *
 * @throws {DiskError} `invalid_path` when something else has that name, `permission_denied`, `no_space`.
 * @example
 * ```ts
 * const root = Deno.makeTempDirSync();
 * ensureFolder(`${root}/models/Lora`);
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export function ensureFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const link = danglingLink(folder);
    if (link !== undefined) {
      throw new DiskError(`making the folder ${JSON.stringify(folder)}: ${JSON.stringify(link)} is a link to nowhere`, {
        code: "folder_missing",
        path: folder,
        cause: error,
      });
    }
    const wrapped = wrapDiskError(error, folder, "making the folder");
    if (wrapped.code !== "target_exists") throw wrapped;
    throw wrapDiskError(
      Object.assign(new Error("exists", { cause: error }), { code: "ENOTDIR" }),
      folder,
      "making the folder",
    );
  }
}

/** The link on the way to `folder` that leads to nothing, as when the disk it is on is not there. */
function danglingLink(folder: string): string | undefined {
  for (let place = resolve(folder);; place = dirname(place)) {
    try {
      if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() && !existsSync(place)) return place;
    } catch {
      // something above is no folder
    }
    if (dirname(place) === place) return undefined;
  }
}

/** What {@linkcode writeAll} needs of a file. */
export type PositionalFile = Pick<Deno.FsFile, "seekSync" | "writeSync">;

/**
 * Writes all of `bytes` at offset `at`, however little the system takes at a time. Synchronous on purpose: a large
 * write into the page cache is over before a thread pool would have begun it.
 *
 * @param path Names the file in errors.
 * @throws {DiskError} when not every byte was taken; then none of them may be counted as written.
 */
export function writeAll(file: PositionalFile, bytes: Uint8Array, at: number, path: string): void {
  try {
    file.seekSync(at, Deno.SeekMode.Start);
    let written = file.writeSync(bytes);
    while (written < bytes.length) {
      const more = file.writeSync(bytes.subarray(written));
      if (more === 0) throw new Error(`only ${written} of ${bytes.length} bytes were taken`);
      written += more;
    }
  } catch (error) {
    throw wrapDiskError(error, path, "writing");
  }
}

/** Up to `length` bytes of a file from `at` on: fewer where it ends before. @throws {DiskError} When the disk refuses. */
export function readAt(file: Deno.FsFile, at: number, length: number, path: string): Uint8Array {
  const bytes = new Uint8Array(length);
  try {
    file.seekSync(at, Deno.SeekMode.Start);
    let read = 0;
    while (read < length) {
      const count = file.readSync(bytes.subarray(read));
      if (count === null) break;
      read += count;
    }
    return bytes.subarray(0, read);
  } catch (error) {
    throw wrapDiskError(error, path, "reading");
  }
}
