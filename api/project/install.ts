import { join } from "node:path";
import { CivikitError, DiskError, type DownloadResult, type Transport } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { type FetchFiles, fetchFiles } from "../download/fetch_files.ts";
import { type HashCache, hashCache } from "../library/hash_cache.ts";
import { clearUnlocked } from "./clear_unlocked.ts";
import { diskState } from "./disk_state.ts";
import type { LockedFile } from "./lock.ts";
import { rememberRoot } from "./named_roots.ts";
import { checkRoot, placeOf } from "./place.ts";
import {
  disownUnlocked,
  holdProject,
  type Installed,
  type Project,
  readInstalled,
  saveProject,
  writeInstalled,
} from "./project.ts";
import type { ProjectApi } from "./resolve_wanted.ts";
import { syncLock, type WantedFailure } from "./sync_lock.ts";
import { wantedFile } from "./wanted_file.ts";

/** How one locked file ended. */
export interface InstallOutcome {
  /** The file. */
  file: LockedFile;
  /** Its full path. */
  path: string;
  /** `there`: nothing had to be fetched; `fetched`; `failed`; `missing`: it would be fetched, were the project not dry. */
  state: "there" | "fetched" | "failed" | "missing";
  /** How it was fetched. */
  result?: DownloadResult | undefined;
  /** Why it failed. */
  error?: unknown;
}

/** What an install did. */
export interface InstallReport {
  /** Every locked file; in the order in which they ended. */
  outcomes: InstallOutcome[];
  /** Entries of the manifest that could not become files. */
  failures: WantedFailure[];
  /** Files of earlier installs that were taken away, as paths below the root. */
  removed: string[];
  /** Files of earlier installs that would have been, but were changed since. */
  left: string[];
  /** Files of earlier installs that stay until what comes in their place is verified and there. */
  waiting: string[];
}

/** Settings of {@linkcode install}. */
export interface InstallOptions extends CallOptions {
  /** Where hashes are kept. Default: in memory, for this install only. */
  cache?: HashCache | undefined;
  /** Files at once, 1 to 64. Default 3. */
  concurrency?: number | undefined;
  /** Refuse when manifest and lock file differ, instead of asking the site. Default false. */
  isFrozen?: boolean | undefined;
  /** Replace files at a locked place that no install put there. Default false. */
  force?: boolean | undefined;
  /** Files that are not locked any more stay for good, and are no longer the project's. Default false. */
  keepOld?: boolean | undefined;
  /** What becomes of a file nobody wants any more, with its SHA-256. Default: it is removed. */
  discard?: ((path: string, sha256: string) => Promise<unknown>) | undefined;
  /** Called once with what will be fetched. */
  onPlan?: ((files: readonly LockedFile[]) => void) | undefined;
  /** What fetches, in place of `downloadAll()`: each file is named by its locked path. */
  fetch?: FetchFiles | undefined;
  /** Called with each outcome as it comes. */
  onOutcome?: ((outcome: InstallOutcome) => void) | undefined;
}

/** A killed install forgets no more than this of what it put there; the files themselves are found again. */
const recordMs = 1000;

/**
 * Makes the project's folder exactly what its lock file says: fetches what is missing, in parallel and verified, and takes
 * away what earlier installs put there and nobody wants any more. Asks the site only about entries of the manifest that
 * the lock file does not know, so it needs no network when everything is there. May be killed at any moment and run again.
 *
 * @param project From {@linkcode openProject}.
 * @param api Whom to ask.
 * @param transport What fetches.
 * @param options See {@linkcode InstallOptions}.
 * @throws {InputError} `invalid_config` when frozen and manifest and lock file differ.
 * @throws {DiskError} `target_locked` when another process changes the project; `invalid_path` when only the manifest names
 * a root outside of the project's folder, or links lie where the project's own files belong; when its folder cannot be
 * written.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { civitai, install, openProject } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), transport = { fetch: () => Promise.reject(new Error("no network")) };
 * const { outcomes } = await install(openProject(folder), civitai(transport), transport);
 * console.log(outcomes.length); // 0: nothing is wanted
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function install(
  project: Project,
  api: ProjectApi,
  transport: Transport,
  { cache: given, isFrozen = false, keepOld = false, ...options }: InstallOptions = {},
): Promise<InstallReport> {
  checkRoot(project);
  using _held = holdProject(project);
  const { folder, root, isRootGiven, namedRoots } = project;
  if (isRootGiven && namedRoots !== undefined && !project.isDry) rememberRoot(namedRoots, folder, root);
  using own = given === undefined ? hashCache(":memory:") : undefined;
  const cache = given ?? own!;
  const { signal } = options;
  const failures = await syncLock(project, api, { isFrozen, keepOld, signal, transport });
  // before they are unlocked: a killed run must not leave them to the next one
  const installed = keepOld ? disownUnlocked(project) : readInstalled(project);
  const outcomes: InstallOutcome[] = [];
  if (!isFrozen) saveProject(project);
  const end = (outcome: InstallOutcome) => {
    outcomes.push(outcome);
    options.onOutcome?.(outcome);
  };

  const missing = await plan(project, cache, installed, { ...options, isFrozen }, end);
  options.onPlan?.(missing.map(({ file }) => file));
  if (project.isDry) {
    for (const { file } of missing) end({ file, path: join(project.root, file.path), state: "missing" });
  } else await fetchAll({ project, missing, api, transport, cache, installed, end }, options);
  const failed = new Set(outcomes.filter(({ state }) => state === "failed").map(({ file }) => file.modelId ?? 0));
  const cleared = await clearUnlocked(project, { cache, installed, failed, discard: options.discard, signal });
  return { outcomes, failures, ...cleared };
}

/** A file that has to be fetched. */
interface Missing {
  readonly file: LockedFile;
  /** Whether something gives way to it. */
  readonly replace: boolean;
}

