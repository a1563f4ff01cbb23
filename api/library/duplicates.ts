import { linkSync, lstatSync, renameSync, rmSync } from "node:fs";
import { wrapDiskError } from "../../transport/internal.ts";
import { type CivikitError, digestFile, DiskError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { DiskFile } from "./walk.ts";

/** Files with the same bytes. */
export interface DuplicateGroup {
  /** Their SHA-256. */
  sha256: string;
  /** Size of one in bytes. */
  bytes: number;
  /** Their paths, in order. */
  paths: string[];
  /** Bytes the disks would get back if they were one file on each; names of one file, and links, cost nothing. */
  wastedBytes: number;
}

/** Copies beyond the first on each disk; a link is none, and names of one file are one. */
export function spareCopies(files: readonly Pick<DiskFile, "path" | "inode" | "isLink">[]): number {
  const copies = new Set(files.filter(({ isLink }) => !isLink).map(({ inode, path }) => inode ?? path));
  const disks = new Set([...copies].map((copy) => /^\d+:\d+$/.test(copy) ? copy.split(":")[0] : ""));
  return copies.size - disks.size;
}

/** Groups files of equal content; single ones are left out. The groups that waste most come first. */
export function findDuplicates(
  files: Iterable<Pick<DiskFile, "path" | "bytes" | "inode" | "isLink"> & { sha256: string }>,
): DuplicateGroup[] {
  const groups: DuplicateGroup[] = [];
  for (const [sha256, same] of Map.groupBy(files, (file) => file.sha256)) {
    const { bytes } = same[0]!;
    if (same.length < 2 || bytes === 0) continue;
    const paths = same.map(({ path }) => path).sort();
    groups.push({ sha256, bytes, paths, wastedBytes: spareCopies(same) * bytes });
  }
  return groups.sort((a, b) => b.wastedBytes - a.wastedBytes);
}

/** What became of one file that was to be made a link. */
export interface LinkOutcome {
  /** The file. */
  path: string;
  /** True when it is a name of the first file on its disk now, or was one before. */
  linked: boolean;
  /** Why it is not. Links, and the only copy on a disk, are left as they are without one. */
  error?: CivikitError;
}

/**
 * Makes the files of a group names of one file on each disk (hard links to the first that is there). Each is hashed again
 * right before; one that is not what it was is left alone and reported. Links are neither replaced nor linked to.
 *
 * @param group From {@linkcode scan}.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { linkDuplicates, scan } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync();
 * for (const name of ["a", "b"]) Deno.writeTextFileSync(`${root}/${name}.safetensors`, "same");
 * const { duplicates } = await scan(null, [root]);
 * console.log((await linkDuplicates(duplicates[0]!)).map(({ linked }) => linked)); // [ true ]
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export async function linkDuplicates(
  { sha256, paths }: DuplicateGroup,
  { signal }: CallOptions = {},
): Promise<LinkOutcome[]> {
  const outcomes: LinkOutcome[] = [];
  const firsts = new Map<number, string>();
  for (const path of paths) {
    signal?.throwIfAborted();
    try {
      const info = lstatSync(path);
      const first = firsts.get(info.dev);
      if (info.isSymbolicLink()) outcomes.push({ path, linked: false });
      else if (first === undefined) firsts.set(info.dev, path);
      else {
        if (lstatSync(first).ino !== info.ino) {
          await proveSame(first, sha256, signal);
          await proveSame(path, sha256, signal);
          replaceByLink(first, path);
        }
        outcomes.push({ path, linked: true });
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      outcomes.push({ path, linked: false, error: wrapDiskError(error, path, "linking") });
    }
  }
  return outcomes;
}

/** @throws {DiskError} `part_mismatch` when the file is not what it was. */
export async function proveSame(path: string, sha256: string, signal: AbortSignal | undefined): Promise<void> {
  const { SHA256 } = await digestFile(path, ["SHA256"], { signal });
  if (SHA256 === sha256) return;
  throw changed(path);
}

function changed(path: string): DiskError {
  return new DiskError(`linking ${JSON.stringify(path)}: it was changed since the scan`, {
    code: "part_mismatch",
    reason: "file_changed",
    path,
  });
}

/** The name always leads to a whole file: first the link under another name, then one rename. */
export function replaceByLink(from: string, to: string): void {
  const temporary = `${to}.link.tmp`;
  rmSync(temporary, { force: true });
  linkSync(from, temporary);
  try {
    // a link to a link would lead somewhere else from here
    if (!lstatSync(temporary).isFile()) throw changed(from);
    renameSync(temporary, to);
  } finally {
    rmSync(temporary, { force: true });
  }
}
