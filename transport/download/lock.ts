import { existsSync, lstatSync, rmSync, unlinkSync } from "node:fs";
import { errnoOf } from "./errno.ts";
import { DiskError } from "../errors/errors.ts";
import { isSameFile, refuseStrange } from "./plain_file.ts";
import { wrapDiskError } from "./disk.ts";

type FileId = Pick<Deno.FileInfo, "dev" | "ino">;

/** A part file opened for reading and writing, and nobody else's until `release`. */
export interface PartLock extends Disposable {
  /** Where the part file is. */
  readonly path: string;
  /** The open part file; `release` closes it. */
  readonly file: Deno.FsFile;
  /** Which file it is, whatever its name. */
  readonly id: FileId;
  /** Its size in bytes when it was opened. */
  readonly sizeBytes: number;
  /** Whether the file was made just now. */
  readonly created: boolean;
  /** False on file systems that know no locks (some network shares): then nothing keeps others away. */
  readonly exclusive: boolean;
  /** Gives the part file up. The system does the same when the process ends in any way. Safe to call twice. */
  release(): void;
}

type Placed = Pick<PartLock, "path" | "id">;

/** Whether the file still has the name it was opened by. */
function isInPlace({ path, id }: Placed): boolean {
  return isSameFile(id, lstatSync(path, { throwIfNoEntry: false }));
}

/** Refuses what someone put in place of the file. @throws {DiskError} `part_mismatch`. */
export function checkPlace(lock: Placed): void {
  if (isInPlace(lock)) return;
  const { path } = lock;
  throw new DiskError(`publishing ${JSON.stringify(path)}: something else has taken its place`, {
    code: "part_mismatch",
    path,
  });
}

/** Removes a file that was made just now, or is empty. */
export function removeEmpty(lock: Placed & Pick<PartLock, "file" | "created">): void {
  if (isInPlace(lock) && (lock.created || lock.file.statSync().size === 0)) rmSync(lock.path, { force: true });
}

const attempts = 20;

/**
 * Opens the part file at `path`, or makes it, and takes an exclusive lock on it. No link is followed, and a part file
 * that has already been published under `target` (a run that died between its two last steps) is let go of, so that a
 * published file is never written again.
 *
 * @param path The part file.
 * @param target The final name.
 * @param options `beside`: lock `path.lock` instead. Default on Windows, where a lock binds readers too, the hash among
 * them. The file goes away with the lock.
 * @throws {DiskError} `target_locked` when another process, or another call here, has it; `invalid_path` when `path` is
 * a link, a folder or anything else but a file; `permission_denied`, `folder_missing`, `no_space`.
 */
export function lockPart(
  path: string,
  target: string,
  { beside = Deno.build.os === "windows" }: { beside?: boolean } = {},
): PartLock {
  const guard = beside ? takeGuard(`${path}.lock`) : undefined;
  try {
    const taken = take(path, target, guard === undefined);
    const exclusive = guard?.exclusive ?? taken.exclusive;
    const { file, id, sizeBytes, created } = taken;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      if (guard === undefined && exclusive) unlock(file);
      file.close();
      guard?.release();
    };
    return { path, file, id, sizeBytes, created, exclusive, release, [Symbol.dispose]: release };
  } catch (error) {
    guard?.release();
    throw error;
  }
}

function takeGuard(path: string): { exclusive: boolean; release(): void } {
  const { file, exclusive } = take(path, path, true);
  return {
    exclusive,
    release() {
      try {
        unlinkSync(path);
      } catch {
        // an empty file stays behind, and the next run takes it over
      }
      if (exclusive) unlock(file);
      file.close();
    },
  };
}

type Taken = Pick<PartLock, "file" | "id" | "sizeBytes" | "created" | "exclusive">;

function take(path: string, target: string, locking: boolean): Taken {
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const taken = tryTake(path, target, locking);
      if (taken) return taken;
    }
  } catch (error) {
    throw wrapDiskError(error, path, "opening");
  }
  throw locked(path);
}

/** Undefined when the file at `path` changed under our hands; then it is time to look again. */
function tryTake(path: string, target: string, locking: boolean): Taken | undefined {
  // mostly nothing is there: asking costs less than a failure
  const found = existsSync(path) ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
  refuseStrange(found, path);
  if (found && path !== target && isSameFile(found, lstatSync(target, { throwIfNoEntry: false }))) {
    unlinkSync(path);
    return undefined;
  }
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true, write: true, createNew: !found });
  } catch (error) {
    if (!(error instanceof (found ? Deno.errors.NotFound : Deno.errors.AlreadyExists))) throw error;
    // such as a link to nowhere
    if (!found) refuseStrange(lstatSync(path, { throwIfNoEntry: false }), path);
    return undefined;
  }
  try {
    const exclusive = locking && lockFile(file, path);
    const { size, dev, ino } = file.statSync();
    const id = { dev, ino };
    // while we waited to get here its owner may have published it under its final name
    if (!isSameFile(id, lstatSync(path, { throwIfNoEntry: false }))) {
      file.close();
      return undefined;
    }
    return { file, id, sizeBytes: size, created: !found, exclusive };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Whether somebody holds the lock on a file; where there is none, or no locks, nobody does. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    using file = Deno.openSync(path);
    const isFree = file.tryLockSync(false);
    if (isFree) unlock(file);
    return !isFree;
  } catch (error) {
    return held.has(errnoOf(error));
  }
}

/** What a failing disk says, or a server that is gone. */
const failing: ReadonlySet<string> = new Set(["EIO", "ESTALE"]);
/** What file systems say that keep locks on a server, in place of a plain no. */
const held: ReadonlySet<string> = new Set(["EACCES", "EBUSY", "EDEADLK"]);

function lockFile(file: Deno.FsFile, path: string): boolean {
  try {
    if (file.tryLockSync(true)) return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (failing.has(errno)) throw error;
    // whatever else it says: there are no locks here, as on a network share without their service
    if (!held.has(errno)) return false;
  }
  throw locked(path);
}

/** Before the file is closed: a child that another thread is starting has it open, and locked, until it runs. */
function unlock(file: Deno.FsFile): void {
  try {
    file.unlockSync();
  } catch {
    // closing it does the same a moment later
  }
}

function locked(path: string): DiskError {
  return new DiskError(`locking ${JSON.stringify(path)}: another download is writing it`, {
    code: "target_locked",
    path,
  });
}
