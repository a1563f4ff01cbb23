import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** Shows for as long as the process lives that it does. */
export interface ProcessMark {
  /** Takes the mark away. */
  release(): void;
}

/** Where the mark of a process is, beside the database at `path`. */
const markOf = (path: string, id: string): string => join(dirname(path), "running", id);

/**
 * Marks this process as one that lives: by a lock, which the system takes away when the process ends in any way. Where
 * the file system knows no locks there is no mark, and only the time it last wrote tells.
 */
export function markProcess(path: string, id: string): ProcessMark {
  const place = markOf(path, id);
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  const file = Deno.openSync(place, { read: true, write: true, create: true, mode: 0o600 });
  const remove = () => rmSync(place, { force: true });
  try {
    if (!file.tryLockSync(true)) throw new Error("the mark is another's");
  } catch {
    file.close();
    remove();
    return { release() {} };
  }
  return {
    release() {
      remove();
      file.close();
    },
  };
}

/** Whether the process lives; undefined where there is no mark to tell. */
export function isMarkHeld(path: string, id: string): boolean | undefined {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(markOf(path, id), { read: true });
  } catch {
    return undefined;
  }
  try {
    // shared, so that two who look at once do not take each other for the owner
    return !file.tryLockSync(false);
  } catch {
    return undefined;
  } finally {
    file.close();
  }
}

/** Takes away the mark that a dead process left. */
export function removeMark(path: string, id: string): void {
  rmSync(markOf(path, id), { force: true });
}
