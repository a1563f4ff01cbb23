/** What is there of a model. */
export interface Owned {
  /** The model; what belongs to none that is known is passed over. */
  modelId: number | null;
  /** The version. */
  versionId: number;
  /** SHA-256 of the file, where known: a version that has nothing but such files is no update. */
  sha256?: string | null | undefined;
}

/** The SHA-256 that are known, upper case. */
export function hashesOf(owned: Iterable<Owned>): Set<string> {
  return new Set([...owned].flatMap(({ sha256 }) => sha256?.toUpperCase() ?? []));
}
