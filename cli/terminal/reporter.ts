import type { RunPhase } from "../../hub/run/mod.ts";
import type { Digests } from "../../transport/mod.ts";

/** One file of a run. */
export interface Item {
  /** Its place in the run, from 0. */
  readonly index: number;
  /** What the user asked for. */
  readonly reference: string;
  /** The file's name, fit for a terminal. */
  readonly name: string;
  /** Where it goes. */
  readonly path: string;
  /** Its size in bytes, where known. */
  readonly totalBytes: number | undefined;
  /** What is known of its model. */
  readonly model?: ItemModel | undefined;
}

/** What one needs to use a model. */
export interface ItemModel {
  /** What it was made for, such as `SDXL 1.0`; null when unknown. */
  readonly baseModel: string | null;
  /** The words that call it up in a prompt. */
  readonly trainedWords: readonly string[];
}

/** How far one file is. */
export interface Progress {
  /** Bytes on disk, those of earlier runs included. */
  readonly downloadedBytes: number;
  /** Size of the whole; undefined while unknown. */
  readonly totalBytes: number | undefined;
  /** Speed over the last seconds. */
  readonly bytesPerSecond: number;
}

/** How one file ended. */
export interface Outcome {
  /** Where it is. */
  readonly path: string;
  /** Its size in bytes. */
  readonly bytes: number;
  /** Whether a published or given hash was compared, and fits. */
  readonly verified: boolean;
  /** Bytes that were already there from an earlier run. */
  readonly resumedBytes: number;
  /** Time it took, in milliseconds. */
  readonly elapsedMs: number;
  /** Whether the file was already there, complete. */
  readonly skipped: boolean;
  /** Which hash decided, e.g. `SHA256`. */
  readonly verifiedBy: string | undefined;
  /** Hashes of the bytes, by name. */
  readonly digests: Digests;
}

/** The numbers of a whole run. */
export interface Summary {
  /** Files fetched now. */
  readonly done: number;
  /** Files that were already there. */
  readonly skipped: number;
  /** Files and references that failed. */
  readonly failed: number;
  /** Files neither finished nor failed, because the run was interrupted. */
  readonly unfinished: number;
  /** Bytes of all finished files, those that were there before included. */
  readonly bytes: number;
  /** Bytes that came over the network, those of unfinished and failed files included. */
  readonly fetchedBytes: number;
  /** Time of the run in milliseconds. */
  readonly elapsedMs: number;
  /** What the process ends with. */
  readonly exitCode: number;
}

/** Shows a run to a person or a program. */
export interface Reporter {
  /** How many files there will be. */
  plan(items: readonly Item[]): void;
  /** A file's work begins. */
  start(item: Item): void;
  /** A file is further. */
  progress(item: Item, progress: Progress): void;
  /** A file uses `connections` connections now. */
  connections(item: Item, connections: number): void;
  /** A file entered a phase worth a word (`verifying`); an empty word ends it. */
  phase(item: Item, phase: RunPhase): void;
  /** A file is there. */
  done(item: Item, outcome: Outcome): void;
  /** A file, or a reference that never became one (no `item`), failed. */
  failed(error: unknown, subject: string, item?: Item): void;
  /** Something worth a line. */
  note(text: string): void;
  /** The run is over. */
  summary(summary: Summary): void;
  /** Gives the terminal back; may be called twice. */
  close(): void;
}
