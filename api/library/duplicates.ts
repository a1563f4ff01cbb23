import { linkSync, renameSync, rmSync, statSync } from "node:fs";
import { type CivikitError, digestFile, DiskError, wrapDiskError } from "../../transport/mod.ts";
import type { CallOptions } from "../call.ts";
import type { DiskFile } from "./walk.ts";

/** Files with the same bytes. */
export interface DuplicateGroup {
  /** Their SHA-256. */
  sha256: string;
  /** Size of one in bytes. */
  bytes: number;
  /** Their paths, in order. */
  paths: string[];
  /** Bytes the disk would get back if they were one file; names of one file already cost nothing. */
  wastedBytes: number;
}

/** Groups files of equal content; single ones are left out. The groups that waste most come first. */
export function findDuplicates(
  files: Iterable<Pick<DiskFile, "path" | "bytes" | "inode"> & { sha256: string }>,
): DuplicateGroup[] {
  const groups: DuplicateGroup[] = [];
  for (const [sha256, same] of Map.groupBy(files, (file) => file.sha256)) {
    if (same.length < 2 || same[0]!.bytes === 0) continue;
    const copies = new Set(same.map(({ inode, path }) => inode ?? path)).size, { bytes } = same[0]!;
    groups.push({ sha256, bytes, paths: same.map(({ path }) => path).sort(), wastedBytes: (copies - 1) * bytes });
  }
  return groups.sort((a, b) => b.wastedBytes - a.wastedBytes);
}

/** What became of one file that was to be made a link. */
export interface LinkOutcome {
  /** The file. */
  path: string;
  /** True when it is a hard link to the group's first file now, or was one before. */
  linked: boolean;
  /** Why it is not. */
  error?: CivikitError;
}

/**
 * Makes the files of a group names of one file (hard links to its first path). Each is hashed again right before; one
 * that is not what it was, or lies on another disk, is left alone and reported.
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
  { sha256, paths: [first, ...others] }: DuplicateGroup,
  { signal }: CallOptions = {},
): Promise<LinkOutcome[]> {
  const outcomes: LinkOutcome[] = [];
  for (const path of others) {
    signal?.throwIfAborted();
    try {
      const [one, other] = [statSync(first!), statSync(path)];
      if (one.dev !== other.dev || one.ino !== other.ino) {
        await proveSame(first!, sha256, signal);
        await proveSame(path, sha256, signal);
        replaceByLink(first!, path);
      }
      outcomes.push({ path, linked: true });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      outcomes.push({ path, linked: false, error: wrapDiskError(error, path, "linking") });
    }
  }
  return outcomes;
}

async function proveSame(path: string, sha256: string, signal: AbortSignal | undefined): Promise<void> {
  const { SHA256 } = await digestFile(path, ["SHA256"], { signal });
  if (SHA256 === sha256) return;
  throw new DiskError(`linking ${JSON.stringify(path)}: it was changed since the scan`, {
    code: "part_mismatch",
    path,
  });
}

/** The name always leads to a whole file: first the link under another name, then one rename. */
function replaceByLink(from: string, to: string): void {
  const temporary = `${to}.link.tmp`;
  rmSync(temporary, { force: true });
  linkSync(from, temporary);
  try {
    renameSync(temporary, to);
  } finally {
    rmSync(temporary, { force: true });
  }
}
