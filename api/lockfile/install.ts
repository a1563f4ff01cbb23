import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  CivikitError,
  compose,
  type Digests,
  DiskError,
  downloadAll,
  type DownloadJob,
  type DownloadOptions,
  type DownloadResult,
  resolveInside,
  type Transport,
  wrapDiskError,
} from "../../transport/mod.ts";
import type { CallOptions } from "../call.ts";
import { type HashCache, hashCache } from "../library/mod.ts";
import { otherUrls } from "../other_urls.ts";
import { diskState, hashOf } from "./disk_state.ts";
import type { LockedFile } from "./lock.ts";
import { holdProject, type Installed, type Project, readInstalled, saveLock, writeInstalled } from "./project.ts";
import type { ProjectApi } from "./resolve_wanted.ts";
import { syncLock, type WantedFailure } from "./sync_lock.ts";

/** How one locked file ended. */
export interface InstallOutcome {
  /** The file. */
  file: LockedFile;
  /** Its full path. */
  path: string;
  /** `there`: nothing had to be fetched; `fetched`; `failed`. */
  state: "there" | "fetched" | "failed";
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
  /** Entries of the manifest to ask about anew. */
  again?: Project["manifest"]["models"] | undefined;
  /** Called once with what will be fetched. */
  onPlan?: ((files: readonly LockedFile[]) => void) | undefined;
  /** Options for the download of a file, such as `onProgress`; asked when it starts. */
  optionsOf?: ((file: LockedFile) => DownloadOptions) | undefined;
  /** Called with each outcome as it comes. */
  onOutcome?: ((outcome: InstallOutcome) => void) | undefined;
}

interface LockedJob extends DownloadJob {
  readonly file: LockedFile;
}

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
 * @throws {DiskError} `target_locked` when another process changes the project; when its folder cannot be written.
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
  { cache: given, isFrozen = false, again = [], ...options }: InstallOptions = {},
): Promise<InstallReport> {
  using _held = holdProject(project);
  using own = given === undefined ? hashCache(":memory:") : undefined;
  const cache = given ?? own!, { signal } = options;
  const failures = await syncLock(project, api, { again, isFrozen, signal });
  if (!isFrozen) saveLock(project);
  const installed = readInstalled(project), outcomes: InstallOutcome[] = [];
  const end = (outcome: InstallOutcome) => {
    outcomes.push(outcome);
    options.onOutcome?.(outcome);
  };

  const { jobs, there } = await plan(project, api, cache, installed, options, end);
  for (const outcome of there) end(outcome);
  options.onPlan?.(jobs.map(({ file }) => file));
  await fetchAll(project, jobs, transport, cache, installed, options, end);
  const cleared = await clear(project, cache, installed, options);
  return { outcomes, failures, ...cleared };
}

