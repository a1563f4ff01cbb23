import { chmodSync, closeSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { openFresh, renameDurably, syncHandle, wrapDiskError } from "../../transport/internal.ts";

/**
 * Puts `text` under the name `path` in one step, for its owner alone: the file gets 0600, its folder 0700. A reader finds
 * the old file or the new one, whole.
 *
 * @throws {DiskError} When the disk refuses; the old file is untouched then.
 */
export function writePrivate(path: string, text: string): void {
  const folder = dirname(path);
  const temporary = `${path}.tmp`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (Deno.build.os !== "windows") chmodSync(folder, 0o700);
    const file = openFresh(temporary, 0o600);
    try {
      writeFileSync(file, text);
      syncHandle(file);
    } finally {
      closeSync(file);
    }
    renameDurably(temporary, path, { replace: true });
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // the first failure says more
    }
    throw wrapDiskError(error, path, "writing");
  }
}
