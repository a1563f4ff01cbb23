import { lstatSync, readlinkSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";

/** One file, or one link, on its way from a place to another; what it is besides tells it from any other file. */
export interface MoveStep {
  /** Where it is. */
  readonly from: string;
  /** Where it goes. The same as `from`: a link that stays and leads elsewhere. */
  readonly to: string;
  /** Size in bytes; 0 for a link. */
  readonly bytes: number;
  /** Last change in milliseconds since the epoch; of a link, its own. */
  readonly mtimeMs: number;
  /** Of a link: what it says before and after. */
  readonly link?: { readonly before: string; readonly after: string } | undefined;
}

/** What is at `path` itself, links not followed; undefined where nothing is. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as { code?: string }).code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** What a step says of the entry at `path`; undefined for what is neither a file nor a link. */
export function stampOf(path: string): Pick<MoveStep, "bytes" | "mtimeMs"> & { text?: string } | undefined {
  const found = lookAt(path);
  const mtimeMs = Math.floor(found?.mtimeMs ?? 0);
  if (found?.isFile()) return { bytes: found.size, mtimeMs };
  return found?.isSymbolicLink() ? { bytes: 0, mtimeMs, text: readlinkSync(path) } : undefined;
}

/** Whether what was found at `path` is what the step is about, before or after it. */
export function isMeant(path: string, found: Stats | undefined, step: MoveStep, side: "before" | "after"): boolean {
  if (found === undefined) return false;
  if (step.link !== undefined) return found.isSymbolicLink() && readlinkSync(path) === step.link[side];
  return found.isFile() && found.size === step.bytes && Math.floor(found.mtimeMs) === step.mtimeMs;
}

/** A path whose folders are no links: two names of one place come out alike. */
export function realPlace(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}
