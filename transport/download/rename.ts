import { closeSync, fstatSync, linkSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DiskError } from "../errors/errors.ts";
import { isGranted, wrapDiskError } from "./disk.ts";
import { errnoOf } from "./errno.ts";
import { isSameFile, syncHandle } from "./plain_file.ts";

/** Brings a folder's entries to the disk, where the system has such a thing and lets this program do it. */
export function syncFolder(folder: string): void {
  if (!maySyncFolder(folder)) return;
  let handle: number | undefined;
  try {
    handle = openSync(folder, "r");
    syncHandle(handle);
  } catch (error) {
    checkSync(error, folder);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

const folderSyncs = new Map<string, { running?: Promise<void>; next?: Promise<void> }>();

/**
 * The same for many at once: resolves when a sync that began after the call has ended. Those that ask while one is under
 * way, which may be too early for them, share the next one.
 *
 * @throws {DiskError} When the disk refuses.
 */
export async function syncFolderTogether(folder: string): Promise<void> {
  const syncs = folderSyncs.get(folder) ?? {};
  folderSyncs.set(folder, syncs);
  const begin = (): Promise<void> => {
    delete syncs.next;
    const running = syncInBackground(folder).finally(() => {
      if (syncs.running === running) delete syncs.running;
      if (syncs.next === undefined && syncs.running === undefined) folderSyncs.delete(folder);
    });
    return syncs.running = running;
  };
  await (syncs.running === undefined ? begin() : syncs.next ??= syncs.running.then(begin, begin));
}

async function syncInBackground(folder: string): Promise<void> {
  if (!maySyncFolder(folder)) return;
  try {
    using handle = await Deno.open(folder);
    await handle.sync();
  } catch (error) {
    checkSync(error, folder);
  }
}

function maySyncFolder(folder: string): boolean {
  return Deno.build.os !== "windows" && isGranted({ name: "read", path: folder });
}

/** Of a folder that cannot be synced only a failing disk matters. */
function checkSync(error: unknown, folder: string): void {
  const wrapped = wrapDiskError(error, folder, "syncing");
  if (errnoOf(error) === "EIO" || wrapped.code === "no_space") throw wrapped;
}

/** Settings of {@linkcode renameDurably}. */
export interface RenameOptions {
  /** Whether an existing `to` gives way. Default false. */
  replace?: boolean;
}

/**
 * Gives `from` the name `to` so that the change survives a power cut; the bytes must have been synced before. Unless
 * `replace` is set, an existing `to` is never touched, not even one that appears at the same moment.
 *
 * @throws {DiskError} `target_exists`, or `rename_failed`; `from` then still is where it was, and the message names it.
 * @example
 * ```ts
 * const root = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${root}/a.bin.part`, "whole");
 * renameDurably(`${root}/a.bin.part`, `${root}/a.bin`);
 * console.log(Deno.readTextFileSync(`${root}/a.bin`)); // whole
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export function renameDurably(from: string, to: string, options: RenameOptions = {}): void {
  renameOnce(from, to, options);
  syncFolder(dirname(resolve(to)));
}

/** The same; all that get their names in a folder meanwhile share its sync. @throws {DiskError} The same. */
export async function renameTogether(from: string, to: string, options: RenameOptions = {}): Promise<void> {
  renameOnce(from, to, options);
  await syncFolderTogether(dirname(resolve(to)));
}

function renameOnce(from: string, to: string, { replace = false }: RenameOptions = {}): void {
  try {
    if (replace) renameSync(from, to);
    else renameToFree(from, to);
  } catch (error) {
    const { code, message } = wrapDiskError(error, to, "renaming to");
    throw new DiskError(`${message}; the finished file is kept as ${JSON.stringify(from)}`, {
      code: code === "target_exists" ? code : "rename_failed",
      path: from,
      cause: error,
    });
  }
}

/** A link fails when the name is taken, in one step; a rename would silently win. */
function renameToFree(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const taken = lstatSync(to, { throwIfNoEntry: false });
    if (taken === undefined) return renameToClaimed(from, to);
    // a network file system that lost its own answer tries again, and then finds its own link
    if (!isSameFile(taken, lstatSync(from))) {
      throw Object.assign(new Error("exists", { cause: error }), { code: "EEXIST" });
    }
  }
  // another process may have seen both names at this moment, and tidied up
  rmSync(from, { force: true });
}

/**
 * Some file systems (exFAT, network shares) know no links, and say so in many ways. There an empty file keeps the name
 * free of others until the rename; see {@linkcode isAbandonedClaim} for one that is left.
 */
function renameToClaimed(from: string, to: string): void {
  const file = openSync(to, "wx");
  const claim = fstatSync(file);
  closeSync(file);
  try {
    renameSync(from, to);
  } catch (error) {
    const found = lstatSync(to, { throwIfNoEntry: false });
    if (found?.size === 0 && isSameFile(found, claim)) rmSync(to);
    throw error;
  }
}
