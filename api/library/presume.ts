import { wrapDiskError } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import { readJsonObject } from "../disk/json_file.ts";
import { readModelInfo } from "../sidecars/model_info.ts";
import { sidecarPath } from "../sidecars/names.ts";
import { autoV1, isSmall } from "./auto_v1.ts";
import { findCandidates, type Found, type PresumeLookup, type Sampled } from "./find_candidates.ts";
import { damageError, findDamage } from "./find_damage.ts";
import { type HashCache, hashCache } from "./hash_cache.ts";
import { readingOrder } from "./hash_files.ts";
import { isGeneral } from "./is_general.ts";
import type { Presumption } from "./presumption.ts";
import { scanFound, type ScanOptions, type ScanReport } from "./scan.ts";
import { selfTold } from "./self_told.ts";
import { type DiskFile, walkAll } from "./walk.ts";

/** A file that nobody has hashed yet. */
export interface PresumedFile extends DiskFile, Presumption {
  /** Whether the site was asked: where it was not, an `identity` of null says nothing. */
  isAsked: boolean;
  /** What is wrong with it by its own account; null: nothing that could be told. */
  problem: string | null;
}

/** What {@linkcode presume} found: of files whose hash is there, what `scan` tells, and of the others what they may be. */
export interface PresumeReport extends ScanReport {
  /** Files whose hash is not there. */
  presumed: PresumedFile[];
}

/** So many are asked about before what was found is kept: a killed run asks no more than these again. */
const batchFiles = 100;
const dayMs = 86_400_000;

/** What can be told of a file at once. */
function sample(file: DiskFile): { sampled: Sampled; told: Presumption["told"]; problem: string | null } {
  const { tensorHashes, ...told } = selfTold(file.path);
  const problem = findDamage(file.path) ?? null;
  return {
    sampled: { bytes: file.bytes, autoV1: autoV1(file.path, file.bytes), tensorHashes, named: namedBeside(file) },
    told,
    problem,
  };
}

/** SHA-256 that other programs, or an earlier civikit, wrote beside it; what cannot be read is not there. */
function namedBeside({ path }: DiskFile): string[] {
  const read = (work: () => readonly unknown[] | undefined) => {
    try {
      return work() ?? [];
    } catch (error) {
      if (error instanceof CivikitError) return [];
      throw error;
    }
  };
  const named = [
    ...read(() => readModelInfo(path)?.sha256),
    // Lora-Manager's
    ...read(() => [readJsonObject(sidecarPath(path, ".metadata.json"))?.sha256]),
  ];
  const hashes = named.flatMap((hash) => typeof hash === "string" ? [hash.toUpperCase()] : []);
  return [...new Set(hashes.filter((hash) => /^[0-9A-F]{64}$/.test(hash)))];
}

/**
 * Says at once what every model file below `roots` is taken for, without reading it: by its exact size, a hash over 64 KiB
 * of it, the hashes in its own head and a SHA-256 that lies beside it. That is no proof: `scan` reads the whole of each and
 * tells where it was wrong. Files below 2 MiB are hashed here and now. Everything is kept in the cache, so that a killed
 * run goes on where it stopped, and nobody is asked twice.
 *
 * @param api Whom to ask; null asks nobody: what was presumed before is still there.
 * @param roots The folders, or single files.
 * @param options As for `scan`.
 * @throws {DiskError} When one of `roots` cannot be read.
 * @throws The signal's reason when it aborts; what was found by then is kept in the cache.
 * @example
 * ```ts
 * import { presume } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync();
 * using file = Deno.createSync(`${root}/a.safetensors`);
 * file.truncateSync(8 * 1024 ** 3); // 8 GiB, and takes no room
 * const { presumed } = await presume(null, [root]);
 * console.log(presumed[0]?.identity, presumed[0]?.isAsked); // null false
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export async function presume(
  api: PresumeLookup | null,
  roots: readonly string[],
  { cache, ...options }: ScanOptions = {},
): Promise<PresumeReport> {
  using own = cache === undefined ? hashCache(":memory:") : undefined;
  const kept = cache ?? own!;
  const { files, skipped } = walkAll(roots, options);
  const isProved = (file: DiskFile) => isSmall(file.bytes) || kept.find(file) !== undefined;
  const proved = kept.together(() => new Set(files.filter(isProved)));
  const report = await scanFound(api, { files: [...proved], skipped }, kept, options);
  // a head that moves goes over the disk once
  const rest = readingOrder(files.filter((file) => !proved.has(file)));
  const presumed: PresumedFile[] = [];
  for (let at = 0; at < rest.length; at += batchFiles) {
    options.signal?.throwIfAborted();
    options.onProgress?.({ phase: "presuming", done: at, total: rest.length });
    presumed.push(...await presumeSome(api, rest.slice(at, at + batchFiles), kept, report, options));
  }
  presumed.sort((a, b) => a.path < b.path ? -1 : 1);
  for (const { path, problem, identity } of presumed) {
    if (problem !== null && identity === null) {
      report.damaged.push({ path, error: damageError("scanning", path, problem) });
    }
  }
  return { ...report, presumed };
}

const nothingFound: Found = { identity: null, sha256: null, by: null, candidates: [] };

/** What was found before is taken from the cache; the others are looked into and asked about. */
async function presumeSome(
  api: PresumeLookup | null,
  files: readonly DiskFile[],
  cache: HashCache,
  report: ScanReport,
  { unknownForMs = dayMs, now = Date.now(), signal }: ScanOptions,
): Promise<PresumedFile[]> {
  const presumed: PresumedFile[] = [];
  const open: { file: DiskFile; sampled: Sampled; told: Presumption["told"]; problem: string | null }[] = [];
  for (const file of files) {
    try {
      const record = cache.presumed(file);
      const isOld = record === undefined ||
        (record.presumption.identity === null && now - record.askedAt > unknownForMs);
      if (isOld) open.push({ file, ...sample(file) });
      else presumed.push({ ...file, ...record.presumption, isAsked: true, problem: findDamage(file.path) ?? null });
    } catch (error) {
      report.skipped.push({ path: file.path, error: wrapDiskError(error, file.path, "looking into") });
    }
  }
  const isHopeless = report.failures.some((error) => error instanceof CivikitError && isGeneral(error));
  const { found, failures } = api === null || isHopeless
    ? { found: open.map(() => undefined), failures: [] }
    : await findCandidates(api, open.map(({ sampled }) => sampled), { signal });
  report.failures.push(...failures);
  cache.together(() =>
    open.forEach(({ file, told, problem }, at) => {
      const one = found[at];
      const presumption = { ...one ?? nothingFound, told };
      presumed.push({ ...file, ...presumption, isAsked: one !== undefined, problem });
      if (one !== undefined) cache.keepPresumed({ ...stampOf(file), presumption, askedAt: now });
    })
  );
  return presumed;
}

const stampOf = ({ path, bytes, mtimeMs }: DiskFile) => ({ path, bytes, mtimeMs });
