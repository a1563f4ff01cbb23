import { wrapDiskError } from "../../transport/internal.ts";
import { CivikitError, type Throttle } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { hashesInOneGo, type Version } from "../resources/versions.ts";
import { type DuplicateGroup, findDuplicates } from "./duplicates.ts";
import { damageError, findDamage } from "./find_damage.ts";
import { type FileStamp, type HashCache, hashCache, type HashRecord } from "./hash_cache.ts";
import { hashFiles } from "./hash_files.ts";
import { type Identity, identityOf } from "./identity.ts";
import { isGeneral } from "./is_general.ts";
import { type DiskFile, type Skip, type Walk, walkAll, type WalkOptions } from "./walk.ts";

/** One file of a library. */
export interface LibraryFile extends DiskFile {
  /** Its SHA-256, upper case. */
  sha256: string;
  /** What it is on the site; null: the site does not know it; undefined: the site could not be asked. */
  identity: Identity | null | undefined;
  /** What is wrong with it by its own account: the header of a .safetensors, a GGUF or a zip archive. Null: nothing. */
  problem: string | null;
}

/** A file that was presumed to be something and, now that the whole of it was read, is not. */
export interface Disproved {
  /** The file. */
  path: string;
  /** Its SHA-256. */
  sha256: string;
  /** What it was presumed to be. */
  presumed: Identity;
  /** The SHA-256 that has. */
  presumedSha256: string;
}

/** What {@linkcode scan} found. */
export interface ScanReport {
  /** Every file that could be read. */
  files: LibraryFile[];
  /** What could not be read, and why. */
  skipped: Skip[];
  /** Files that are in `files` and cannot be whole, and why; never one the site knows, which is as it was published. */
  damaged: Skip[];
  /** Lookups that failed; their files have no `identity`. */
  failures: CivikitError[];
  /** Files that are there more than once. */
  duplicates: DuplicateGroup[];
  /** Files that `presume` took for something they are not; told once, and what they are stands in `files`. */
  disproved: Disproved[];
  /** Files that had to be hashed now. */
  hashedFiles: number;
  /** Bytes that had to be hashed now. */
  hashedBytes: number;
}

/** What {@linkcode scan} asks of the API. */
export interface HashLookup {
  /** Model versions. */
  readonly versions: {
    /** The versions with files of these SHA-256 hashes; keys in upper case, unknown ones missing. */
    byHashes(hashes: Iterable<string>, options?: CallOptions): Promise<Map<string, Version>>;
  };
}

/** How far a scan is. */
export interface ScanProgress {
  /** What it does. */
  phase: "hashing" | "asking" | "presuming";
  /** Bytes hashed, hashes asked about, or files presumed, so far. */
  done: number;
  /** Of how many. */
  total: number;
}

/** Settings of {@linkcode scan}. */
export interface ScanOptions extends WalkOptions, CallOptions {
  /** Where hashes and identities are kept. Default: in memory, for this scan only. */
  cache?: HashCache | undefined;
  /** Files hashed at once. Default: the processor's cores, 4 at most. */
  concurrency?: number | undefined;
  /** Bounds how fast files are read, all of them together; see `throttle()`. Default: as fast as it goes. */
  throttle?: Throttle | undefined;
  /** How long an «unknown to the site» is believed, in milliseconds. Default: one day. */
  unknownForMs?: number | undefined;
  /** Milliseconds since the epoch. The machine's time if not given. */
  now?: number | undefined;
  /** Called now and then. */
  onProgress?: ((progress: ScanProgress) => void) | undefined;
}

const dayMs = 86_400_000;
const keepMs = 500;

