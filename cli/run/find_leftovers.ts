import { lstatSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { lockPart, peekJournal, readPlainText, wrapDiskError } from "../../transport/internal.ts";
import { isCode } from "../../transport/mod.ts";

/** What is left of a download, of a file that was being written, or of a database that was damaged. */
export interface Leftover {
  /** What it is. */
  readonly kind: "part" | "journal" | "old" | "quarantine" | "corrupt" | "draft";
  /** The file. */
  readonly path: string;
  /** What belongs to it and goes with it. */
  readonly beside: readonly string[];
  /** Bytes of all of them. */
  readonly bytes: number;
}

const sizeOf = (path: string): number | undefined => {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : undefined;
};

/** Whether the file is a report about bytes that failed their verification. */
function isReport(path: string): boolean {
  try {
    const report: unknown = JSON.parse(readPlainText(path));
    return typeof report === "object" && report !== null && "wanted" in report;
  } catch {
    return false;
  }
}

/** Files that are written beside their place first: what belongs to a model, and a project's own. */
const draftName = /(?:\.civitai\.info|\.civikit\.json|(?:^|[\\/])civikit\.(?:models|lock)\.json)\.tmp$/;
/** Writing one takes milliseconds. */
const draftMs = 60_000;

function isAbandonedDraft(path: string): boolean {
  if (!draftName.test(path)) return false;
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > draftMs;
}

/** What the file at `path` is, if it is ours for certain: other programs have files that end in `.part`, too. */
function leftoverAt(path: string): Leftover | undefined {
  const bytes = sizeOf(path);
  if (bytes === undefined) return undefined;
  const alone = (kind: Leftover["kind"], beside: readonly string[] = []) => ({
    kind,
    path,
    beside,
    bytes: beside.reduce((sum, other) => sum + (sizeOf(other) ?? 0), bytes),
  });
  const isJournal = (file: string) => typeof peekJournal(file) === "object";
  if (path.endsWith(".part")) return isJournal(`${path}.json`) ? alone("part", [`${path}.json`]) : undefined;
  if (path.endsWith(".part.json")) {
    return sizeOf(path.slice(0, -".json".length)) === undefined && isJournal(path) ? alone("journal") : undefined;
  }
  if (/\.part\.old(?:[.-]\d+)?$/.test(path)) return alone("old");
  if (path.endsWith(".quarantine")) return isReport(`${path}.json`) ? alone("quarantine", [`${path}.json`]) : undefined;
  if (isAbandonedDraft(path)) return alone("draft");
  return /\.sqlite(?:-wal)?\.corrupt-\d{8}T\d+Z/.test(path) ? alone("corrupt") : undefined;
}

/** Every leftover in `folder` and, with `isDeep`, below it; no link is followed. A folder that is not there has none. */
export function* findLeftovers(folder: string, isDeep: boolean): Generator<Leftover, void, undefined> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const wrapped = wrapDiskError(error, folder, "looking into");
    if (wrapped.code === "folder_missing") return;
    throw wrapped;
  }
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && isDeep) yield* findLeftovers(path, isDeep);
    const found = entry.isFile() ? leftoverAt(path) : undefined;
    if (found !== undefined) yield found;
  }
}

/**
 * Takes a leftover away, unless `isDry`; false when a living process is at work on it.
 *
 * @throws {DiskError} When the disk refuses.
 */
export function removeLeftover({ kind, path, beside }: Leftover, isDry: boolean): boolean {
  try {
    // whoever downloads holds this lock; for a journal alone, too, a download may just begin
    const partPath = kind === "part" ? path : undefined;
    using _lock = partPath === undefined ? undefined : lockPart(partPath, join(dirname(path), partPath.slice(0, -5)));
    if (!isDry) { for (const file of [path, ...beside]) rmSync(file, { force: true }); }
    return true;
  } catch (error) {
    if (isCode(error, "target_locked")) return false;
    throw wrapDiskError(error, path, "removing");
  }
}
