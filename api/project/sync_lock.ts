import { CivikitError, InputError } from "../../transport/mod.ts";
import { type Wanted, wantedKey } from "./manifest.ts";
import type { Project } from "./project.ts";
import type { ResolveWantedOptions } from "./lock_elsewhere.ts";
import { joinLocked, type ProjectApi, resolveWanted } from "./resolve_wanted.ts";

/** An entry of the manifest that could not become files. */
export interface WantedFailure {
  /** The entry. */
  wanted: Wanted;
  /** Why. */
  error: CivikitError;
}

/** Entries of the manifest the lock file says nothing about. */
function unlocked({ manifest, lock }: Project): Wanted[] {
  const known = new Set(lock.files.map(({ wanted }) => wanted));
  return manifest.models.filter((wanted) => !known.has(wantedKey(wanted)));
}

/**
 * Brings the lock file in step with the manifest: asks about new entries, drops the files of entries that are gone.
 * Nothing is written.
 *
 * @param options `keepOld`: the places of dropped files are not free.
 * @throws {InputError} `invalid_config` when `isFrozen` and something would change.
 */
export async function syncLock(
  project: Project,
  api: ProjectApi,
  { isFrozen = false, keepOld = false, ...options }: ResolveWantedOptions & { isFrozen?: boolean; keepOld?: boolean } =
    {},
): Promise<WantedFailure[]> {
  if (!project.hasManifest && project.manifest.models.length === 0) return [];
  const keys = new Set(project.manifest.models.map(wantedKey));
  const missing = unlocked(project);
  const stale = project.lock.files.filter(({ wanted }) => !keys.has(wanted));
  if (isFrozen && (missing.length > 0 || stale.length > 0)) {
    const [{ air = "" } = {}] = missing;
    const what = air || stale[0]!.wanted;
    throw new InputError(`installing: manifest and lock file differ about ${JSON.stringify(what)}`, {
      code: "invalid_config",
      input: what,
    });
  }
  const failures: WantedFailure[] = [];
  let files = project.lock.files.filter(({ wanted }) => keys.has(wanted));
  for (const wanted of missing) {
    try {
      const found = await resolveWanted(wanted, project.manifest, api, options);
      files = joinLocked(files, found, keepOld ? stale : []);
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      failures.push({ wanted, error });
    }
  }
  // an entry that changed and could not be looked up keeps the files it had
  if (failures.length > 0) files = joinLocked(files, stale);
  project.lock = { ...project.lock, files };
  return failures;
}