/**
 * Finds out what every model file below `roots` is: hashes those that are new or changed, looks whether they can be whole,
 * and asks the site about hashes it was not asked about before. What cannot be read or asked is reported and stops
 * nothing.
 *
 * @param api Whom to ask; null asks nobody.
 * @param roots The folders, or single files.
 * @param options See {@linkcode ScanOptions}.
 * @throws {DiskError} When one of `roots` cannot be read.
 * @throws The signal's reason when it aborts; what was hashed by then is kept in the cache.
 * @example
 * ```ts
 * import { scan } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${root}/a.safetensors`, "abc");
 * const api = { versions: { byHashes: () => Promise.resolve(new Map())  } };
 * const { files } = await scan(api, [root]);
 * console.log(files[0]?.sha256, files[0]?.identity); // BA7816BF... null
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export async function scan(
  api: HashLookup | null,
  roots: readonly string[],
  { cache, ...options }: ScanOptions = {},
): Promise<ScanReport> {
  using own = cache === undefined ? hashCache(":memory:") : undefined;
  return await scanFound(api, walkAll(roots, options), cache ?? own!, options);
}

/** {@linkcode scan} of what was found before. */
export async function scanFound(
  api: HashLookup | null,
  { files: found, skipped: passedOver }: Walk,
  kept: HashCache,
  { signal, ...options }: Omit<ScanOptions, "cache">,
): Promise<ScanReport> {
  const skipped = [...passedOver];
  const files: LibraryFile[] = [];
  const unhashed: DiskFile[] = [];
  const records: HashRecord[] = [];
  const keep = () => kept.together(() => records.splice(0).forEach((record) => kept.keep(record)));
  /** Takes a file whose hash is there; looks into it unless that was done before. */
  function take(file: DiskFile, sha256: string, known?: string | null, provedMs?: number): void {
    try {
      const problem = known === undefined ? findDamage(file.path) ?? null : known;
      if (known === undefined) records.push({ ...stampOf(file), sha256, problem, provedMs });
      files.push({ ...file, sha256, identity: undefined, problem });
    } catch (error) {
      skipped.push({ path: file.path, error: wrapDiskError(error, file.path, "looking into") });
    }
  }

  kept.together(() => {
    for (const file of found) {
      const record = kept.find(file);
      if (record === undefined) unhashed.push(file);
      else take(file, record.sha256, record.problem, record.provedMs);
    }
  });
  const total = unhashed.reduce((sum, { bytes }) => sum + bytes, 0);
  const onProgress = ({ hashedBytes: done }: { hashedBytes: number }) =>
    options.onProgress?.({ phase: "hashing", done, total });
  let hashedBytes = 0;
  let hashedFiles = 0;
  let keptAt = performance.now();
  try {
    for await (const { file, sha256, error } of hashFiles(unhashed, { ...options, onProgress, signal })) {
      if (error !== undefined) {
        skipped.push({ path: file.path, error });
        continue;
      }
      take(file, sha256);
      hashedFiles++;
      hashedBytes += file.bytes;
      // a killed scan loses no more than this
      if (performance.now() - keptAt > keepMs) {
        keep();
        keptAt = performance.now();
      }
    }
  } finally {
    keep();
  }
  files.sort((a, b) => a.path < b.path ? -1 : 1);
  const failures = await identify(api, files, kept, { ...options, signal });
  const damaged = files.filter(({ problem, identity }) => problem !== null && !identity)
    .map(({ path, problem }) => ({ path, error: damageError("scanning", path, problem!) }));
  const disproved = takeDisproved(files, kept);
  return { files, skipped, damaged, failures, duplicates: findDuplicates(files), disproved, hashedFiles, hashedBytes };
}

/** What was presumed of files whose hash is there is told if it is wrong, and forgotten. */
function takeDisproved(files: readonly LibraryFile[], cache: HashCache): Disproved[] {
  return cache.together(() =>
    files.flatMap((file) => {
      const found = cache.presumed(file)?.presumption;
      if (found === undefined) return [];
      cache.forgetPresumed(file.path);
      const { identity, sha256: presumedSha256 } = found;
      if (identity === null || presumedSha256 === null || presumedSha256 === file.sha256) return [];
      return [{ path: file.path, sha256: file.sha256, presumed: identity, presumedSha256 }];
    })
  );
}

function stampOf({ path, bytes, mtimeMs }: DiskFile): FileStamp {
  return { path, bytes, mtimeMs };
}

/** Fills in the identities; gives back what went wrong. */
async function identify(
  api: HashLookup | null,
  files: LibraryFile[],
  cache: HashCache,
  { unknownForMs = dayMs, now = Date.now(), onProgress, signal }: ScanOptions,
): Promise<CivikitError[]> {
  const byHash = Map.groupBy(files, ({ sha256 }) => sha256);
  const unasked: string[] = [];
  const failures: CivikitError[] = [];
  cache.together(() => {
    for (const [sha256, same] of byHash) {
      const asked = cache.asked(sha256);
      const isOld = asked === undefined || (asked.identity === null && now - asked.askedAt > unknownForMs);
      // kept by a release that did not note what a file is for
      const isShort = asked?.identity !== null && asked?.identity.fileType === undefined;
      if (isOld || isShort) unasked.push(sha256);
      for (const file of same) file.identity = isOld ? undefined : asked.identity;
    }
  });
  if (api === null) return failures;
  // what was known once stays known, also where the site has taken it away
  const before = (sha256: string): Identity | null => {
    const known = cache.asked(sha256)?.identity ?? null;
    return known && { ...known, fileType: known.fileType ?? null };
  };
  for (let at = 0; at < unasked.length; at += hashesInOneGo) {
    signal?.throwIfAborted();
    onProgress?.({ phase: "asking", done: at, total: unasked.length });
    const batch = unasked.slice(at, at + hashesInOneGo);
    try {
      const versions = await api.versions.byHashes(batch, { signal });
      cache.together(() => {
        for (const sha256 of batch) {
          const version = versions.get(sha256);
          const identity = (version && identityOf(version, sha256)) ?? before(sha256);
          cache.keepAsked(sha256, { identity, askedAt: now });
          for (const file of byHash.get(sha256)!) file.identity = identity;
        }
      });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      failures.push(error);
      if (isGeneral(error)) break;
    }
  }
  return failures;
}
