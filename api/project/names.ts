import { safeFileName } from "../../transport/mod.ts";

/** Name of the manifest. */
export const manifestName = "civikit.models.json";

/** Name of the lock file. */
export const lockName = "civikit.lock.json";

/** Folder of what concerns one machine only. */
export const stateFolder = ".civikit";

const longestSegment = 255;

/**
 * Tells whether `path` may be a model's: below the root, with `/` between names that every system can hold, none of them
 * hidden, invisible in part, or one that this package keeps for itself.
 */
export function isInnerPath(path: string): boolean {
  const segments = path.split("/");
  const [first = ""] = segments;
  const isOwn = [manifestName, lockName].some((name) => first.toLowerCase().startsWith(name));
  return !isOwn && segments.every((name) => safeFileName(name, { maxBytes: longestSegment }) === name);
}
