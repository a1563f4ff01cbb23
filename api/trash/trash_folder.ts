import { lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isInside } from "../../transport/internal.ts";

/** Name of the folder in which trash is kept: hidden, so that no scan of this program or the system's search looks in. */
export const trashName = ".civikit-trash";

function deviceOf(path: string): number | undefined {
  try {
    return statSync(path).dev;
  } catch {
    return undefined;
  }
}

/**
 * Where the trash of the file at `path` is: in the outermost folder on its disk that lies in one of `roots`, so that
 * putting it there is a change of name; in its own folder where it lies in none of them.
 */
export function trashFolderFor(path: string, roots: readonly string[]): string {
  const own = dirname(path);
  const root = roots.map((one) => resolve(one)).filter((one) => isInside(one, path))
    .sort((one, other) => one.length - other.length)[0] ?? own;
  const device = deviceOf(own);
  let best = own;
  for (let place = own; isInside(root, place); place = dirname(place)) {
    // a folder that leads elsewhere by a link is the outermost there
    if (deviceOf(place) !== device) break;
    best = place;
    if (place === root || dirname(place) === place) break;
  }
  return join(best, trashName);
}

/** Calls `look` with every folder in `roots` and below that is not hidden, links to other disks followed, each once. */
export function lookThrough(
  roots: readonly string[],
  look: (folder: string, entries: readonly FolderEntry[]) => void,
): void {
  const seen = new Set<string>();
  function into(folder: string): void {
    try {
      const real = realpathSync(folder);
      if (seen.has(real)) return;
      seen.add(real);
      const entries = entriesOf(folder);
      look(folder, entries);
      for (const { name, isDirectory, isSymlink } of entries) {
        const path = join(folder, name);
        if (!name.startsWith(".") && (isDirectory || isSymlink && isFolder(path))) into(path);
      }
    } catch {
      // nobody looks in there for models, either
    }
  }
  for (const root of roots) into(resolve(root));
}

/** Every trash folder in `roots` and below, links to other disks followed; what cannot be read is passed over. */
export function findTrashFolders(roots: readonly string[]): string[] {
  const found: string[] = [];
  lookThrough(roots, (folder, entries) => {
    if (entries.some(({ name, isDirectory }) => name === trashName && isDirectory)) found.push(join(folder, trashName));
  });
  return found;
}

interface FolderEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

function entriesOf(folder: string): FolderEntry[] {
  return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
    name: entry.name,
    isDirectory: entry.isDirectory(),
    isSymlink: entry.isSymbolicLink(),
  }));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Whether a trash folder is one: a link could lead anywhere. */
export function isOwnTrash(folder: string): boolean {
  return lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}
