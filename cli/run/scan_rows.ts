import type { LibraryFile, PresumedFile, PresumeReport, ScanReport } from "../../api/mod.ts";

/** A file as a scan shows it: its hash is there, or what it is taken for. */
export type ScanRow = LibraryFile | PresumedFile;

/**
 * What is known of a file. `presumed`: it fits one file of the site, and nobody has hashed it. `ambiguous`: it fits several.
 * `unproved`: it fits none, and only the whole hash tells.
 */
export type ScanState = "known" | "presumed" | "ambiguous" | "unproved" | "unknown" | "unasked";

const isPresumed = (row: ScanRow): row is PresumedFile => "isAsked" in row;

/** What is known of it. */
export function stateOf(row: ScanRow): ScanState {
  if (!isPresumed(row)) return row.identity === undefined ? "unasked" : row.identity === null ? "unknown" : "known";
  if (row.identity !== null) return "presumed";
  return row.candidates.length > 0 ? "ambiguous" : row.isAsked ? "unproved" : "unasked";
}

/** Everything a scan found, by path. */
export function rowsOf(report: ScanReport | PresumeReport): ScanRow[] {
  const rows = [...report.files, ..."presumed" in report ? report.presumed : []];
  return rows.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Its line of JSON: a SHA-256 that was computed is `sha256`, one that is only presumed `presumedSha256`. */
export function rowEvent(row: ScanRow): object {
  const { path, bytes, identity } = row;
  const state = stateOf(row);
  if (!isPresumed(row)) {
    return { event: "file", path, bytes, sha256: row.sha256, state, proof: "proved", ...identity };
  }
  const { sha256: presumedSha256, by, candidates, told } = row;
  const proof = identity === null ? "none" : "presumed";
  return {
    ...{ event: "file", path, bytes, sha256: null, state, proof, presumedSha256, by },
    ...(candidates.length > 0 && { candidates }),
    ...{ told, ...identity },
  };
}

/** What an unproved file tells of itself, in words; empty where it says nothing. */
export function toldBy(row: ScanRow): string {
  return isPresumed(row) ? [row.told.title, row.told.base].filter((word) => word !== null).join(", ") : "";
}

/** The files it may be, where it fits more than one. */
export function candidatesOf(row: ScanRow): readonly string[] {
  if (!isPresumed(row)) return [];
  return row.candidates.map(({ modelName, versionName, versionId }) => `${modelName} ${versionName} (${versionId})`);
}
