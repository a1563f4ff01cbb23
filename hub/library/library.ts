import type { HashCache, ModelFacts, PresumeLookup, ScanProgress, UpdateRules } from "../../api/mod.ts";
import type { ModelLookup } from "../../api/library/ask_models.ts";
import type { CivikitError, Clock, Throttle } from "../../transport/mod.ts";
import type { ModelOnDisk } from "../run/add_sidecars.ts";
import type { LibraryFilter, ShownRow } from "./library_row.ts";
import type { Proving } from "./prover.ts";
import type { UpdateTools } from "./update_tools.ts";

/** What a library is made of. */
export interface LibraryOptions {
  /** The folders it lies in, absolute; asked at each look, as settings change. */
  folders(): readonly string[];
  /** Hashes and identities of earlier runs. */
  readonly hashes: HashCache;
  /** Whom to ask what a file is. */
  readonly api: PresumeLookup & ModelLookup;
  /** Writes what other programs read beside models. Default: nobody does. */
  readonly write?:
    | ((
      files: readonly ModelOnDisk[],
      signal: AbortSignal,
    ) => AsyncIterable<{ readonly error?: CivikitError | undefined }>)
    | undefined;
  /** Puts newer versions in the place of files. Default: nobody does. */
  readonly updating?: UpdateTools | undefined;
  /** What is no update, and what is one besides; asked at each check, as settings change. Default: no rules. */
  readonly rules?: (() => UpdateRules) | undefined;
  /** Bounds how fast files are read to be hashed; asked at each task, as settings change. Default: nothing does. */
  readonly throttle?: (() => Throttle | undefined) | undefined;
  /** Told when anything has changed. */
  readonly onChange?: (() => void) | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
}

/** What is under way: one thing at a time. */
export interface LibraryTask {
  /** What. */
  readonly kind: "scan" | "quick" | "verify" | "updates" | "update" | "sidecars";
  /** What it is at. */
  readonly phase: ScanProgress["phase"] | "reading" | "writing";
  /** How far. */
  readonly done: number;
  /** Of how much. */
  readonly total: number;
}

/** Which rows are listed. */
export interface ListRows {
  /** Default `all`. */
  readonly filter?: LibraryFilter | undefined;
  /** What file, model, version or base model have to contain; case does not matter. */
  readonly text?: string | undefined;
  /** Only models made for this. */
  readonly base?: string | undefined;
  /** How many rows to pass over. Default 0. */
  readonly offset?: number | undefined;
  /** Rows at most, 1 to 500. Default 100. */
  readonly limit?: number | undefined;
}

/** A part of the library. */
export interface LibraryPage {
  /** The rows, by name. */
  readonly rows: readonly ShownRow[];
  /** How many there are of the kind. */
  readonly total: number;
}

/** What lies in the model folders, as it was last seen. */
export interface Library {
  /** When it was last looked at, in milliseconds since the epoch; null: not yet. */
  readonly seenMs: number | null;
  /** What is under way; null: nothing. */
  readonly task: LibraryTask | null;
  /** How far the proving of what is presumed is, which goes on beside everything else; null: nothing to prove. */
  readonly proving: Proving | null;
  /** What went wrong with the last task, else the last look, in words; null: nothing. */
  readonly trouble: string | null;
  /** Looks which files are there, beside everything else. Nothing is hashed, nobody is asked. */
  look(): Promise<void>;
  /** Takes up one file that has just come. */
  note(path: string): void;
  /** Hashes what is new and asks what it is. @returns False: something else is under way. */
  scan(): boolean;
  /**
   * Says at once what new files are presumed to be, and proves it afterwards, while nothing else is under way; the proving
   * goes on after a restart, too.
   *
   * @returns False: something else is under way.
   */
  quick(): boolean;
  /** Hashes files again and compares. @returns False: something else is under way. */
  verify(ids: readonly string[]): boolean;
  /** Writes sidecars for those that are known. @returns False: something else is under way, or nobody can. */
  sidecars(ids: readonly string[]): boolean;
  /** Asks for newer versions of everything that is known. @returns False: something else is under way. */
  checkUpdates(): boolean;
  /**
   * Fetches newer versions in the place of files, the old ones into the trash or away.
   *
   * @returns False: something else is under way, or nobody can.
   */
  update(ids: readonly string[], old: "trash" | "replace"): boolean;
  /** A part of it. */
  list(which?: ListRows): LibraryPage;
  /** How many rows each filter has. */
  counts(): Readonly<Record<LibraryFilter, number>>;
  /** The base models that are there, by name. */
  bases(): readonly string[];
  /** The rules that hold now: what is no update, and what is one besides. */
  rules(): Required<UpdateRules>;
  /** One row. */
  get(id: string): ShownRow | undefined;
  /**
   * Everything that is known of a file, as `civikit show` tells it; the site is asked for what nobody knows yet.
   *
   * @returns Undefined when there is no such row.
   * @throws {DiskError} When the file cannot be read.
   */
  facts(id: string): Promise<ModelFacts | undefined>;
  /** Which of these versions are there, whole or not, and where. */
  have(versionIds: readonly number[]): ReadonlyMap<number, readonly ShownRow[]>;
  /** The files of these models, whichever version. */
  haveModels(modelIds: readonly number[]): readonly ShownRow[];
  /** A file with this SHA-256, or one that begins so. */
  find(sha256: string): ShownRow | undefined;
  /** Stops what is under way; resolves when it has stopped. */
  close(): Promise<void>;
}
