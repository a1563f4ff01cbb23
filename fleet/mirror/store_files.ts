import type { HashCache } from "../../api/library/hash_cache.ts";
import type { FileStore, ProveOptions, StoredFile } from "../file_store.ts";

/** What is remembered of when the files of a store were read, and the reading itself. */
export interface StoreReading {
  /** When the file of this SHA-256 was last read and right, in milliseconds since the epoch; 0: never. */
  provedMs(sha256: string): number;
  /** As {@linkcode FileStore.prove}, and remembered. */
  prove(file: StoredFile, options: ProveOptions): Promise<{ readonly bytes: number } | undefined>;
}

/** Reads the files of `store`, and remembers in `cache` when. */
export function storeReading(store: FileStore, cache: HashCache): StoreReading {
  return {
    provedMs: (sha256) => cache.recorded(store.urlOf(sha256))?.provedMs ?? 0,
    async prove(file, options) {
      const proof = await store.prove(file, options);
      if (proof === undefined) return undefined;
      const { sha256 } = file;
      cache.keep({ path: store.urlOf(sha256), bytes: proof.bytes, mtimeMs: 0, sha256: sha256.toUpperCase() });
      return proof;
    },
  };
}

/**
 * Works on `files`, `most` at once and begun in their order, and gives what became of each as it ends. Ends early, without
 * throwing, when the signal aborts: what failed for that is left out.
 */
export async function* asTheyEnd<T, Result extends { readonly file: T; readonly state: string }>(
  files: readonly T[],
  most: number,
  work: (file: T) => Promise<Result>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result, void, undefined> {
  const under = new Map<T, Promise<Result>>();
  for (let next = 0; next < files.length || under.size > 0;) {
    while (next < files.length && under.size < most && !signal?.aborted) {
      const file = files[next++]!;
      under.set(file, work(file));
    }
    if (under.size === 0) return;
    const outcome = await Promise.race(under.values());
    under.delete(outcome.file);
    if (outcome.state === "failed" && signal?.aborted) continue;
    yield outcome;
  }
}
