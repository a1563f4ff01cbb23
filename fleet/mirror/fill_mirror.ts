import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type FetchFiles, fetchFiles } from "../../api/download/fetch_files.ts";
import { type HashCache, hashCache } from "../../api/library/hash_cache.ts";
import { diskState } from "../../api/project/disk_state.ts";
import type { LockedFile } from "../../api/project/lock.ts";
import { placeOf } from "../../api/project/place.ts";
import type { Project } from "../../api/project/project.ts";
import { wantedFile } from "../../api/project/wanted_file.ts";
import { ensureFolder, wholeWithin, within } from "../../transport/internal.ts";
import { InputError, type Transport, VerificationError } from "../../transport/mod.ts";
import type { FileStore, ProveOptions, PutFile, StoredFile } from "../file_store.ts";
import { asTheyEnd, storeReading } from "./store_files.ts";

/** How one locked file ended. */
export interface MirrorOutcome {
  /** The file. */
  readonly file: LockedFile;
  /**
   * `there`: the store says it has it; `proved`: it was read there, and is right; `stored` now, from the project's folder or
   * the site, `replaced` where something else lay in its place; `missing`, `damaged`: it would be, were this not dry; `failed`.
   */
  readonly state: "there" | "proved" | "stored" | "replaced" | "missing" | "damaged" | "failed";
  /** Where it came from, or would; undefined where it was there. */
  readonly from?: "disk" | "site" | undefined;
  /** What was wrong with what the store had, whatever became of it. */
  readonly damage?: VerificationError | undefined;
  /** What storing it took. */
  readonly put?: PutFile | undefined;
  /** Why it failed. */
  readonly error?: unknown;
}

/** How a mirror is checked. */
export interface CheckMirror {
  /** No file is begun to be read once so many bytes are; 0 reads nothing. Default: all of it. */
  readonly budgetBytes?: number | undefined;
}

/** Settings of {@linkcode fillMirror}. */
export interface FillMirrorOptions {
  /** A folder of one's own, where files from the site lie until they are stored; unfinished ones stay for the next run. */
  readonly spool: string;
  /** Where the site's files are: the address of the API. */
  readonly baseUrl: string;
  /** Where hashes are kept, and when what is in the store was last read. Default: in memory. */
  readonly cache?: HashCache | undefined;
  /**
   * Reads what is there, too, those first that were not for the longest time; a store's own word is no proof of what it would
   * give today. Default: its word is taken.
   */
  readonly check?: CheckMirror | undefined;
  /** Files at once, 1 to 64. Default 3. */
  readonly concurrency?: number | undefined;
  /** Only look. Default false. */
  readonly isDry?: boolean | undefined;
  /** What fetches from the site. Default: `downloadAll()` by itself. */
  readonly fetch?: FetchFiles | undefined;
  /** Told how far a file is on its way: read from the store, or into it. */
  readonly onProgress?:
    | ((file: LockedFile, bytes: number, totalBytes: number, doing: "reading" | "storing") => void)
    | undefined;
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
 * from there, the rest is fetched from the site and verified first. What is there and wrong gives way; with `check` it is
 * read to find that out, and what took its place is, too. May be killed at any moment and run again, on this machine or
 * another; running it twice at once is harmless.
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
  { spool, baseUrl, cache: given, check, concurrency = 3, isDry = false, fetch = fetchFiles, onProgress, signal }:
    FillMirrorOptions,
): AsyncGenerator<MirrorOutcome, void, undefined> {
  wholeWithin("concurrency", concurrency, 1, 64);
  await store.check(!isDry, signal);
  using own = given === undefined ? hashCache(":memory:") : undefined;
  const cache = given ?? own!;
  const { budgetBytes = Infinity } = check ?? {};
  within("budgetBytes", budgetBytes, 0);
  let begunBytes = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const reading = storeReading(store, cache);
  const provedMs = ({ sha256 }: LockedFile) => sha256 === null ? 0 : reading.provedMs(sha256);

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

  const told = (file: LockedFile, doing: "reading" | "storing"): ProveOptions => ({
    signal,
    onProgress: ({ bytes, totalBytes }) => onProgress?.(file, bytes, totalBytes, doing),
  });

  const prove = async (file: LockedFile, stored: StoredFile) =>
    await reading.prove(stored, told(file, "reading")) !== undefined;

  /** What the store says it has, and whether it is to be read: decided in the order of the files, not of the answers. */
  function find(stored: StoredFile): Promise<"there" | "due" | undefined> {
    const before = turn;
    const decided = store.find(stored, signal).then(async (found) => {
      if (check !== undefined) await before;
      if (found === undefined) return undefined;
      if (check === undefined || begunBytes >= budgetBytes) return "there";
      begunBytes += found.bytes;
      return "due";
    });
    turn = Promise.allSettled([before, decided]);
    return decided;
  }

  /** What the store has of it: nothing, something right, or the error that says what is wrong with it. */
  async function look(
    file: LockedFile,
    stored: StoredFile,
  ): Promise<"there" | "proved" | VerificationError | undefined> {
    try {
      const found = await find(stored);
      if (found !== "due") return found;
      return await prove(file, stored) ? "proved" : undefined;
    } catch (error) {
      if (error instanceof VerificationError) return error;
      throw error;
    }
  }

  async function mirror(file: LockedFile): Promise<MirrorOutcome> {
    let damage: VerificationError | undefined;
    try {
      const sha256 = hashOf(file);
      const stored = { sha256, bytes: file.bytes ?? undefined, name: file.path.split("/").at(-1)! };
      const found = await look(file, stored);
      if (found === "there" || found === "proved") return { file, state: found };
      damage = found;
      const { path, from } = await haveIt(file, sha256);
      if (isDry) return { file, state: damage === undefined ? "missing" : "damaged", from, damage };
      const put = await store.put(path, stored, {
        ...told(file, "storing"),
        isReplacing: damage !== undefined,
      });
      // what spoiled the one may spoil the other
      if (damage !== undefined && check !== undefined) await prove(file, stored);
      if (from === "site") await rm(path, { force: true });
      return { file, state: damage === undefined ? "stored" : "replaced", from, damage, put };
    } catch (error) {
      return { file, state: "failed", damage, error };
    }
  }

  // a file may stand under two paths; it is one object
  const seen = new Set<string>();
  const files = project.lock.files.filter(({ sha256 }) => sha256 === null || !seen.has(sha256) && seen.add(sha256));
  if (check !== undefined) files.sort((one, other) => provedMs(one) - provedMs(other));
  yield* asTheyEnd(files, concurrency, mirror, signal);
}
