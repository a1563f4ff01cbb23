import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type FetchFiles, fetchFiles } from "../../api/download/fetch_files.ts";
import { type HashCache, hashCache } from "../../api/library/hash_cache.ts";
import { diskState } from "../../api/project/disk_state.ts";
import type { LockedFile } from "../../api/project/lock.ts";
import { placeOf } from "../../api/project/place.ts";
import type { Project } from "../../api/project/project.ts";
import { wantedFile } from "../../api/project/wanted_file.ts";
import { ensureFolder, wholeWithin } from "../../transport/internal.ts";
import { InputError, type Transport } from "../../transport/mod.ts";
import type { FileStore, PutFile } from "../file_store.ts";

/** How one locked file ended. */
export interface MirrorOutcome {
  /** The file. */
  readonly file: LockedFile;
  /**
   * `there`: the store had it; `stored` now, from the project's folder or the site; `missing`: it would be, were this not
   * dry; `failed`.
   */
  readonly state: "there" | "stored" | "missing" | "failed";
  /** Where it came from, or would; undefined where it was there. */
  readonly from?: "disk" | "site" | undefined;
  /** What storing it took. */
  readonly put?: PutFile | undefined;
  /** Why it failed. */
  readonly error?: unknown;
}

/** Settings of {@linkcode fillMirror}. */
export interface FillMirrorOptions {
  /** A folder of one's own, where files from the site lie until they are stored; unfinished ones stay for the next run. */
  readonly spool: string;
  /** Where the site's files are: the address of the API. */
  readonly baseUrl: string;
  /** Where hashes are kept. Default: in memory. */
  readonly cache?: HashCache | undefined;
  /** Files at once, 1 to 64. Default 3. */
  readonly concurrency?: number | undefined;
  /** Only look. Default false. */
  readonly isDry?: boolean | undefined;
  /** What fetches from the site. Default: `downloadAll()` by itself. */
  readonly fetch?: FetchFiles | undefined;
  /** Told how far a file is on its way into the store. */
  readonly onProgress?: ((file: LockedFile, bytes: number, totalBytes: number) => void) | undefined;
  /** Ends it; what was sent is used by the next run. */
  readonly signal?: AbortSignal | undefined;
}

function hashOf({ sha256, air }: LockedFile): string {
  if (sha256 !== null) return sha256.toLowerCase();
  throw new InputError(`storing ${JSON.stringify(air)}: its SHA-256 is not known yet; install it once`, {
    code: "invalid_argument",
    input: air,
  });
}

/**
 * Puts every file of a project's lock file into a store: what is there is left, what lies in the project's folder is taken
 * from there, the rest is fetched from the site and verified first. May be killed at any moment and run again, on this
 * machine or another; running it twice at once is harmless.
 *
 * @param project From `openProject()`.
 * @param store Where to.
 * @param transport What fetches from the site.
 * @param options See {@linkcode FillMirrorOptions}.
 * @returns Every locked file, in the order in which they ended. Ends early, without throwing, when the signal aborts.
 * @throws {CivikitError} When the store cannot be used at all.
 * @example
 * ```ts
 * import { openProject } from "@civikit/civikit/api";
 * import { fillMirror, s3Store } from "@civikit/civikit/fleet";
 * import { embeddedS3 } from "@civikit/civikit/testing";
 *
 * await using s3 = embeddedS3().listen();
 * using store = s3Store({ endpoint: s3.url, bucket: "models", credentials: s3.user });
 * const folder = Deno.makeTempDirSync(), nowhere = { fetch: () => Promise.reject(new Error("no network")) };
 * const options = { spool: folder, baseUrl: "https://civitai.com" };
 * for await (const { file, state } of fillMirror(openProject(folder), store, nowhere, options)) console.log(file.path, state);
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function* fillMirror(
  project: Project,
  store: FileStore,
  transport: Transport,
  { spool, baseUrl, cache: given, concurrency = 3, isDry = false, fetch = fetchFiles, onProgress, signal }:
    FillMirrorOptions,
): AsyncGenerator<MirrorOutcome, void, undefined> {
  wholeWithin("concurrency", concurrency, 1, 64);
  await store.check(!isDry, signal);
  using own = given === undefined ? hashCache(":memory:") : undefined;
  const cache = given ?? own!;

  /** The path of the file, whole and right: in the project's folder, or fetched now. */
  async function haveIt(file: LockedFile, sha256: string): Promise<{ path: string; from: "disk" | "site" }> {
    const place = placeOf(project, file.path);
    if ((await diskState(place, file, cache, { signal })).kind === "same") return { path: place, from: "disk" };
    if (isDry) return { path: place, from: "site" };
    ensureFolder(spool);
    const wanted = { ...wantedFile(file, baseUrl), name: sha256 };
    for await (const { result, error } of fetch(transport, [wanted], { signal, defaults: { root: spool } })) {
      if (result === undefined) throw error;
    }
    signal?.throwIfAborted();
    return { path: join(spool, sha256), from: "site" };
  }

  async function mirror(file: LockedFile): Promise<MirrorOutcome> {
    try {
      const sha256 = hashOf(file);
      const stored = { sha256, bytes: file.bytes ?? undefined, name: file.path.split("/").at(-1)! };
      if (await store.find(stored, signal) !== undefined) return { file, state: "there" };
      const { path, from } = await haveIt(file, sha256);
      if (isDry) return { file, state: "missing", from };
      const put = await store.put(path, stored, {
        signal,
        onProgress: ({ bytes, totalBytes }) => onProgress?.(file, bytes, totalBytes),
      });
      if (from === "site") await rm(path, { force: true });
      return { file, state: "stored", from, put };
    } catch (error) {
      return { file, state: "failed", error };
    }
  }

  // a file may stand under two paths; it is one object
  const seen = new Set<string>();
  const files = project.lock.files.filter(({ sha256 }) => sha256 === null || !seen.has(sha256) && seen.add(sha256));
  const under = new Map<LockedFile, Promise<MirrorOutcome>>();
  for (let next = 0; next < files.length || under.size > 0;) {
    while (next < files.length && under.size < concurrency && !signal?.aborted) {
      const file = files[next++]!;
      under.set(file, mirror(file));
    }
    if (under.size === 0) return;
    const outcome = await Promise.race(under.values());
    under.delete(outcome.file);
    if (outcome.state === "failed" && signal?.aborted) continue;
    yield outcome;
  }
}
