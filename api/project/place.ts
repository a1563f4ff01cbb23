import { lstatSync, realpathSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { resolveInside, wrapDiskError } from "../../transport/internal.ts";
import { DiskError } from "../../transport/mod.ts";

function refuse(path: string, state: string): DiskError {
  return new DiskError(`installing in ${JSON.stringify(path)}: ${state}`, {
    code: "invalid_path",
    reason: "root_outside",
    path,
  });
}

/** Whether `path` is `folder`, or below it and in no hidden folder: those are other programs', such as `.git`. */
function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return join(folder, way) === path && !way.split(sep).some((name) => name.startsWith("."));
}

/** Where a folder really is, or will be made: the nearest one that exists. */
export function realFolder(path: string): string {
  try {
    for (let place = path;; place = dirname(place)) {
      if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) return realpathSync(place);
    }
  } catch (error) {
    throw wrapDiskError(error, path, "installing in");
  }
}

/** What decides where files may go. */
export interface Place {
  /** The project's folder. */
  readonly folder: string;
  /** Where models go. */
  readonly root: string;
  /** Whether whoever runs this named the root. */
  readonly isRootGiven: boolean;
}

/**
 * Refuses a root that only the manifest names and that lies outside of the project's folder, or in a hidden folder of it:
 * the project may be somebody else's, and would choose where on this disk files are written and removed.
 *
 * @throws {DiskError} `invalid_path`.
 */
export function checkRoot({ folder, root, isRootGiven }: Place): void {
  if (isRootGiven || (isWithin(folder, root) && isWithin(realFolder(folder), realFolder(root)))) return;
  throw refuse(
    root,
    "outside of the project or hidden in it, and only its manifest names that root",
  );
}

/**
 * The full path of a locked file. Where the root was named by whoever runs this, links below it are theirs and are
 * followed. Where only the manifest names it, links may be as foreign as the manifest: then the real place has to be in
 * the project's folder.
 *
 * @throws {DiskError} `invalid_path` when it would not.
 */
export function placeOf(place: Place, path: string): string {
  checkRoot(place);
  const full = resolveInside(place.root, path);
  const folder = dirname(full);
  if (place.isRootGiven || isWithin(realFolder(place.folder), realFolder(folder))) return full;
  throw refuse(folder, "a link leads outside of the project, or to a hidden folder");
}
