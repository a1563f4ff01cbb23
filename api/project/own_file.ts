import { lstatSync, writeFileSync } from "node:fs";
import { ensureFolder, wrapDiskError } from "../../transport/internal.ts";
import { DiskError } from "../../transport/mod.ts";

/**
 * Looks whether a file or folder of a project is there, and is one: a project from elsewhere may bring links, through
 * which a file of the user's would be written.
 *
 * @throws {DiskError} `invalid_path` when it is anything else.
 */
export function hasOwn(path: string, kind: "file" | "folder"): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (kind === "file" ? found.isFile() : found.isDirectory()) return true;
  const state = found.isSymbolicLink() ? "is a link" : `is not a ${kind}`;
  throw new DiskError(`writing ${JSON.stringify(path)}: ${state}`, { code: "invalid_path", reason: "own_link", path });
}

/** Makes the folder, where there is none. */
export function ownFolder(path: string): void {
  if (!hasOwn(path, "folder")) ensureFolder(path);
}

/** Makes the file with `text` in it, where there is none. */
export function ownFile(path: string, text: string): void {
  if (hasOwn(path, "file")) return;
  try {
    // exclusive: a link that came up since is not followed
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    const wrapped = wrapDiskError(error, path, "writing");
    if (wrapped.code !== "target_exists") throw wrapped;
  }
}
