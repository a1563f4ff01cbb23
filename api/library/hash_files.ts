import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { type DigestFollower, followDigest, wholeWithin, wrapDiskError } from "../../transport/internal.ts";
import type { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { DiskFile } from "./walk.ts";

/** How the hashing of one file ended: with a hash or with an error. */
export type HashOutcome<File> =
  | { readonly file: File; readonly sha256: string; readonly error?: undefined }
  | { readonly file: File; readonly sha256?: undefined; readonly error: CivikitError };

/** Settings of {@linkcode hashFiles}. */
export interface HashFilesOptions extends CallOptions {
  /** Files at once, each in a worker of its own. Default: the processor's cores, 4 at most. */
  concurrency?: number | undefined;
  /** Called a few times a second: the bytes hashed so far. */
  onProgress?: ((progress: { readonly hashedBytes: number }) => void) | undefined;
}

const progressMs = 200;
const mostAtOnce = 4;
/** Up to here reading and hashing at once is over before a follower has begun. */
const smallBytes = 512 * 1024;

/**
 * The SHA-256 of many files, several at once. The largest come first, so that all cores are busy to the end.
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
export async function* hashFiles<File extends Pick<DiskFile, "path" | "bytes">>(
  files: Iterable<File>,
  { concurrency = Math.min(navigator.hardwareConcurrency, mostAtOnce), onProgress, signal }: HashFilesOptions = {},
): AsyncGenerator<HashOutcome<File>, void, undefined> {
  wholeWithin("concurrency", concurrency, 1, 64);
  const queue = [...files].sort((a, b) => b.bytes - a.bytes).values();
  const running = new Map<DigestFollower, Promise<void>>();
  const results: HashOutcome<File>[] = [];
  let doneBytes = 0;
  const hashed = () => [...running.keys()].reduce((sum, { hashedBytes }) => sum + hashedBytes, doneBytes);
  const report = () => onProgress?.({ hashedBytes: hashed() });
  const timer = onProgress === undefined ? undefined : setInterval(report, progressMs);
  const stop = () => running.forEach((_, follower) => follower.close());
  signal?.addEventListener("abort", stop, { once: true });

  async function hash(file: File, follower: DigestFollower): Promise<void> {
    try {
      // what is there now counts, not what was there when the folder was read
      const { size } = await stat(file.path);
      const sha256 = size <= smallBytes ? await hashSmall(file.path) : (await follower.finish(size)).SHA256!;
      doneBytes += size <= smallBytes ? size : 0;
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
        const follower = followDigest(file.value.path, ["SHA256"]);
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
