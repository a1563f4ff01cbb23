import type { ErrorCode } from "../../transport/mod.ts";
import type { ActiveState, Job, JobReason, JobState, JobVerdict, NewJob } from "./job.ts";

/** What may be asked for a job. `remove` forgets it; no action takes away bytes. */
export type JobAction = "pause" | "resume" | "cancel" | "retry" | "skip" | "remove";

/** What an engine can do. */
export interface QueueAbilities {
  /** Whether single jobs can be moved. */
  readonly move: boolean;
  /** Whether workers on other machines, with disks of their own, take its jobs, too. */
  readonly isShared: boolean;
  /** How soon `events()` tells of a change made by another process, in milliseconds. */
  readonly noticeMs: number;
}

/** A job that was asked for. */
export interface AddedJob {
  /** As it stands. */
  readonly job: Job;
  /** Whether it was put into the queue now, for the first time or anew; false: it was there. */
  readonly isNew: boolean;
}

/** What a worker knows of its job by now. */
export interface JobProgress {
  /** What it is at. */
  readonly state?: ActiveState | undefined;
  /** What people call it. */
  readonly name?: string | undefined;
  /** Bytes that are there. */
  readonly bytes?: number | undefined;
  /** Bytes in all. */
  readonly totalBytes?: number | null | undefined;
  /** Over the last seconds. */
  readonly bytesPerSecond?: number | undefined;
  /** Why it stands where it stands. */
  readonly why?: JobReason | null | undefined;
  /** Where the file will be. */
  readonly path?: string | null | undefined;
}

/** How a worker lets go of a job. */
export type JobEnding =
  /** The file is there. */
  | {
    readonly state: "done";
    readonly verdict: JobVerdict;
    /** Null: it was let go of here once it was kept elsewhere. */
    readonly path: string | null;
    readonly bytes: number;
    /** What went wrong beside it, such as a preview that could not be had. */
    readonly why?: JobReason | null;
  }
  /** It cannot be done. */
  | { readonly state: "failed"; readonly code: ErrorCode; readonly why?: JobReason | null }
  /** Later, and that was an attempt. */
  | {
    readonly state: "waiting";
    readonly notBeforeMs: number;
    readonly why?: JobReason | null;
    /** Whether it waits for a date, which is no attempt that failed. Default: false. */
    readonly isParked?: boolean;
  }
  /** Given back as it is, for the next who asks. */
  | { readonly state: "released"; readonly why?: JobReason | null };

/** Where a job goes: right before or right after another one. */
export type JobMove = { readonly before: string } | { readonly after: string };

/** Which jobs are listed. */
export interface ListJobs {
  /** In these states. Default: all. */
  readonly states?: readonly JobState[] | undefined;
  /** Goes on behind the page that gave this as its `next`. Default: from the start. */
  readonly after?: string | undefined;
  /** Jobs at most, 1 to 1000. Default 100. */
  readonly limit?: number | undefined;
  /** From the end of the queue to its start. Default: false. */
  readonly isReversed?: boolean | undefined;
}

/** A page of the queue, in its order. */
export interface JobPage {
  /** The jobs. */
  readonly jobs: readonly Job[];
  /** For `after`; null on the last page. */
  readonly next: string | null;
}

/** What may be in the queue. */
export interface AskQueued {
  /** Versions, by their ids. Default: none. */
  readonly versions?: readonly number[] | undefined;
  /** Models whose newest version is meant, by their ids. Default: none. */
  readonly models?: readonly number[] | undefined;
  /** Addresses of files. Default: none. */
  readonly urls?: readonly string[] | undefined;
}

/** What of that the queue has still to do. */
export interface Queued {
  /** Versions. */
  readonly versions: ReadonlySet<number>;
  /** Models. */
  readonly models: ReadonlySet<number>;
  /** Addresses. */
  readonly urls: ReadonlySet<string>;
}