/** Looks at every locked place; what can be neither taken nor fetched ends at once. */
async function plan(
  project: Project,
  api: ProjectApi,
  cache: HashCache,
  installed: Installed,
  { signal, force = false, optionsOf }: InstallOptions,
  end: (outcome: InstallOutcome) => void,
): Promise<{ jobs: LockedJob[]; there: InstallOutcome[] }> {
  const jobs: LockedJob[] = [], there: InstallOutcome[] = [];
  for (const file of project.lock.files) {
    signal?.throwIfAborted();
    try {
      const path = resolveInside(project.root, file.path);
      const state = await diskState(path, file, cache, { signal });
      if (state.kind === "same") {
        learn(file, state);
        installed.set(file.path, state.sha256);
        there.push({ file, path, state: "there" });
      } else {
        const isOurs = state.kind === "other" && installed.get(file.path) === state.sha256;
        if (state.kind === "other" && !isOurs && !force) throw foreign(path);
        jobs.push(job(file, api, project.root, { ...optionsOf?.(file), replace: state.kind === "other" }));
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      end({ file, path: join(project.root, file.path), state: "failed", error });
    }
  }
  return { jobs, there };
}

function foreign(path: string): DiskError {
  return new DiskError(`installing ${JSON.stringify(path)}: another file has that name, and no install put it there`, {
    code: "target_exists",
    path,
  });
}

/** What only the bytes could tell. */
function learn(file: LockedFile, { sha256, bytes }: { sha256: string; bytes: number }): void {
  file.sha256 ??= sha256;
  file.bytes ??= bytes;
}

/** The same path and query at the site that is used now: a lock file made with a mirror works without it. */
function onSite(url: string, { baseUrl }: ProjectApi): string {
  const { pathname, search } = new URL(url);
  return `${baseUrl}${pathname.slice(pathname.lastIndexOf("/api/download/models/"))}${search}`;
}

function hashesOf({ sha256, hashes }: LockedFile): Digests {
  return sha256 === null ? hashes ?? {} : { SHA256: sha256 };
}

function job(file: LockedFile, api: ProjectApi, root: string, options: DownloadOptions): LockedJob {
  const { path, url, bytes } = file;
  return {
    file,
    request: onSite(url, api),
    path,
    options: { ...options, root, hashes: hashesOf(file), ...(bytes !== null && { sizeBytes: bytes }) },
  };
}

async function fetchAll(
  project: Project,
  jobs: readonly LockedJob[],
  transport: Transport,
  cache: HashCache,
  installed: Installed,
  { signal, concurrency = 3 }: InstallOptions,
  end: (outcome: InstallOutcome) => void,
): Promise<void> {
  const others = new Map(
    jobs.filter(({ file }) => Object.keys(hashesOf(file)).length > 0 && file.fallbackUrls?.length)
      .map(({ file, request }) => {
        const { origin, pathname } = new URL(request as string);
        const base = `${origin}${pathname.slice(0, pathname.lastIndexOf("/api/download/models/"))}`;
        return [request as string, file.fallbackUrls!.map((url) => onSite(url, { baseUrl: base } as ProjectApi))];
      }),
  );
  const batch = downloadAll(compose(transport, otherUrls(others)), jobs, { concurrency, signal });
  try {
    for await (const { job: { file }, result, error } of batch) {
      const path = join(project.root, file.path);
      if (result === undefined) {
        if (!signal?.aborted) end({ file, path, state: "failed", error });
        continue;
      }
      const sha256 = result.digests.SHA256!, isNew = file.sha256 === null || file.bytes === null;
      learn(file, { sha256, bytes: result.bytes });
      if (isNew) saveLock(project);
      installed.set(file.path, sha256);
      remember(result, cache);
      end({ file, path, state: "fetched", result });
    }
  } finally {
    writeInstalled(project, installed);
  }
  signal?.throwIfAborted();
}

function remember({ path, bytes, digests }: DownloadResult, cache: HashCache): void {
  const mtimeMs = Deno.statSync(path).mtime?.getTime() ?? 0;
  cache.keep({ path, bytes, mtimeMs, sha256: digests.SHA256! });
}

/** Takes away files of earlier installs that are no longer locked and still are what was installed. */
async function clear(
  project: Project,
  cache: HashCache,
  installed: Installed,
  { signal }: InstallOptions,
): Promise<Pick<InstallReport, "removed" | "left">> {
  const locked = new Set(project.lock.files.map(({ path }) => path)), removed: string[] = [], left: string[] = [];
  for (const [name, sha256] of installed) {
    if (locked.has(name)) continue;
    const path = resolveInside(project.root, name);
    const found = await hashOf(path, cache, { signal });
    if (found !== undefined && found.sha256 === sha256) {
      try {
        rmSync(path);
      } catch (error) {
        throw wrapDiskError(error, path, "removing");
      }
      removed.push(name);
    } else if (found !== undefined) left.push(name);
    installed.delete(name);
  }
  if (removed.length + left.length > 0) writeInstalled(project, installed);
  return { removed, left };
}
