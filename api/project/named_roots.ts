import { isRecord } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import { prettyJson, readJsonObject, writeWhole } from "../disk/json_file.ts";
import { realFolder } from "./place.ts";

/** Projects and the roots that whoever runs this named for them, as full paths. */
type NamedRoots = Record<string, string[]>;

function read(path: string): NamedRoots {
  try {
    const { projects } = readJsonObject(path) ?? {};
    if (!isRecord(projects)) return {};
    const entries = Object.entries(projects).filter((entry): entry is [string, string[]] => Array.isArray(entry[1]));
    return Object.fromEntries(entries);
  } catch (error) {
    // one that cannot be read counts as none: then a root has to be named again
    if (error instanceof CivikitError) return {};
    throw error;
  }
}

/** Tells whether `root` was named for the project in `folder` before. */
export function wasNamed(path: string, folder: string, root: string): boolean {
  return read(path)[realFolder(folder)]?.includes(root) ?? false;
}

/** Keeps in mind that `root` was named for the project in `folder`; where that cannot be written it is forgotten. */
export function rememberRoot(path: string, folder: string, root: string): void {
  const projects = read(path);
  const project = realFolder(folder);
  const roots = projects[project] ?? [];
  if (roots.includes(root)) return;
  try {
    writeWhole(path, prettyJson({ version: 1, projects: { ...projects, [project]: [...roots, root] } }));
  } catch (error) {
    if (!(error instanceof CivikitError)) throw error;
  }
}