/** Looks at every locked place; what is there already, or can be neither taken nor fetched, ends at once. */
async function plan(
  project: Project,
  cache: HashCache,
  installed: Installed,
  { signal, force = false, isFrozen }: InstallOptions,
  end: (outcome: InstallOutcome) => void,
): Promise<Missing[]> {
  const missing: Missing[] = [];
  let isLearned = false;
  for (const file of project.lock.files) {
    signal?.throwIfAborted();
    try {
      const path = placeOf(project, file.path);
      const state = await diskState(path, file, cache, { signal });
      if (state.kind === "same") {
        isLearned = learn(file, state) || isLearned;
        installed.set(file.path, { sha256: state.sha256, modelId: file.modelId ?? undefined });
        end({ file, path, state: "there" });
      } else {
        const isOurs = state.kind === "other" && installed.get(file.path)?.sha256 === state.sha256;
        if (state.kind === "other" && !isOurs && !force) throw foreign(path);
        missing.push({ file, replace: state.kind === "other" });
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      end({ file, path: join(project.root, file.path), state: "failed", error });
    }
  }
  if (isLearned && !isFrozen) saveProject(project);
  return missing;
}

function foreign(path: string): DiskError {
  return new DiskError(`installing ${JSON.stringify(path)}: another file has that name, and no install put it there`, {
    code: "target_exists",
    path,
  });
}

/** What only the bytes could tell. @returns Whether it is news. */
function learn(file: LockedFile, { sha256, bytes }: { sha256: string; bytes: number }): boolean {
  const isNews = file.sha256 === null || file.bytes === null || file.presumed === true;
  file.sha256 ??= sha256;
  file.bytes ??= bytes;
  delete file.presumed;
  return isNews;
}

/** What fetching works with. */
interface Fetching {
  readonly project: Project;
  readonly missing: readonly Missing[];
  readonly api: ProjectApi;
  readonly transport: Transport;
  readonly cache: HashCache;
  readonly installed: Installed;
  end(outcome: InstallOutcome): void;
}

async function fetchAll(
  { project, missing, api, transport, cache, installed, end }: Fetching,
  { signal, concurrency = 3, fetch = fetchFiles }: InstallOptions,
): Promise<void> {
  const wanted = missing.map(({ file, replace }) => ({ ...wantedFile(file, api.baseUrl), replace }));
  const defaults = { root: project.root };
  let writtenAt = performance.now();
  try {
    for await (const outcome of fetch(transport, wanted, { concurrency, signal, defaults, cache })) {
      const { file: { locked: file }, result, error } = outcome;
      const path = join(project.root, file.path);
      if (result === undefined) {
        if (!signal?.aborted) end({ file, path, state: "failed", error });
        continue;
      }
      const sha256 = result.digests.SHA256!;
      if (learn(file, { sha256, bytes: result.bytes })) saveProject(project);
      installed.set(file.path, { sha256, modelId: file.modelId ?? undefined });
      end({ file, path, state: "fetched", result });
      if (performance.now() - writtenAt < recordMs) continue;
      writeInstalled(project, installed);
      writtenAt = performance.now();
    }
  } finally {
    writeInstalled(project, installed);
  }
  signal?.throwIfAborted();
}
