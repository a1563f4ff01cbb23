import { chmodSync, closeSync, mkdirSync, openSync, renameSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { checkPlain } from "../download/plain_file.ts";

const retryMs = 10;

/** What lies at `path`; undefined where nothing does. */
export function statusOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** The log files SQLite keeps beside a file; none where asking for them would stop the program with a question. */
function logsOf(path: string): string[] {
  return ["-wal", "-shm"].map((end) => path + end).filter((name) => isGranted(name) && statusOf(name));
}

function isGranted(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** Makes the folder (0700) and the file (0600) before SQLite would, with rights of its own choice. */
export function prepare(path: string): void {
  for (const name of [path, ...logsOf(path)]) checkPlain(name);
  // a file that is there is not opened: closing it would end every lock this process has on it through SQLite
  if (statusOf(path)) return;
  mkdirSync(dirname(resolve(path)), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
}

/** Other users have no business in it, whoever made it. */
export function makePrivate(path: string): void {
  if (Deno.build.os === "windows" || (statusOf(path)!.mode & 0o077) === 0) return;
  try {
    chmodSync(path, 0o600);
  } catch {
    // somebody else's file, or a file system without rights
  }
}

/**
 * Runs `work` while no other process moves a damaged file out of the folder (or, when `exclusive`, opens one in it): a
 * file's log must never be taken for that of the next one.
 */
export function withFolder<T>(path: string, exclusive: boolean, patienceMs: number, work: () => T): T {
  using _lock = lockFolder(dirname(resolve(path)), exclusive, patienceMs);
  return work();
}

/** Undefined on systems without such locks: there it matters for some microseconds. */
function lockFolder(folder: string, exclusive: boolean, patienceMs: number): Deno.FsFile | undefined {
  let file: Deno.FsFile | undefined;
  let isFree: boolean;
  const startedMs = performance.now();
  try {
    if (!isGranted(folder)) return undefined;
    file = Deno.openSync(folder, { read: true });
    while (!(isFree = file.tryLockSync(exclusive)) && performance.now() - startedMs < patienceMs) pause();
  } catch {
    file?.close();
    return undefined;
  }
  if (isFree) return file;
  file.close();
  throw new Error("the folder is locked");
}

/** Waits a moment before another try; nothing else runs meanwhile. */
export function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
}

/** Renames a file and its log to `NAME.corrupt-TIME`. One that another process has already replaced stays where it is. */
export function setAside(path: string, inode: number | undefined, patienceMs: number): string | undefined {
  return withFolder(path, true, patienceMs, () => {
    if (statusOf(path)?.ino !== inode) return undefined;
    const end = `.corrupt-${new Date().toISOString().replace(/[^0-9TZ]/g, "")}`;
    const logs = logsOf(path);
    renameSync(path, path + end);
    for (const log of logs) renameSync(log, path + end + log.slice(path.length));
    return path + end;
  });
}
