import { accessSync, constants, lstatSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { errnoOf, isInside, wrapDiskError } from "../../transport/internal.ts";
import type { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { holdProject, type Project } from "../project/project.ts";
import { sparePlace } from "../project/spare_place.ts";
import type { Trash } from "../trash/open_trash.ts";
import { type DuplicateGroup, findDuplicates, proveSame, replaceByLink, spareCopies } from "./duplicates.ts";
import { hashCache } from "./hash_cache.ts";
import { type LibraryFile, scanFound, type ScanOptions } from "./scan.ts";
import { type Skip, walkAll } from "./walk.ts";

/** Which of equal files stays. `project`: the one a lock file names; where none is, the oldest. */
export type KeepPolicy = "oldest" | "newest" | "shortest" | "folders" | "project";

/** Every {@linkcode KeepPolicy}. */
export const keepPolicies: readonly KeepPolicy[] = ["oldest", "newest", "shortest", "folders", "project"];

/** Equal files, and which of them stays. */
export interface DuplicatePlan extends DuplicateGroup {
  /** The file that stays. */
  keep: string;
  /** The others, which give way; links are not among them. Bytes they waste are {@linkcode DuplicateGroup.wastedBytes}. */
  others: string[];
  /** Files besides that stay as they are, because a lock file names them. */
  locked: string[];
}

/** Settings of {@linkcode planDuplicates}. */
export interface DuplicateOptions {
  /** Which file stays. Default `oldest`. */
  keep?: KeepPolicy | undefined;
  /** For `folders`: what lies in an earlier one stays. */
  folders?: readonly string[] | undefined;
  /** Full paths that a lock file names. */
  locked?: readonly string[] | undefined;
  /**
   * What may become of those: `stay` as they are; `link`: become links, as their paths stay; `spare`: give way, but for one
   * of each. Default `stay`.
   */
  lockedMay?: "stay" | "link" | "spare" | undefined;
}

/** What is there more than once. */
export interface DuplicateReport {
  /** Files of equal size that could be read. */
  files: LibraryFile[];
  /** Files that are there more than once. */
  groups: DuplicateGroup[];
  /** What could not be read. */
  skipped: Skip[];
}

/**
 * Looks for files that are there more than once. Only files of equal size are hashed, and of those only what changed.
 *
 * @param roots Folders.
 * @param options As for `scan`.
 * @throws {DiskError} When one of `roots` cannot be read.
 * @throws The signal's reason when it aborts.
 */
export async function scanDuplicates(roots: readonly string[], options: ScanOptions = {}): Promise<DuplicateReport> {
  using own = options.cache === undefined ? hashCache(":memory:") : undefined;
  const { files, skipped } = walkAll(roots, options);
  const sizes = Map.groupBy(files, ({ bytes }) => bytes);
  const alike = files.filter(({ bytes }) => bytes > 0 && sizes.get(bytes)!.length > 1);
  const report = await scanFound(null, { files: alike, skipped }, options.cache ?? own!, options);
  return { files: report.files, groups: findDuplicates(report.files), skipped: report.skipped };
}

/**
 * Chooses which of equal files stays. Nothing is changed: that is for {@linkcode clearDuplicate}.
 *
 * @param report From {@linkcode scanDuplicates}, or `scan`.
 * @param options See {@linkcode DuplicateOptions}.
 * @example
 * ```ts
 * import { clearDuplicate, planDuplicates, scanDuplicates } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync();
 * for (const name of ["a", "long name"]) Deno.writeTextFileSync(`${root}/${name}.safetensors`, "same");
 * const [plan] = planDuplicates(await scanDuplicates([root]), { keep: "shortest" });
 * const outcomes = await clearDuplicate(plan!, { how: "link" });
 * console.log(outcomes.map(({ state }) => state)); // [ "linked" ]
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export function planDuplicates(
  { files, groups }: Pick<DuplicateReport, "files" | "groups">,
  { keep: policy = "oldest", folders = [], locked = [], lockedMay = "stay" }: DuplicateOptions = {},
): DuplicatePlan[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  // upper and lower case may be one on the disk: what may be locked counts as that
  const marks = new Set(locked.map((path) => path.toLowerCase()));
  const named = { has: (path: string) => marks.has(path.toLowerCase()) };
  const roots = folders.map((folder) => resolve(folder));
  const placeOf = (path: string) => {
    const at = roots.findIndex((root) => isInside(root, path));
    return at < 0 ? roots.length : at;
  };
  const ageOf = (path: string) => byPath.get(path)?.mtimeMs ?? 0;
  const orders: Readonly<Record<KeepPolicy, (a: string, b: string) => number>> = {
    oldest: (a, b) => ageOf(a) - ageOf(b),
    newest: (a, b) => ageOf(b) - ageOf(a),
    shortest: (a, b) => a.length - b.length,
    folders: (a, b) => placeOf(a) - placeOf(b),
    project: (a, b) => Number(named.has(b)) - Number(named.has(a)) || ageOf(a) - ageOf(b),
  };
  return groups.flatMap((group) => {
    const plain = group.paths.filter((path) => byPath.get(path)?.isLink !== true);
    const [keep, ...others] = plain.sort((a, b) => orders[policy](a, b) || (a < b ? -1 : 1));
    if (keep === undefined || others.length === 0) return [];
    const first = [keep, ...others].find((path) => named.has(path));
    const stays = (path: string) =>
      named.has(path) && (lockedMay === "stay" || lockedMay === "spare" && path === first);
    const [stay, go] = [others.filter(stays), others.filter((path) => !stays(path))];
    const spare = spareCopies([keep, ...go].map((path) => byPath.get(path)!));
    return [{ ...group, keep, others: go, locked: stay, wastedBytes: spare * group.bytes }];
  });
}

/** What became of one of the others. `kept`: it is as it was, because of `reason` or `error`. */
export interface ClearOutcome {
  /** The file. */
  path: string;
  /** What it is now. */
  state: "linked" | "symlinked" | "trashed" | "kept";
  /**
   * `same`: it is the same file already; `other_disk`: a hard link cannot lead there; `no_links`: its disk knows none;
   * `locked`: the project has it at no other place.
   */
  reason?: "same" | "other_disk" | "no_links" | "locked" | undefined;
  /** Its item in the trash. */
  id?: string | undefined;
  /** What was in the way. */
  error?: CivikitError | undefined;
}

/** How {@linkcode clearDuplicate} does it. */
export interface ClearOptions extends CallOptions {
  /** `link`: hard links to the file that stays; `trash`: into `trash`, with their sidecars. */
  how: "link" | "trash";
  /** Whether files on other disks become symbolic links. Default false: they stay. */
  symlinks?: boolean | undefined;
  /** Where they go. */
  trash?: Trash | undefined;
  /**
   * The project that has some of them: nobody else changes it meanwhile, and what goes into the trash is taken out of its
   * lock file and manifest. Default: none has.
   */
  project?: Project | undefined;
}

/**
 * Makes the others links to the file that stays, or trashes them. Both are hashed again, in full, right before; what is not
 * what it was is left alone and reported. A file leaves the project before it leaves its place: killed in between, it is
 * found again as a duplicate like any other.
 *
 * @throws {DiskError} `target_locked` when another process changes the project.
 * @throws The signal's reason when it aborts.
 */
export async function clearDuplicate(
  { keep, others, sha256 }: DuplicatePlan,
  { how, symlinks = false, trash, project, signal }: ClearOptions,
): Promise<ClearOutcome[]> {
  using _held = project && holdProject(project);
  const outcomes: ClearOutcome[] = [];
  let isProved = false;
  for (const path of others) {
    signal?.throwIfAborted();
    try {
      const [mine, other] = [lstatSync(keep), lstatSync(path)];
      const isSame = mine.dev === other.dev && mine.ino === other.ino;
      const isNear = mine.dev === other.dev;
      if (isSame || how === "link" && !isNear && !symlinks) {
        outcomes.push({ path, state: "kept", reason: isSame ? "same" : "other_disk" });
        continue;
      }
      if (!isProved) await proveSame(keep, sha256, signal);
      isProved = true;
      await proveSame(path, sha256, signal);
      if (how === "trash" && project !== undefined && !sparePlace(project, path, sha256)) {
        outcomes.push({ path, state: "kept", reason: "locked" });
      } else outcomes.push(await clear(keep, path, { how, isNear, trash, sha256 }));
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const isOdd = how === "link" && noLinks.has(errnoOf(error)) && isWritable(path);
      outcomes.push({
        ...{ path, state: "kept" },
        ...(isOdd ? { reason: "no_links" } : { error: wrapDiskError(error, path, "linking") }),
      });
    }
  }
  return outcomes;
}

/** What disks say that know no links, such as exFAT. */
const noLinks: ReadonlySet<string> = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/** Whether names may be made beside a file: then it is the links that are refused. */
function isWritable(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function clear(
  keep: string,
  path: string,
  { how, isNear, trash, sha256 }: Pick<ClearOptions, "how" | "trash"> & { isNear: boolean; sha256: string },
): Promise<ClearOutcome> {
  if (how === "trash") {
    const { id } = await trash!.put(path, { why: "duplicate", sha256 });
    return { path, state: "trashed", id };
  }
  if (isNear) {
    replaceByLink(keep, path);
    return { path, state: "linked" };
  }
  const temporary = `${path}.link.tmp`;
  rmSync(temporary, { force: true });
  symlinkSync(realpathSync(keep), temporary);
  renameSync(temporary, path);
  return { path, state: "symlinked" };
}
