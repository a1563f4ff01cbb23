import { createHash } from "node:crypto";
import type { Identity } from "../../api/mod.ts";
import type { VersionStanding, VersionSummary } from "../../api/mod.ts";

/**
 * What is known of a file: nothing was computed yet, the site was not asked, does not know it, or does. `presumed`: by its
 * size and a sample it is what `identity` says, and nobody has read the whole of it. `ambiguous`: so it may be several.
 */
export type RowState = "unhashed" | "presumed" | "ambiguous" | "unasked" | "unknown" | "known";

/** One model file. */
export interface LibraryRow {
  /** Names it in addresses: made of its path. */
  readonly id: string;
  /** Its full path. */
  readonly path: string;
  /** Its path below the folder that was looked through. */
  readonly name: string;
  /** Size in bytes. */
  readonly bytes: number;
  /** Last change, in milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** What is known of it. */
  readonly state: RowState;
  /** Its SHA-256, upper case; null while it was not hashed. */
  readonly sha256: string | null;
  /** When that was computed over the whole file, in milliseconds since the epoch; null while unknown. */
  readonly provedMs: number | null;
  /** What it is on the site, or is presumed to be. */
  readonly identity: Identity | null;
  /** What is wrong with it; null: nothing that could be told. */
  readonly problem: string | null;
}

/** What a list can be narrowed to. */
export type LibraryFilter =
  | "all"
  | "known"
  | "presumed"
  | "unknown"
  | "unhashed"
  | "duplicate"
  | "damaged"
  | "update"
  | "waiting";

/** Every {@linkcode LibraryFilter}. */
export const libraryFilters: readonly LibraryFilter[] = [
  "all",
  "known",
  "presumed",
  "unknown",
  "unhashed",
  "duplicate",
  "damaged",
  "update",
  "waiting",
];

/** A row with what the whole library tells about it. */
export interface ShownRow extends LibraryRow {
  /** How many other files are the same, byte for byte. */
  readonly twins: number;
  /** A newer version for a base model that is there; null: none that is known of. */
  readonly newer: VersionSummary | null;
  /** The newest of its newer versions when none is to be had: sold yet, for another base model, or a rule passes over it. */
  readonly waiting: VersionStanding | null;
  /** Since when the site is known to have it no more, in milliseconds since the epoch; null: it has, as far as is known. */
  readonly goneMs: number | null;
}

/** Names a file in addresses, where a path has no business. */
export const rowId = (path: string): string => createHash("sha256").update(path).digest("hex").slice(0, 16);
