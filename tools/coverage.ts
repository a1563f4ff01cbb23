// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno coverage` of the last test run. Tests kill processes, and one that dies while it writes its profile leaves half a
 * file, or an empty one, at which `deno coverage` gives up: such files are removed first.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Tells whether a profile was written to its end: one JSON object. */
function isWhole(path: string): boolean {
  using file = Deno.openSync(path);
  const { size } = file.statSync();
  if (size < 2) return false;
  const last = new Uint8Array(1);
  file.seekSync(size - 1, Deno.SeekMode.Start);
  return file.readSync(last) === 1 && last[0] === "}".charCodeAt(0);
}

/** Removes the profiles in `folder` that were not written to their end, and says how many these were. */
export function removeCutProfiles(folder: string): number {
  let removed = 0;
  for (const { name } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (!name.endsWith(".json") || isWhole(path)) continue;
    Deno.removeSync(path);
    removed++;
  }
  return removed;
}

if (import.meta.main) {
  const folder = join(ROOT, ".tmp", "coverage");
  const removed = removeCutProfiles(folder);
  if (removed > 0) console.log(`coverage: ${removed} profiles of killed processes left out`);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "coverage",
      "--quiet",
      ...["tests", "tools", "examples", ".tmp"].map((name) => `--exclude=${ROOT}${name}/`),
      folder,
    ],
    cwd: ROOT,
    stdin: "null",
  }).spawn().status;
  Deno.exit(code);
}
