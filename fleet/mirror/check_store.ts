import { type HashCache, hashCache } from "../../api/library/hash_cache.ts";
import { wholeWithin, within } from "../../transport/internal.ts";
import { VerificationError } from "../../transport/mod.ts";
import type { FileStore, KeptFile } from "../file_store.ts";
import type { CheckMirror } from "./fill_mirror.ts";
import { asTheyEnd, storeReading } from "./store_files.ts";

/** How one file of a store stands. */
export interface StoreCheck {
  /** The file. */
  readonly file: KeptFile;
  /** `proved`: it was read, and is right; `there`: it was not read, for the budget; `damaged`; `failed`: it could not be read. */
  readonly state: "proved" | "there" | "damaged" | "failed";
  /** Why it is damaged, or could not be read. */
  readonly error?: unknown;
}

/** Settings of {@linkcode checkStore}. */
export interface CheckStoreOptions extends CheckMirror {
  /** Where it is kept when a file was last read. Default: in memory. */
  readonly cache?: HashCache | undefined;
  /** Files at once, 1 to 64. Default 3. */
  readonly concurrency?: number | undefined;
  /** Told how far a file is read. */
  readonly onProgress?: ((file: KeptFile, bytes: number, totalBytes: number) => void) | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads every file of a store, those first that were not for the longest time, and proves each by the hash it is named by:
 * no lock file is needed. Changes nothing.
 *
 * @param store What is checked.
 * @param options See {@linkcode CheckStoreOptions}.
 * @returns Every file, in the order in which they ended. Ends early, without throwing, when the signal aborts.
 * @throws {CivikitError} When the store cannot be listed.
 * @example
 * ```ts
 * import { checkStore, s3Store } from "@civikit/civikit/fleet";
 * import { embeddedS3 } from "@civikit/civikit/testing";
 *
 * await using s3 = embeddedS3().listen();
 * using store = s3Store({ endpoint: s3.url, bucket: "models", credentials: s3.user });
 * for await (const { file, state } of checkStore(store)) console.log(file.sha256, state);
 * ```
 */
export async function* checkStore(
  store: FileStore,
  { budgetBytes = Infinity, cache: given, concurrency = 3, onProgress, signal }: CheckStoreOptions = {},
): AsyncGenerator<StoreCheck, void, undefined> {
  wholeWithin("concurrency", concurrency, 1, 64);
  within("budgetBytes", budgetBytes, 0);
  using own = given === undefined ? hashCache(":memory:") : undefined;
  const cache = given ?? own!;
  const reading = storeReading(store, cache);

  async function prove(file: KeptFile): Promise<StoreCheck> {
    try {
      const proof = await reading.prove(file, {
        signal,
        onProgress: ({ bytes, totalBytes }) => onProgress?.(file, bytes, totalBytes),
      });
      // it went since it was listed
      return { file, state: proof === undefined ? "there" : "proved" };
    } catch (error) {
      return { file, state: error instanceof VerificationError ? "damaged" : "failed", error };
    }
  }

  const files: KeptFile[] = [];
  for await (const file of store.list(signal)) files.push(file);
  files.sort((one, other) => reading.provedMs(one.sha256) - reading.provedMs(other.sha256));
  let begunBytes = 0;
  yield* asTheyEnd(files, concurrency, (file): Promise<StoreCheck> => {
    const isDue = begunBytes < budgetBytes;
    begunBytes += file.bytes;
    return isDue ? prove(file) : Promise.resolve({ file, state: "there" });
  }, signal);
}
