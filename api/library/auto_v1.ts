import { createHash } from "node:crypto";
import { closeSync, readSync } from "node:fs";
import { openPlain, wrapDiskError } from "../../transport/internal.ts";

const sampleAt = 0x100000;
const sampleBytes = 65_536;
/** The site gives smaller files none. */
const leastBytes = 2 * 1024 ** 2;

/**
 * The site's AutoV1 of a file, upper case: the first 8 digits of the SHA-256 of 64 KiB at 1 MiB. Undefined for files below
 * 2 MiB, which have none.
 *
 * @throws {DiskError} When it cannot be read.
 */
export function autoV1(path: string, bytes: number): string | undefined {
  if (bytes < leastBytes) return undefined;
  let file: number | undefined;
  try {
    file = openPlain(path);
    const sample = new Uint8Array(sampleBytes);
    for (let done = 0; done < sampleBytes;) {
      const count = readSync(file, sample, done, sampleBytes - done, sampleAt + done);
      if (count === 0) return undefined; // it became shorter
      done += count;
    }
    return createHash("sha256").update(sample).digest("hex").slice(0, 8).toUpperCase();
  } catch (error) {
    throw wrapDiskError(error, path, "looking into");
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whether a file is so small that its whole hash is there as soon as a sample's would be. */
export const isSmall = (bytes: number): boolean => bytes < leastBytes;
