import { openTrash } from "../../api/mod.ts";

/** What puts an old file into the trash of the folders it lies in; `why` is for whoever looks into it. */
export function trashOf(
  roots: readonly string[],
  why = "updated",
): (path: string, sha256: string) => Promise<unknown> {
  const trash = openTrash(roots);
  return (path, sha256) => trash.put(path, { why, sha256 });
}
