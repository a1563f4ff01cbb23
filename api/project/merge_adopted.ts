import { join } from "node:path";
import { isOneEntry } from "../disk/on_disk.ts";
import { parseAir } from "../references/air.ts";
import { InputError } from "../../transport/mod.ts";
import type { AdoptedEntry } from "./adopted_entry.ts";
import type { Lock, LockedFile } from "./lock.ts";
import { type Manifest, type Wanted, wantedKey } from "./manifest.ts";

/** A file that is there, and its entry where it is known. */
export interface Candidate {
  /** Its path below the root. */
  readonly name: string;
  /** Its size. */
  readonly bytes: number;
  /** Its SHA-256, or the one it is presumed to have; null while nothing is known. */
  readonly sha256: string | null;
  /** Whether the whole of it was hashed. */
  readonly isProved: boolean;
  /** What it becomes; undefined where it is not known. */
  readonly entry?: AdoptedEntry | undefined;
}

/** What becomes of a file. */
export type MergeState =
  | { readonly kind: "adopted"; readonly locked: LockedFile; readonly wanted: Wanted }
  | { readonly kind: "there" | "proved"; readonly locked: LockedFile }
  | { readonly kind: "apart"; readonly reason: "taken" | "same_name" | undefined };

/** Manifest and lock file with what was adopted. */
export interface Merged {
  readonly manifest: Manifest;
  readonly lock: Lock;
  /** What became of each candidate, in their order. */
  readonly states: readonly MergeState[];
  /** Locked files that were presumed to be something they are not; they are no longer locked. */
  readonly corrected: readonly LockedFile[];
}

/** Which version and which file an entry means; undefined for what cannot be read. */
function meantBy({ air, file, all, baseModel }: Wanted) {
  try {
    const { modelId, versionId, fileId } = parseAir(air);
    if (baseModel !== undefined) return undefined;
    return { modelId, versionId, file: file ?? fileId, all: all === true };
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Entries that want something and have no file yet: the first that means a file takes it. */
function openEntries(manifest: Manifest, lock: Lock) {
  const locked = new Set(lock.files.map(({ wanted }) => wanted));
  const byModel = new Map<number, { wanted: Wanted; meant: NonNullable<ReturnType<typeof meantBy>> }[]>();
  for (const wanted of manifest.models) {
    const meant = locked.has(wantedKey(wanted)) ? undefined : meantBy(wanted);
    if (meant === undefined) continue;
    byModel.set(meant.modelId, [...byModel.get(meant.modelId) ?? [], { wanted, meant }]);
  }
  return ({ locked: { modelId, versionId, fileId }, isMain, identity }: AdoptedEntry): Wanted | undefined => {
    const open = byModel.get(modelId ?? 0) ?? [];
    const at = open.findIndex(({ meant: { versionId: version, file, all } }) => {
      if (version !== undefined && version !== versionId) return false;
      return all || (file === undefined ? isMain : String(file) === String(fileId) || file === identity.fileName);
    });
    const [found] = at < 0 ? [] : open[at]!.meant.all ? [open[at]] : open.splice(at, 1);
    return found?.wanted;
  };
}

/**
 * Puts what is there into manifest and lock file. What they have stays as it is; only what was presumed and is another file
 * gives way, and its entry with it.
 */
export function mergeAdopted(
  { manifest, lock, root }: { readonly manifest: Manifest; readonly lock: Lock; readonly root: string },
  candidates: readonly Candidate[],
): Merged {
  const byPlace = new Map(lock.files.map((file) => [file.path.toLowerCase(), file]));
  const models = new Map(manifest.models.map((one) => [wantedKey(one), one]));
  const entryFor = openEntries(manifest, lock);
  const corrected: LockedFile[] = [];

  /** What is locked at the very place; undefined when nothing is, or no longer. */
  function before({ name, sha256, bytes, isProved, entry }: Candidate): MergeState | undefined {
    const file = byPlace.get(name.toLowerCase());
    if (file === undefined) return undefined;
    // a disk may not tell the two from each other
    if (file.path !== name && !isOneEntry(join(root, file.path), join(root, name))) {
      return { kind: "apart", reason: "same_name" };
    }
    const isSame = sha256 === null
      ? file.bytes === null || file.bytes === bytes
      : file.sha256 === null
      ? entry?.locked.fileId === file.fileId
      : file.sha256 === sha256;
    if (!isSame && file.presumed === true && isProved) {
      corrected.push(file);
      byPlace.delete(name.toLowerCase());
      return undefined;
    }
    if (!isSame) return { kind: "apart", reason: "taken" };
    if (file.presumed !== true || !isProved) return { kind: "there", locked: file };
    const { presumed: _, ...proved } = file;
    byPlace.set(name.toLowerCase(), proved);
    return { kind: "proved", locked: proved };
  }

  const states = candidates.map((candidate): MergeState => {
    const known = before(candidate);
    if (known !== undefined) return known;
    const { entry, name } = candidate;
    if (entry === undefined) return { kind: "apart", reason: undefined };
    const wanted = entryFor(entry) ?? models.get(wantedKey(entry.wanted)) ?? entry.wanted;
    const key = wantedKey(wanted);
    models.set(key, models.get(key) ?? wanted);
    const locked = { ...entry.locked, wanted: key };
    byPlace.set(name.toLowerCase(), locked);
    return { kind: "adopted", locked, wanted };
  });
  const files = [...byPlace.values()];
  const keys = new Set(files.map(({ wanted }) => wanted));
  for (const { wanted } of corrected) if (!keys.has(wanted)) models.delete(wanted);
  return { manifest: { ...manifest, models: [...models.values()] }, lock: { ...lock, files }, states, corrected };
}
