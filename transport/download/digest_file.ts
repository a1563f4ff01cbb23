import { statSync } from "node:fs";
import { type Digests, followDigest, type HashName } from "./digest.ts";
import { wrapDiskError } from "./disk.ts";
import { checkPlain } from "./plain_file.ts";

/** Settings of {@linkcode digestFile}. */
export interface DigestFileOptions {
  /** Whether a worker does the work. Default `auto`: for files of 16 MiB and more. */
  worker?: boolean | "auto";
  /** Gives up; rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * The hashes of a whole file.
 *
 * @throws {DiskError} when the file cannot be read.
 * @example
 * ```ts
 * import { digestFile } from "@civikit/civikit/transport";
 *
 * const path = Deno.makeTempFileSync();
 * Deno.writeTextFileSync(path, "123456789");
 * console.log(await digestFile(path, ["CRC32", "AutoV2"])); // { AutoV2: "15E2B0D3C3", CRC32: "2639F4CB" }
 * Deno.removeSync(path);
 * ```
 */
export async function digestFile(
  path: string,
  names: readonly HashName[],
  { worker = "auto", signal }: DigestFileOptions = {},
): Promise<Digests> {
  signal?.throwIfAborted();
  let size: number;
  try {
    checkPlain(path);
    size = statSync(path).size;
  } catch (error) {
    throw wrapDiskError(error, path, "hashing");
  }
  const follower = followDigest(path, names, { worker });
  const stop = () => follower.close();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await follower.finish(size);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    follower.close();
  }
}
