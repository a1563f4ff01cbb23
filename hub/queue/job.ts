import type { ErrorCode, ErrorReason } from "../../transport/mod.ts";

/** Where a job is on its way. The last three are over: `retry` alone begins them anew. */
export type JobState =
  | "waiting"
  | "resolving"
  | "downloading"
  | "paused"
  | "verifying"
  | "done"
  | "failed"
  | "cancelled";

/** What is wanted of a reference, and where it goes: never a URL of a storage, never a key. */
export interface JobOptions {
  /** File id or name within the version. Default: the primary one. */
  readonly file?: string | undefined;
  /** Every file of the version. Default: false. */
  readonly allFiles?: boolean | undefined;
  /** The folder the files go into, absolute. Default: that of the settings. */
  readonly dir?: string | undefined;
  /** The folder below which `layout` makes folders, absolute. Default: that of the settings. */
  readonly root?: string | undefined;
  /** A layout's name or a template. Default: that of the settings, where no `dir` is given. */
  readonly layout?: string | undefined;
  /** File name to save under; belongs to one file. */
  readonly output?: string | undefined;
  /** Whether info and preview are written beside the file. Default: that of the settings. */
  readonly sidecars?: boolean | undefined;
  /** The SHA-256 the file must have, in place of the published hashes. */
  readonly sha256?: string | undefined;
  /** The BLAKE3 the file must have, in place of the published hashes. */
  readonly blake3?: string | undefined;
  /** Whether another file of that name gives way. Default: false. */
  readonly force?: boolean | undefined;
  /** Whether hash and size have to be as promised. Default: true. */
  readonly verify?: boolean | undefined;
}

/** A job to be. */
export interface NewJob {
  /** What is wanted, as `parseReference()` takes it; without a secret. */
  readonly reference: string;
  /**
   * Names the wish: the same key names the same job, whatever became of it. Default: reference and options, and then a
   * job that is over begins anew.
   */
  readonly key?: string | undefined;
  /** What exactly, and where it goes. Default: as the settings say. */
  readonly options?: JobOptions | undefined;
}

/** What came of a job that is done: its hash was proved, only its size, or it was there already. */
export type JobVerdict = "verified" | "unverified" | "there";

/** Why a job stands where it stands, as data: whoever shows it has the words. */
export interface JobReason {
  /** An error's code; `link_renewed`, `spans_proved` (of an earlier run, `count` of `total`) or `stopped` (given back by its worker). */
  readonly code: ErrorCode | "link_renewed" | "spans_proved" | "stopped";
  /** Until when, in milliseconds since the epoch. */
  readonly untilMs?: number | undefined;
  /** The HTTP status behind it. */
  readonly status?: number | undefined;
  /** How many. */
  readonly count?: number | undefined;
  /** Of how many. */
  readonly total?: number | undefined;
  /** What the code leaves open, see `ErrorReason`. */
  readonly reason?: ErrorReason | undefined;
  /** The error's own words, secrets cut, in English. */
  readonly message?: string | undefined;
}

/** One wish of the queue, as it stands. */
export interface Job {
  /** Names it in this queue; never used twice. */
  readonly id: string;
  /** Names the wish. */
  readonly key: string;
  /** What is wanted. */
  readonly reference: string;
  /** What exactly, and where it goes. */
  readonly options: JobOptions;
  /** Its place: the lower, the sooner. */
  readonly position: number;
  /** Where it is on its way. */
  readonly state: JobState;
  /** What people call it; the reference, until it was resolved. */
  readonly name: string;
  /** Bytes that are there. */
  readonly bytes: number;
  /** Bytes in all; null while unknown. */
  readonly totalBytes: number | null;
  /** Over the last seconds; 0 where nothing comes. */
  readonly bytesPerSecond: number;
  /** The error that ended it; null unless it has failed. */
  readonly code: ErrorCode | null;
  /** Why it stands where it stands; null where there is nothing to say. */
  readonly why: JobReason | null;
  /** What came of it; null unless it is done. */
  readonly verdict: JobVerdict | null;
  /** Where the file is, of several the first; null while unknown. */
  readonly path: string | null;
  /** Attempts that failed, since it was added or begun anew. */
  readonly attempts: number;
  /** Not before this time, in milliseconds since the epoch; null: as soon as its turn comes. */
  readonly notBeforeMs: number | null;
  /** When it was added, in milliseconds since the epoch. */
  readonly createdMs: number;
  /** When it last changed, in milliseconds since the epoch. */
  readonly changedMs: number;
  /** The worker that has its hands on it; null where none has. */
  readonly worker: string | null;
}

/** The states in which a worker is at a job. */
export type ActiveState = "resolving" | "downloading" | "verifying";
/** The states of a job that is over. */
export type EndedState = "done" | "failed" | "cancelled";

/** All states in which a worker is at a job. */
export const activeStates: readonly ActiveState[] = ["resolving", "downloading", "verifying"];
/** All states of a job that is over. */
export const endedStates: readonly EndedState[] = ["done", "failed", "cancelled"];
/** All states, in the order of the way. */
export const jobStates: readonly JobState[] = ["waiting", "paused", ...activeStates, ...endedStates];
