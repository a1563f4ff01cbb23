import { wrapDiskError } from "../../transport/internal.ts";
import { type CivikitError, DiskError, isCode, VerificationError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { damageError, findDamage } from "./find_damage.ts";
import type { HashCache } from "./hash_cache.ts";
import { hashFiles, type HashFilesOptions } from "./hash_files.ts";
import { type Skip, walk, type WalkOptions } from "./walk.ts";

/** A file and what it should be. */
export interface Expected {
  /** Where it should be. */
  path: string;
  /** Its SHA-256, either case; undefined when nobody wrote it down. */
  sha256?: string | undefined;
  /** Whether the site gives this hash: a file that has it is as it was published, whatever its header says. */
  isPublished?: boolean | undefined;
}

/** What a file turned out to be. */
export interface VerifyOutcome {
  /** The file. */
  path: string;
  /**
   * `ok`: as recorded. `unrecorded`: sound as far as can be told. `damaged`: not what it was, or cut off by its own
   * account. `missing`, `unreadable`.
   */
  state: "ok" | "unrecorded" | "damaged" | "missing" | "unreadable";
  /** Its SHA-256 now; undefined when it could not be read. */
  sha256?: string | undefined;
  /** What is wrong with it. */
  error?: CivikitError | undefined;
}

/** Settings of {@linkcode verify}. */
export interface VerifyOptions extends CallOptions, Pick<HashFilesOptions, "concurrency" | "throttle" | "onProgress"> {}

/**
 * Hashes files again, whatever any cache says, and compares them with what was written down. What .safetensors, GGUF and
 * zip archives say of themselves must fit their size too, unless the hash is one that the site gives: a file that was cut
 * off before anybody wrote its hash down is not sound.
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
  for await (const { file, sha256, error } of hashFiles(sized, options)) {
    const { path, isPublished = false } = file;
    const wanted = file.sha256?.toUpperCase();
    if (error !== undefined) {
      yield { path, state: isCode(error, "folder_missing") ? "missing" : "unreadable", error: gone(error, path) };
    } else if (wanted !== undefined && wanted !== sha256) {
      yield { path, state: "damaged", sha256, error: differs(path, wanted, sha256) };
    } else yield looked(path, sha256, wanted === undefined ? "unrecorded" : "ok", isPublished);
  }
}

/** What a file of the right hash, or of none, says of itself. */
function looked(path: string, sha256: string, state: "ok" | "unrecorded", isPublished: boolean): VerifyOutcome {
  try {
    const problem = isPublished ? undefined : findDamage(path);
    if (problem === undefined) return { path, state, sha256 };
    return { path, state: "damaged", sha256, error: damageError("verifying", path, problem) };
  } catch (error) {
    return { path, state: "unreadable", sha256, error: wrapDiskError(error, path, "verifying") };
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
    reason: "file_missing",
    path,
    cause: error,
  });
}

function differs(path: string, expected: string, actual: string): VerificationError {
  return new VerificationError(
    `verifying ${JSON.stringify(path)}: SHA256 is ${actual} and should be ${expected}`,
    { code: "hash_mismatch", reason: "file_damaged", algorithm: "SHA256", expected, actual, path },
  );
}

/**
 * The model files below `root`, with the hashes the cache has for their paths: for {@linkcode verify}.
 *
 * @param root The folder, or a single file.
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
  // behind a link that leads nowhere now there was a file once, if there is a hash of it
  const gone = skipped.filter(({ path, isDangling }) => isDangling && cache.recorded(path) !== undefined);
  return {
    skipped: skipped.filter((skip) => !gone.includes(skip)),
    files: [...files, ...gone].map(({ path }) => {
      const sha256 = cache.recorded(path)?.sha256;
      return { path, sha256, isPublished: sha256 !== undefined && !!cache.asked(sha256)?.identity };
    }),
  };
}
