import { join } from "node:path";
import type { LockedFile } from "./lock.ts";
import { holdProject, openProject, type Project, saveProject } from "./project.ts";

/**
 * Takes the mark `presumed` from locked files that were hashed and are what the lock file says. Nothing is written where
 * none has the mark.
 *
 * @param project From {@linkcode openProject}.
 * @param proved Full paths of files whose SHA-256 is the locked one.
 * @returns The files that had the mark.
 * @throws {DiskError} When the project's folder cannot be written, or another process changes it.
 * @example
 * ```ts
 * import { openProject, settlePresumed } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync();
 * console.log(settlePresumed(openProject(folder), ["/models/a.safetensors"])); // []: nothing is locked
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function settlePresumed(project: Project, proved: Iterable<string>): LockedFile[] {
  const paths = new Set(proved);
  const { folder, root, isDry } = project;
  const isSettled = (file: LockedFile) => file.presumed === true && paths.has(join(root, file.path));
  if (!project.lock.files.some(isSettled)) return [];
  using _held = holdProject(project);
  // somebody may have changed it while files were hashed
  const { lock } = openProject(folder, { root, isDry });
  const settled = lock.files.filter(isSettled);
  for (const file of settled) delete file.presumed;
  project.lock = lock;
  saveProject(project);
  return settled;
}
