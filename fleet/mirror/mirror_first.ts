import {
  type FetchFiles,
  fetchFiles,
  type FetchFilesOptions,
  type FetchOutcome,
  type WantedFile,
} from "../../api/download/fetch_files.ts";
import { CivikitError, DiskError, type Transport } from "../../transport/mod.ts";
import type { FileStore } from "../file_store.ts";

/** What a mirror could not give; the file is fetched from where it always is. */
export interface MirrorTrouble {
  /** The file's name; undefined: the whole mirror is out of reach. */
  readonly name?: string | undefined;
  /** Why. */
  readonly error: unknown;
}

/** Who is told by {@linkcode mirrorFirst}. */
export interface MirrorFirstOptions {
  /** Told what the mirror could not give, although it should. */
  readonly onTrouble?: ((trouble: MirrorTrouble) => void) | undefined;
  /** Told how many files the mirror has, of how many. */
  readonly onFound?: ((found: number, wanted: number) => void) | undefined;
}

const atOnce = 8;

/** Each in turn, some at once, in their order. */
async function looked<T, Found>(all: readonly T[], look: (one: T) => Promise<Found>): Promise<Found[]> {
  const found: Found[] = [];
  for (let at = 0; at < all.length; at += atOnce) {
    found.push(...await Promise.all(all.slice(at, at + atOnce).map(look)));
  }
  return found;
}

/**
 * Fetches from a store what it has, and the rest, with whatever the store fails to give, from where it always is. Every
 * file is verified all the same: a mirror is believed no more than anybody else.
 *
 * @param store The mirror.
 * @param fetch What fetches. Default: `downloadAll()` by itself.
 * @param options Who is told.
 * @returns What `install()` takes as its `fetch`.
 * @example
 * ```ts
 * import { mirrorFirst, s3Store } from "@civikit/civikit/fleet";
 * import { embeddedS3 } from "@civikit/civikit/testing";
 *
 * await using s3 = embeddedS3().listen();
 * using store = s3Store({ endpoint: s3.url, bucket: "models", credentials: s3.user });
 * const fetch = mirrorFirst(store);
 * for await (const { result } of fetch(store.transport, [])) console.log(result?.bytes); // nothing is wanted
 * ```
 */
export function mirrorFirst(
  store: FileStore,
  fetch: FetchFiles = fetchFiles,
  { onTrouble, onFound }: MirrorFirstOptions = {},
): FetchFiles {
  return async function* mirrorFirst<File extends WantedFile>(
    transport: Transport,
    files: Iterable<File>,
    options: FetchFilesOptions<File> = {},
  ): AsyncGenerator<FetchOutcome<File>, void, undefined> {
    const { signal } = options;
    let isAway = false;

    /** Tells what is wrong with the store as a whole: of a file it says no more than a status. */
    async function sayWhy(error?: CivikitError): Promise<void> {
      isAway = error !== undefined;
      const why = await store.check(false, signal).then(() => error, (reason: unknown) => reason);
      if (why !== undefined && !signal?.aborted) onTrouble?.({ error: why });
    }

    async function isThere({ name, hashes: { SHA256: sha256 }, sizeBytes: bytes }: File): Promise<boolean> {
      if (sha256 === undefined || isAway || signal?.aborted) return false;
      try {
        return await store.find({ sha256, bytes }, signal) !== undefined;
      } catch (error) {
        if (signal?.aborted) return false;
        if (!(error instanceof CivikitError)) throw error;
        // one file may be damaged there; anything else holds for all of them
        const isOne = error.code === "size_mismatch" || error.code === "hash_mismatch";
        if (isOne) onTrouble?.({ name, error });
        else if (!isAway) await sayWhy(error);
        return false;
      }
    }

    const wanted = [...files];
    const found = await looked(wanted, isThere);
    const origins = new Map<File, File>();
    const rest: File[] = [];
    for (const [index, file] of wanted.entries()) {
      if (!found[index]) rest.push(file);
      else {
        const url = store.urlOf(file.hashes.SHA256!);
        origins.set({ ...file, url, fallbackUrls: [], refresh: undefined, chooseName: undefined }, file);
      }
    }
    // a bucket that is missing looks like one without the files
    if (origins.size === 0 && wanted.length > 0 && !isAway) await sayWhy();
    onFound?.(origins.size, wanted.length);
    for await (const outcome of fetch(store.transport, origins.keys(), options)) {
      const file = origins.get(outcome.file)!;
      const { error } = outcome;
      if (error === undefined || error instanceof DiskError || signal?.aborted) yield { ...outcome, file };
      else {
        onTrouble?.({ name: file.name, error });
        rest.push(file);
      }
    }
    if (!signal?.aborted) yield* fetch(transport, rest, options);
  };
}
