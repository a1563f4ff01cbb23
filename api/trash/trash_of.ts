import { existsSync } from "node:fs";
import { openTrash } from "./open_trash.ts";

/**
 * What puts an old file into the trash of the folders it lies in; `why` is for whoever looks into it. Where it is away
 * already, what a killed run left beside it follows.
 */
export function trashOf(
  roots: readonly string[],
  why = "updated",
): (path: string, sha256: string) => Promise<unknown> {
  const trash = openTrash(roots);
  return (path, sha256) => existsSync(path) ? trash.put(path, { why, sha256 }) : trash.settle();
}
