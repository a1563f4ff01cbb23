import { dirname } from "node:path";
import { addJobs } from "./add_jobs.ts";
import type { ShownRow } from "./library/mod.ts";
import type { Parts } from "./parts.ts";

/** What becomes of a file that has a newer version. */
export type OldChoice = "keep" | "trash" | "replace";

/** Every {@linkcode OldChoice}. */
export const oldChoices: readonly OldChoice[] = ["keep", "trash", "replace"];

/**
 * Gets the newer versions of files: beside them, through the queue, each to where the older one is, one step for a folder;
 * or in their place, as the library's own task.
 *
 * @returns How many; null: something else is under way.
 * @throws {InputError} When they may not go there.
 */
export async function queueNewer(
  parts: Pick<Parts, "api" | "queue" | "roots" | "library">,
  rows: readonly ShownRow[],
  old: OldChoice,
): Promise<number | null> {
  const outdated = rows.filter(({ newer }) => newer !== null);
  if (outdated.length === 0) return 0;
  if (old !== "keep") return parts.library!.update(outdated.map(({ id }) => id), old) ? outdated.length : null;
  for (const [dir, there] of Map.groupBy(outdated, ({ path }) => dirname(path))) {
    await addJobs(parts, there.map(({ newer }) => `version:${newer!.versionId}`), { dir });
  }
  return outdated.length;
}
