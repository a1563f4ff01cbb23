import { type CivikitError, DiskError, isCode, VerificationError } from "../../transport/mod.ts";
import type { CallOptions } from "../call.ts";
import { readSafetensors } from "../safetensors.ts";
import type { HashCache } from "./hash_cache.ts";
import { hashFiles, type HashFilesOptions } from "./hash_files.ts";
import { type Skip, walk, type WalkOptions } from "./walk.ts";

/** A file and what it should be. */
export interface Expected {
  /** Where it should be. */
  path: string;
  /** Its SHA-256, either case; undefined when nobody wrote it down. */
  sha256?: string | undefined;
}

/** What a file turned out to be. */
export interface VerifyOutcome {
  /** The file. */
  path: string;
  /** `ok`: as recorded. `unrecorded`: sound as far as can be told. `damaged`: not what it was. `missing`, `unreadable`. */
  state: "ok" | "unrecorded" | "damaged" | "missing" | "unreadable";
  /** Its SHA-256 now; undefined when it could not be read. */
  sha256?: string | undefined;
  /** What is wrong with it. */
  error?: CivikitError | undefined;
}

/** Settings of {@linkcode verify}. */
export interface VerifyOptions extends CallOptions, Pick<HashFilesOptions, "concurrency" | "onProgress"> {}

/**
 * Hashes files again, whatever any cache says, and compares them with what was written down. Of .safetensors files that
 * nobody wrote down, the header must fit the size.
 *
 * @param files What to look at, from a lock file or {@linkcode recordedFiles}.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { verify } from "@civikit/civikit/api";
 *
 * const path = Deno.makeTempFileSync();
 * for await (const { state } of verify([{ path, sha256: "00".repeat(32) }])) console.log(state); // damaged
 * Deno.removeSync(path);
 * ```
 */
export async function* verify(
  files: Iterable<Expected>,
  options: VerifyOptions = {},
): AsyncGenerator<VerifyOutcome, void, undefined> {
  const sized: (Expected & { bytes: number })[] = [];
  for (const file of files) sized.push({ ...file, bytes: sizeOf(file.path) });
  for await (const { file: { path, sha256: wanted }, sha256, error } of hashFiles(sized, options)) {
    if (error !== undefined) {
      yield { path, state: isCode(error, "folder_missing") ? "missing" : "unreadable", error: gone(error, path) };
    } else if (wanted === undefined) yield unrecorded(path, sha256);
    else if (wanted.toUpperCase() === sha256) yield { path, state: "ok", sha256 };
    else yield { path, state: "damaged", sha256, error: differs(path, wanted.toUpperCase(), sha256) };
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0; // the hashing will say why
  }
}

function gone(error: CivikitError, path: string): CivikitError {
  if (!isCode(error, "folder_missing")) return error;
  return new DiskError(`verifying ${JSON.stringify(path)}: the file is gone`, {
    code: "folder_missing",
    path,
    cause: error,
  });
}

function differs(path: string, expected: string, actual: string): VerificationError {
  return new VerificationError(
    `verifying ${JSON.stringify(path)}: SHA256 is ${actual} and should be ${expected}`,
    { code: "hash_mismatch", algorithm: "SHA256", expected, actual, path },
  );
}

function unrecorded(path: string, sha256: string): VerifyOutcome {
  if (!/\.(?:safetensors|sft)$/i.test(path)) return { path, state: "unrecorded", sha256 };
  try {
    const { problems: [problem] } = readSafetensors(path);
    if (problem === undefined) return { path, state: "unrecorded", sha256 };
    const error = new DiskError(`verifying ${JSON.stringify(path)}: ${problem}`, { code: "invalid_file", path });
    return { path, state: "damaged", sha256, error };
  } catch (error) {
    return { path, state: "damaged", sha256, error: error as CivikitError };
  }
}

/**
 * The model files below `root`, with the hashes the cache has for their paths: for {@linkcode verify}.
 *
 * @param root The folder.
 * @param cache Where the hashes were written down.
 * @throws {DiskError} When `root` cannot be read.
 * @example
 * ```ts
 * import { hashCache, recordedFiles } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${root}/a.safetensors`, "abc");
 * using cache = hashCache(":memory:");
 * console.log(recordedFiles(root, cache).files[0]?.sha256); // undefined: never scanned
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export function recordedFiles(
  root: string,
  cache: HashCache,
  options: WalkOptions = {},
): { files: Expected[]; skipped: Skip[] } {
  const { files, skipped } = walk(root, options);
  return { files: files.map(({ path }) => ({ path, sha256: cache.recorded(path)?.sha256 })), skipped };
}
