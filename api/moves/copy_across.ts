import { chmodSync, closeSync, lutimesSync, rmSync, statSync, utimesSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { formatBytes, freeBytes, openFresh, wrapDiskError } from "../../transport/internal.ts";
import { digestFile, DiskError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";

const chunkBytes = 1024 ** 2;
/** What a disk keeps for itself and others. */
const spareBytes = 16 * 1024 ** 2;

/** Where the bytes are while they are on their way; the same for each attempt, so that a killed one leaves nothing more. */
export function wayName(to: string, tag: string): string {
  return join(dirname(to), `.civikit-move-${tag}.tmp`);
}

/**
 * Copies a file to another disk, brings it to that disk and reads it back.
 *
 * @param temporary Where the copy is made; it has the time and the mode of the original, and was proved to be the same.
 * @throws {DiskError} `no_space`, or `part_mismatch` when what came back is not what was read.
 */
export async function copyAcross(
  from: string,
  temporary: string,
  mtimeMs: number,
  { signal }: CallOptions = {},
): Promise<void> {
  const { size, mode } = statSync(from);
  const free = freeBytes(dirname(temporary));
  if (free !== undefined && free < size + spareBytes) {
    const state = `${formatBytes(size + spareBytes)} are needed and ${formatBytes(free)} are free`;
    throw new DiskError(`moving ${JSON.stringify(from)} to another disk: ${state}`, { code: "no_space", path: from });
  }
  try {
    const read = await copyBytes(from, temporary, signal);
    chmodSync(temporary, mode & 0o7777);
    setTime(temporary, mtimeMs);
    const { SHA256 } = await digestFile(temporary, ["SHA256"], { signal });
    if (SHA256 === read) return;
    throw new DiskError(`moving ${JSON.stringify(from)} to another disk: other bytes came back from there`, {
      code: "part_mismatch",
      reason: "file_changed",
      path: from,
    });
  } catch (error) {
    rmSync(temporary, { force: true });
    if (signal?.aborted) throw signal.reason;
    throw wrapDiskError(error, temporary, "writing");
  }
}

async function copyBytes(from: string, to: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  const file = openFresh(to);
  closeSync(file);
  using source = await Deno.open(from);
  using target = await Deno.open(to, { write: true });
  const buffer = new Uint8Array(chunkBytes);
  for (;;) {
    signal?.throwIfAborted();
    const count = await source.read(buffer);
    if (count === null) break;
    const bytes = buffer.subarray(0, count);
    hash.update(bytes);
    for (let at = 0; at < count;) at += await target.write(bytes.subarray(at));
  }
  await target.sync().catch(() => {});
  return hash.digest("hex").toUpperCase();
}

/** The last change of a file, as exactly as this system can say it. */
export function setTime(path: string, mtimeMs: number): void {
  const time = new Date(mtimeMs);
  utimesSync(path, time, time);
}

/** The same for a link itself; where that cannot be set, it stays as it is. */
export function setLinkTime(path: string, mtimeMs: number): void {
  const time = new Date(mtimeMs);
  try {
    lutimesSync(path, time, time);
  } catch {
    // a file system without it
  }
}
