import { isAbsolute, relative, sep } from "node:path";

/** Whether `path` is `folder` or lies below it; both absolute, links not followed. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Those of `folders` that lie in no other of them; all absolute, none twice. */
export function outermost(folders: readonly string[]): readonly string[] {
  return folders.filter((folder) => !folders.some((other) => other !== folder && isInside(other, folder)));
}
