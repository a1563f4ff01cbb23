import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { type DigestFollower, followDigest, wholeWithin, wrapDiskError } from "../../transport/internal.ts";
import type { CivikitError, Throttle } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { isSpinning, Lane, readAhead } from "./read_ahead.ts";
import type { DiskFile } from "./walk.ts";

/** How the hashing of one file ended: with a hash or with an error. */
export type HashOutcome<File> =
  | { readonly file: File; readonly sha256: string; readonly error?: undefined }
  | { readonly file: File; readonly sha256?: undefined; readonly error: CivikitError };

/** Settings of {@linkcode hashFiles}. */
export interface HashFilesOptions extends CallOptions {
  /** Files at once, each in a worker of its own. Default: the processor's cores, 4 at most. */
  concurrency?: number | undefined;
  /** Bounds how fast files are read, all of them together; see `throttle()`. Default: as fast as it goes. */
  throttle?: Throttle | undefined;
  /** Called a few times a second: the bytes hashed so far. */
  onProgress?: ((progress: { readonly hashedBytes: number }) => void) | undefined;
}

const progressMs = 200;
const mostAtOnce = 4;
/** Up to here reading and hashing at once is over before a follower has begun. */
const smallBytes = 512 * 1024;
/** From here on a worker is started before the first byte is read ahead. */
const largeBytes = 16 * 1024 * 1024;

/** The device a file is on and its number there; undefined where the system does not tell. */
function placeOf(inode: string | null | undefined): readonly [device: number, number: number] | undefined {
  const [device, number] = (inode ?? "").split(":");
  return device === "" || number === undefined ? undefined : [Number(device), Number(number)];
}

/**
 * The order in which files are read: the largest first, so that all cores are busy to the end. On a spinning disk by their
 * numbers, which is about where they lie: so its head goes over it once.
 */
export function readingOrder<File extends FileToHash>(
  files: Iterable<File>,
  spins: (device: number) => boolean = isSpinning,
): File[] {
  const all = [...files].sort((a, b) => b.bytes - a.bytes);
  const kinds = new Map<number, boolean>();
  const numberOf = ({ inode }: File): number | undefined => {
    const [device, number] = placeOf(inode) ?? [];
    if (device === undefined) return undefined;
    const known = kinds.get(device) ?? spins(device);
    kinds.set(device, known);
    return known ? number : undefined;
  };
  const slow = all.filter((file) => numberOf(file) !== undefined);
  const sorted = slow.toSorted((a, b) => numberOf(a)! - numberOf(b)!).values();
  return all.map((file) => numberOf(file) === undefined ? file : sorted.next().value!);
}

/** A file to hash; `inode` tells where it lies, if it is known. */
export type FileToHash = Pick<DiskFile, "path" | "bytes"> & { readonly inode?: string | null };

/**
 * The SHA-256 of many files, several at once. The largest come first, so that all cores are busy to the end; from a spinning
 * disk in the order in which they lie there, one read at a time. A file that is hashed alone is read ahead on a second core.
 *
 * @param files The files.
 * @throws {RangeError} When `concurrency` is not a whole number from 1 to 64.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { hashFiles } from "@civikit/civikit/api";
 *
 * const path = Deno.makeTempFileSync();
 * Deno.writeTextFileSync(path, "abc");
 * for await (const { sha256 } of hashFiles([{ path, bytes: 3 }])) console.log(sha256); // BA7816BF...
 * Deno.removeSync(path);
 * ```
 */
export async function* hashFiles<File extends FileToHash>(
  files: Iterable<File>,
  options: HashFilesOptions = {},
): AsyncGenerator<HashOutcome<File>, void, undefined> {
  const { concurrency = Math.min(navigator.hardwareConcurrency, mostAtOnce), onProgress, signal, throttle } = options;
  wholeWithin("concurrency", concurrency, 1, 64);
  const queue = readingOrder(files).values();
  const lanes = new Map<number, Lane | undefined>();
  const running = new Map<DigestFollower, Promise<void>>();
  const results: HashOutcome<File>[] = [];
  let doneBytes = 0;
  const hashed = () => [...running.keys()].reduce((sum, { hashedBytes }) => sum + hashedBytes, doneBytes);
  const report = () => onProgress?.({ hashedBytes: hashed() });
  const timer = onProgress === undefined ? undefined : setInterval(report, progressMs);
  const ended = new AbortController();
  const stop = () => {
    ended.abort(signal?.reason);
    running.forEach((_, follower) => follower.close());
  };
  signal?.addEventListener("abort", stop, { once: true });

  async function hash(file: File, follower: DigestFollower): Promise<void> {
    try {
      // what is there now counts, not what was there when the folder was read
      const { size, dev } = await stat(file.path);
      let sha256: string;
      if (size <= smallBytes) {
        await throttle?.take(size, ended.signal);
        sha256 = await hashSmall(file.path);
        doneBytes += size;
      } else {
        if (!lanes.has(dev)) lanes.set(dev, isSpinning(dev) ? new Lane() : undefined);
        const lane = lanes.get(dev);
        const isWorthIt = () => lane !== undefined || running.size === 1 && navigator.hardwareConcurrency > 1;
        await readAhead(file.path, size, follower, { throttle, lane, isWorthIt, signal: ended.signal });
        sha256 = (await follower.finish(size)).SHA256!;
      }
      results.push({ file, sha256 });
    } catch (error) {
      results.push({ file, error: wrapDiskError(error, file.path, "hashing") });
    } finally {
      doneBytes += follower.hashedBytes;
      running.delete(follower);
      follower.close();
    }
  }

  try {
    for (let file = queue.next(); !file.done || running.size > 0 || results.length > 0;) {
      signal?.throwIfAborted();
      for (; running.size < concurrency && !file.done; file = queue.next()) {
        const worker = file.value.bytes >= largeBytes || "auto";
        const follower = followDigest(file.value.path, ["SHA256"], { worker });
        running.set(follower, hash(file.value, follower));
      }
      if (results.length === 0) await Promise.race(running.values());
      signal?.throwIfAborted();
      yield* results.splice(0);
    }
    report();
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", stop);
    stop();
    await Promise.all(running.values());
  }
}

async function hashSmall(path: string): Promise<string> {
  return createHash("sha256").update(await readFile(path)).digest("hex").toUpperCase();
}