/** What is new in the queue. */
export interface QueueChange {
  /** Jobs that were added or have changed, as they stand, the oldest change first. */
  readonly jobs: readonly Job[];
  /** Ids of those that were removed. */
  readonly removed: readonly string[];
  /** False: there is more than that, and whoever shows the queue reads it again. */
  readonly isComplete: boolean;
}

/** A process that works on jobs. */
export interface QueueWorker {
  /** As it called itself. */
  readonly id: string;
  /** Its process; only together with `startedMs` does the number name one. */
  readonly pid: number;
  /** When the process started, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** When it last showed itself, in milliseconds since the epoch. */
  readonly seenMs: number;
  /** Whether it runs. */
  readonly isAlive: boolean;
  /** Jobs it has its hands on. */
  readonly jobs: number;
  /** The machine it is on; undefined where there is only this one. */
  readonly machine?: string | undefined;
  /** Whether it takes no more jobs. Default: it does. */
  readonly isDraining?: boolean | undefined;
}

/**
 * The seam between whoever wants files and whoever fetches them. A job's state is what is wished and what is known; its
 * `worker` is who has its hands on it. So a job that is paused while it is downloaded is `paused` at once, and no other
 * worker gets it before its own has let go.
 */
export interface JobQueue extends AsyncDisposable {
  /** What this engine can do. */
  readonly abilities: QueueAbilities;
  /**
   * Puts jobs at the end, all of them or none.
   *
   * @param wish Names all of them together, in place of their own keys: asked again with it, the same jobs are answered,
   * whatever became of them. Default: each has its own key.
   * @returns One for each, in that order.
   * @throws {InputError} Naming the first that cannot be a job, and why; with the reason `key_reused` when `wish` named
   * other jobs within the last 30 days.
   */
  add(jobs: readonly NewJob[], wish?: string): Promise<AddedJob[]>;
  /**
   * Hands out jobs that may begin now, in their order, `most` at most. They are the worker's for `leaseMs`; what dead
   * workers and those whose time is over had is handed out again.
   */
  lease(worker: string, most: number, leaseMs: number): Promise<Job[]>;
  /** Prolongs what the worker has; resolves with it, as it stands. */
  renew(worker: string, leaseMs: number): Promise<Job[]>;
  /** Says how far a job is. @returns False: it is not to be worked on any more; let go of it. */
  update(worker: string, id: string, progress: JobProgress): Promise<boolean>;
  /** Lets go of a job. What someone wished meanwhile stands, unless the file is there. @returns The job; undefined when it is no longer the worker's. */
  finish(worker: string, id: string, ending: JobEnding): Promise<Job | undefined>;
  /**
   * Asks something for a job. What it is already changes nothing. `skip` puts it at the end.
   *
   * @returns The job as it stands, removed as it was; undefined when there is none.
   * @throws {InputError} `invalid_argument` when its state does not allow it.
   */
  change(id: string, action: JobAction): Promise<Job | undefined>;
  /** Asks the same for every job in these states that allows it. @returns How many. */
  changeAll(states: readonly JobState[], action: JobAction): Promise<number>;
  /**
   * Puts a job right before or right after another one.
   *
   * @returns The job; undefined when there is none.
   * @throws {InputError} `invalid_argument` when there is no such other one, or when the engine cannot.
   */
  move(id: string, where: JobMove): Promise<Job | undefined>;
  /** A page of jobs. @throws {InputError} When `after` is not what an earlier page gave. */
  list(which?: ListJobs): Promise<JobPage>;
  /** One job. */
  get(id: string): Promise<Job | undefined>;
  /** Which of these versions, models and addresses jobs that are not over ask for. */
  queued(which: AskQueued): Promise<Queued>;
  /** How many are in each state. */
  counts(): Promise<Record<JobState, number>>;
  /** Tells of changes, whoever makes them, until `signal` aborts; from the moment it is asked. */
  events(signal: AbortSignal): AsyncIterable<QueueChange>;
  /** Who works on this queue, or did so until it died. */
  workers(): Promise<QueueWorker[]>;
  /** Lets go of everything; leases stay, to run out. */
  close(): Promise<void>;
}
