import { lstatSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { isOneEntry } from "../disk/on_disk.ts";
import { wantedKey } from "./manifest.ts";
import { openProject, type Project, readInstalled, saveProject, writeInstalled } from "./project.ts";

/**
 * Takes a file out of a project that has the same bytes at another place, too: its line in the lock file goes, and its
 * entry in the manifest where nothing else comes from that. The file itself is not touched.
 *
 * @param held The project; the caller keeps others from changing it.
 * @param path Its full path.
 * @returns False where it is the only one, and stays; true where it is no part of the project (any more).
 */
export function sparePlace(held: Pick<Project, "folder" | "root">, path: string, sha256: string): boolean {
  // as it is now: it was read before what took long
  const project = openProject(held.folder, { root: held.root });
  const { root, manifest, lock } = project;
  const inner = relative(root, path).split(sep).join("/");
  const mine = lock.files.find((file) => file.path === inner) ??
    lock.files.find((file) => isOneEntry(join(root, file.path), path));
  if (mine === undefined) return true;
  const isThere = (place: string) => lstatSync(join(root, place), { throwIfNoEntry: false })?.isFile() === true;
  if (!lock.files.some((file) => file !== mine && file.sha256 === sha256 && isThere(file.path))) return false;
  const files = lock.files.filter((file) => file !== mine);
  const isWanted = files.some(({ wanted }) => wanted === mine.wanted);
  const models = isWanted ? manifest.models : manifest.models.filter((one) => wantedKey(one) !== mine.wanted);
  const installed = readInstalled(project);
  // before it is unlocked: whoever finds it unlocked and recorded removes it for good
  if (installed.delete(mine.path)) writeInstalled(project, installed);
  saveProject({ ...project, manifest: { ...manifest, models }, lock: { ...lock, files } });
  return true;
}
