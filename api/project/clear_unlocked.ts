import { rmSync } from "node:fs";
import { wrapDiskError } from "../../transport/internal.ts";
import { isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { HashCache } from "../library/hash_cache.ts";
import { hashOf } from "./disk_state.ts";
import { placeOf } from "./place.ts";
import { type Installed, type Project, writeInstalled } from "./project.ts";

/** What clearing works with. */
export interface Clearing extends CallOptions {
  /** Where hashes are kept. */
  readonly cache: HashCache;
  /** What earlier installs put there; what is not the project's any more is taken out. */
  readonly installed: Installed;
  /** What becomes of a file. Default: it is removed. */
  readonly discard?: ((path: string, sha256: string) => Promise<unknown>) | undefined;
  /** Models whose new files failed. */
  readonly failed: ReadonlySet<number>;
}

/**
 * Takes away files of earlier installs that are no longer locked and still are what was installed. Those of a model whose
 * new files failed stay: one of the two is always there.
 */
export async function clearUnlocked(
  project: Project,
  { cache, installed, failed, discard = remove, signal }: Clearing,
): Promise<{ removed: string[]; left: string[]; waiting: string[] }> {
  const locked = new Set(project.lock.files.map(({ path }) => path));
  const removed: string[] = [];
  const left: string[] = [];
  const waiting: string[] = [];
  for (const [name, { sha256, modelId }] of installed) {
    if (locked.has(name)) continue;
    if (modelId === undefined ? failed.size > 0 : failed.has(modelId)) {
      waiting.push(name);
      continue;
    }
    try {
      const path = placeOf(project, name);
      const found = await hashOf(path, cache, { signal });
      if (found?.sha256 === sha256) {
        if (!project.isDry) await discard(path, sha256);
        removed.push(name);
      } else if (found !== undefined) left.push(name);
    } catch (error) {
      // a record that leads elsewhere, as after someone put a link in the way
      if (!isCode(error, "invalid_path")) throw error;
      left.push(name);
    }
    installed.delete(name);
  }
  writeInstalled(project, installed);
  return { removed, left, waiting };
}

// deno-lint-ignore require-await -- a refusal is a rejection
async function remove(path: string): Promise<void> {
  try {
    rmSync(path);
  } catch (error) {
    throw wrapDiskError(error, path, "removing");
  }
}
