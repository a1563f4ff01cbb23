import type { ApartFile, Project, Stay } from "../../api/mod.ts";
import type { ProjectEntry } from "./project_view.ts";

/** What is under way in a project. */
export interface ProjectTask {
  /** What it is. */
  readonly kind: "check" | "install" | "update" | "adopt";
  /** Files that have ended; while adopting, how far it is of `total`. */
  readonly done: number;
  /** Files there are to fetch; 0 while that is not known. */
  readonly total: number;
}

/** What could not be done, and of what. */
export interface ProjectTrouble {
  /** The entry or file; empty for the whole. */
  readonly subject: string;
  /** Why. */
  readonly error: Error;
}

/** A newer version of an entry. */
export interface NewerVersion {
  /** Its id. */
  readonly versionId: number;
  /** Its name. */
  readonly name: string;
  /** Why an update leaves the entry where it is; null: it moves. */
  readonly stays: Stay["reason"] | null;
}

/** What the last task did. */
export interface ProjectOutcome {
  /** What it was. */
  readonly kind: ProjectTask["kind"];
  /** Files that were fetched. */
  readonly fetched: number;
  /** Entries that moved to a newer version. */
  readonly moved: number;
  /** Files of earlier installs that were taken away. */
  readonly removed: number;
  /** What could not be done. */
  readonly troubles: readonly ProjectTrouble[];
}

/** What an adoption found. */
export interface Adoption {
  /** Whether nothing was written. */
  readonly isDry: boolean;
  /** Files that are the project's now, or would be. */
  readonly adopted: readonly AdoptedShown[];
  /** How many the lock file had before. */
  readonly there: number;
  /** Files that are no part of the project, and why. */
  readonly apart: readonly Pick<ApartFile, "path" | "bytes" | "sha256" | "reason" | "candidates" | "problem">[];
}

/** A file that was adopted. */
export interface AdoptedShown {
  /** Its path below the root. */
  readonly path: string;
  /** The model's name. */
  readonly model: string;
  /** The version's name. */
  readonly version: string;
  /** The version. */
  readonly versionId: number | null;
  /** `presumed` while nobody has hashed it. */
  readonly proof: "proved" | "presumed";
}

/** A project as the pages see it. One thing at a time is under way. */
export interface ProjectPort extends AsyncDisposable {
  /** Its folder. */
  readonly folder: string;
  /** What is under way; null: nothing. */
  readonly task: ProjectTask | null;
  /** How the last task ended; null: there was none. */
  readonly outcome: ProjectOutcome | null;
  /** Newer versions by the entry's key, as of the last check; null: nobody has looked. */
  readonly newer: ReadonlyMap<string, NewerVersion> | null;
  /**
   * Reads manifest and lock file and looks at the disk.
   *
   * @throws {CivikitError} When one of them cannot be read or meant.
   */
  look(): { readonly project: Project; readonly entries: readonly ProjectEntry[] };
  /**
   * Writes a model into manifest and lock file; the files come with the next install.
   *
   * @param file Which file of the version, by id. Default: the main one.
   * @returns The manifest's entry, and whether it was there before.
   * @throws {CivikitError} When it cannot be had, or someone else changes the project.
   */
  add(reference: string, file?: string | undefined): Promise<{ readonly air: string; readonly wasThere: boolean }>;
  /** What the last adoption found; null: there was none. */
  readonly adoption: Adoption | null;
  /** What the last adoption of any process left apart below the root. */
  apart(): readonly ApartFile[];
  /**
   * Makes the files below the root the project's that are there already; none is moved or changed.
   *
   * @param options `isDry`: only look; nothing is hashed or written. `isQuick`: do not wait for hashes.
   * @returns False: something else is under way.
   */
  adopt(options: { readonly isDry: boolean; readonly isQuick: boolean }): boolean;
  /** Fetches what is missing. @returns False: something else is under way. */
  install(): boolean;
  /** Looks for newer versions. @returns False: something else is under way. */
  check(): boolean;
  /** Moves entries to newer versions, pinned ones only with `latest`, and installs. @returns False: see above. */
  update(latest: boolean): boolean;
  /** Stops what is under way and waits for it. */
  close(): Promise<void>;
}
