import { statSync } from "node:fs";
import { join } from "node:path";
import type { HashCache, LockedFile, Project, Wanted } from "../../api/mod.ts";
import { wantedKey } from "../../api/project/manifest.ts";

/**
 * What is at a locked place: the very file, one of its size that nobody has hashed, one that is only presumed to be it,
 * another one, or none.
 */
export type DiskMark = "there" | "unproved" | "presumed" | "other" | "missing";

/** A locked file, and what is at its place. */
export interface ProjectFile {
  /** As it is locked. */
  readonly locked: LockedFile;
  /** What is there. */
  readonly disk: DiskMark;
}

/** An entry of the manifest with what is locked for it; or files that are locked for none. */
export interface ProjectEntry {
  /** The entry; null for files that no entry wants any more. */
  readonly wanted: Wanted | null;
  /** What it is called in the lock file. */
  readonly key: string;
  /** Its files; none: it is not locked yet. */
  readonly files: readonly ProjectFile[];
}

/** Looks at a place without reading the file: what was hashed since it changed is known, of others the size tells. */
function diskMark(path: string, { sha256, bytes, presumed }: LockedFile, hashes: HashCache): DiskMark {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return "missing";
  if (bytes !== null && found.size !== bytes) return "other";
  const record = hashes.find({ path, bytes: found.size, mtimeMs: Math.trunc(found.mtimeMs) });
  if (record === undefined || sha256 === null) return presumed === true ? "presumed" : "unproved";
  return record.sha256 === sha256 ? "there" : "other";
}

/** Manifest, lock file and disk, entry by entry. */
export function projectEntries({ manifest, lock, root }: Project, hashes: HashCache): ProjectEntry[] {
  const files = Map.groupBy(
    lock.files.map((locked): ProjectFile => ({ locked, disk: diskMark(join(root, locked.path), locked, hashes) })),
    ({ locked }) => locked.wanted,
  );
  const wanted = manifest.models.map((one): ProjectEntry => {
    const key = wantedKey(one);
    return { wanted: one, key, files: files.get(key) ?? [] };
  });
  const keys = new Set(wanted.map(({ key }) => key));
  const left = [...files].filter(([key]) => !keys.has(key));
  return [...wanted, ...left.map(([key, files]): ProjectEntry => ({ wanted: null, key, files }))];
}
