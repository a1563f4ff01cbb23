import { CivikitError, InputError } from "../../transport/mod.ts";
import type { CallOptions } from "../call.ts";
import { type Wanted, wantedKey } from "./manifest.ts";
import type { Project } from "./project.ts";
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
 * Entries in `again` are asked about anew. Nothing is written.
 *
 * @throws {InputError} `invalid_config` when `isFrozen` and something would change.
 */
export async function syncLock(
  project: Project,
  api: ProjectApi,
  { again = [], isFrozen = false, signal }: CallOptions & { again?: readonly Wanted[]; isFrozen?: boolean } = {},
): Promise<WantedFailure[]> {
  if (!project.hasManifest && project.manifest.models.length === 0) return [];
  const keys = new Set(project.manifest.models.map(wantedKey));
  const missing = unlocked(project), stale = project.lock.files.filter(({ wanted }) => !keys.has(wanted));
  if (isFrozen && (missing.length > 0 || stale.length > 0)) {
    const [{ air = "" } = {}] = missing, what = air || stale[0]!.wanted;
    throw new InputError(`installing: manifest and lock file differ about ${JSON.stringify(what)}`, {
      code: "invalid_config",
      input: what,
    });
  }
  const failures: WantedFailure[] = [];
  let files = project.lock.files.filter(({ wanted }) => keys.has(wanted));
  for (const wanted of [...missing, ...again.filter((one) => !missing.includes(one))]) {
    try {
      const found = await resolveWanted(wanted, project.manifest, api, { signal });
      const others = files.filter((file) => file.wanted !== wantedKey(wanted));
      const kept = files.filter((file) => !others.includes(file));
      files = joinLocked(others, found.map(({ locked }) => samePlace(locked, kept)));
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      failures.push({ wanted, error });
    }
  }
  // an entry that changed and could not be looked up keeps the files it had
  if (failures.length > 0) files = joinLocked(files, stale);
  project.lock = { ...project.lock, files };
  return failures;
}

/** What was learned about the very same file stays. */
function samePlace<File extends { fileId: number; sha256: string | null }>(file: File, before: readonly File[]): File {
  const same = before.find(({ fileId }) => fileId === file.fileId);
  return same !== undefined && (file.sha256 === null || file.sha256 === same.sha256) ? { ...file, ...same } : file;
}
