import { linkSync, readdirSync, renameSync, rmSync, type Stats, symlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { ensureFolder, errnoOf, isSameHash, renameDurably, wrapDiskError } from "../../transport/internal.ts";
import { type CivikitError, digestFile, DiskError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { copyAcross, setLinkTime, wayName } from "./copy_across.ts";
import { isMeant, lookAt, type MoveStep, realPlace } from "./entry.ts";

/** What became of one step. `placed`: it has its new name, and loses the old one by `release`. */
export type Placed =
  | { readonly state: "placed"; release(): void }
  | { readonly state: "moved" }
  | { readonly state: "refused"; readonly error: CivikitError };

/** How one entry is placed. */
export interface PlaceOptions extends CallOptions {
  /** Tells the unfinished copies of this step from those of others. */
  readonly tag: string;
  /** When an earlier attempt began, whose remains are cleared away; undefined: there was none. */
  readonly resumedMs?: number | undefined;
  /** The time a copy on another disk got, where an earlier attempt made one; undefined: none did. */
  readonly copiedMs?: number | undefined;
  /** The time the file is to have at its new place. Default: the one it has. */
  readonly timeMs?: number | undefined;
  /** The new name of a file on another disk that is the same one, by `device:inode` of the old. */
  readonly twin?: ((inode: string) => string | undefined) | undefined;
  /** Called when a copy is whole and proved, before it gets its name. */
  readonly onCopied?: ((copy: { readonly inode: string; readonly mtimeMs: number }) => void) | undefined;
}

const moved: Placed = { state: "moved" };
const mostOdd: ReadonlySet<string> = new Set(["EXDEV"]);

function refusal(step: MoveStep, state: string, code: "part_mismatch" | "target_exists" | "folder_missing"): Placed {
  const { from, to } = step;
  const [path, reason] = code === "target_exists"
    ? [to, undefined] as const
    : [from, code === "part_mismatch" ? "file_changed" : "file_missing"] as const;
  return {
    state: "refused",
    error: new DiskError(`moving ${JSON.stringify(from)} to ${JSON.stringify(to)}: ${state}`, { code, reason, path }),
  };
}

/**
 * Gives one file or link its new name beside the old one, so that whoever is killed at any moment leaves it under at least
 * one of them; the old name goes by `release`. Nothing is ever overwritten, also not what appears at this moment. What an
 * earlier attempt did is recognised and gone on with.
 *
 * @throws The signal's reason when it aborts; everything else is a refusal of this one step.
 */
export async function placeEntry(step: MoveStep, options: PlaceOptions): Promise<Placed> {
  try {
    return await place(step, options);
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    return { state: "refused", error: wrapDiskError(error, step.to, "moving to") };
  }
}

async function place(step: MoveStep, options: PlaceOptions): Promise<Placed> {
  const { from, to, link } = step;
  const temporary = wayName(to, options.tag);
  // also of a copy that went the other way
  for (const left of options.resumedMs === undefined ? [] : [temporary, wayName(from, options.tag)]) {
    rmSync(left, { force: true });
  }
  if (from === to) return retarget(step, temporary);
  const source = lookAt(from);
  let target = lookAt(to);
  const { timeMs = step.mtimeMs, copiedMs } = options;
  const isThere = isMeant(to, target, { ...step, mtimeMs: copiedMs ?? timeMs }, "after");
  if (!isMeant(from, source, step, "before")) {
    if (isThere) return moved;
    return source === undefined
      ? refusal(step, "it is no longer there", "folder_missing")
      : refusal(step, "it was changed since", "part_mismatch");
  }
  const release = releaser(step, source!);
  if (target !== undefined && isClaim(target, step, options.resumedMs)) {
    rmSync(to);
    target = undefined;
  }
  if (target !== undefined) {
    if (target.ino === source!.ino && target.dev === source!.dev && target.ino !== 0) {
      return sameEntry(step, source!, release);
    }
    const isOurs = link !== undefined ? isThere : isThere && copiedMs !== undefined && await isAlike(from, to);
    return isOurs ? { state: "placed", release } : refusal(step, "another file has that name", "target_exists");
  }
  ensureFolder(dirname(to));
  if (link !== undefined) {
    symlinkSync(link.after, to);
    setLinkTime(to, step.mtimeMs);
    return { state: "placed", release };
  }
  return await placeFile(step, source!, { ...options, timeMs, temporary, release });
}

/** Where a file system knows no links, an empty file keeps the name for a moment: one that an earlier attempt left. */
function isClaim(target: Stats, { bytes }: MoveStep, resumedMs: number | undefined): boolean {
  return resumedMs !== undefined && target.isFile() && target.size === 0 && bytes > 0 && target.mtimeMs >= resumedMs;
}

/** A link that stays where it is, and leads elsewhere. */
function retarget(step: MoveStep, temporary: string): Placed {
  const { from, link } = step;
  const found = lookAt(from);
  if (isMeant(from, found, step, "after")) return moved;
  if (!isMeant(from, found, step, "before")) return refusal(step, "it was changed since", "part_mismatch");
  rmSync(temporary, { force: true });
  symlinkSync(link!.after, temporary);
  setLinkTime(temporary, step.mtimeMs);
  renameSync(temporary, from);
  return moved;
}

/** One file under both names: half of the step was done, or a disk that does not tell upper from lower case. */
function sameEntry(step: MoveStep, { nlink }: Stats, release: () => void): Placed {
  const { from, to } = step;
  const [one, other] = [realPlace(from), realPlace(to)];
  const isOneFolder = dirname(one) === dirname(other);
  const names = isOneFolder ? readdirSync(dirname(from)) : [];
  const isTwo = nlink > 1 &&
    (isOneFolder
      ? basename(one) !== basename(other) && names.includes(basename(from)) && names.includes(basename(to))
      : true);
  if (isTwo) return { state: "placed", release };
  if (basename(one) !== basename(other)) renameSync(from, to);
  return moved;
}

async function isAlike(one: string, other: string): Promise<boolean> {
  const [{ SHA256: these }, { SHA256: those }] = [
    await digestFile(one, ["SHA256"]),
    await digestFile(other, ["SHA256"]),
  ];
  return isSameHash("SHA256", these!, those!);
}

/** Takes the old name away, if it still is what was placed. */
function releaser(step: MoveStep, { dev, ino }: Stats): () => void {
  return () => {
    const { from } = step;
    const found = lookAt(from);
    if (found === undefined) return;
    if (found.dev !== dev || found.ino !== ino || !isMeant(from, found, step, "before")) {
      throw new DiskError(`moving ${JSON.stringify(from)}: it was changed meanwhile; both files were left`, {
        code: "part_mismatch",
        reason: "file_changed",
        path: from,
      });
    }
    rmSync(from);
  };
}

async function placeFile(
  step: MoveStep,
  source: Stats,
  { temporary, release, timeMs, signal, twin, onCopied }: PlaceOptions & {
    readonly temporary: string;
    readonly timeMs: number;
    release(): void;
  },
): Promise<Placed> {
  const { from, to } = step;
  try {
    linkSync(from, to);
    return { state: "placed", release };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EEXIST") return refusal(step, "another file has that name", "target_exists");
    if (!mostOdd.has(errno)) {
      try {
        // a file system without links, or a file of somebody else's
        renameDurably(from, to);
        return moved;
      } catch (second) {
        if (!(second instanceof DiskError) || !mostOdd.has(errnoOf(second.cause))) throw second;
      }
    }
  }
  const inode = `${source.dev}:${source.ino}`;
  const other = twin?.(inode);
  if (other !== undefined) {
    try {
      linkSync(other, to);
      return { state: "placed", release };
    } catch {
      // then it is a copy of its own
    }
  }
  await copyAcross(from, temporary, timeMs, { signal });
  onCopied?.({ inode, mtimeMs: Math.floor(lookAt(temporary)!.mtimeMs) });
  renameDurably(temporary, to);
  return { state: "placed", release };
}
