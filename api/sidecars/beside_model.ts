import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DiskError } from "../../transport/mod.ts";
import { movesAround } from "../project/hold_folder.ts";

function gone(path: string): DiskError {
  return new DiskError(`writing beside ${JSON.stringify(path)}: the model has gone from there meanwhile`, {
    ...{ code: "folder_missing", reason: "file_missing", path },
  });
}

/**
 * Writes beside a model file, unless files there are moving: what is new would be left behind. What moves looks for what
 * is beside a model once it has its lock, so that one of both sees the other; where the model went all the same, what was
 * new is taken back.
 *
 * @param path The model file; one that is not there is in nobody's way.
 * @param fresh What `work` made that was not there before.
 * @throws {DiskError} `target_locked` (`moves_running`), or `folder_missing` (`file_missing`) where the model went.
 */
export async function besideModel<T>(
  path: string,
  work: () => Promise<T>,
  fresh: (result: T) => readonly string[],
): Promise<T> {
  const wasThere = existsSync(path);
  const early = movesAround(dirname(path));
  if (early !== undefined) throw early;
  const result = await work();
  const late = movesAround(dirname(path));
  if (wasThere && !existsSync(path)) {
    for (const one of fresh(result)) rmSync(one, { force: true });
    throw late ?? gone(path);
  }
  // it may be left behind, or come along: nobody knows, so it is said
  if (late !== undefined) throw late;
  return result;
}
