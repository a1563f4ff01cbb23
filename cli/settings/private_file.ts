import { chmodSync, closeSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { openFresh, renameDurably, syncHandle, wrapDiskError } from "../../transport/internal.ts";

/** Who is to read a file, where it is not its owner alone. */
export interface WritePrivateOptions {
  /** Rights of the file. Default: 0600, and 0700 for its folder; given, the folder is left as it is. */
  readonly mode?: number | undefined;
}

/**
 * Puts `text` under the name `path` in one step, for its owner alone. A reader finds the old file or the new one, whole.
 *
 * @throws {DiskError} When the disk refuses; the old file is untouched then.
 */
export function writePrivate(path: string, text: string, { mode }: WritePrivateOptions = {}): void {
  const folder = dirname(path);
  const temporary = `${path}.tmp`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (Deno.build.os !== "windows" && mode === undefined) chmodSync(folder, 0o700);
    const file = openFresh(temporary, mode ?? 0o600);
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
