import type { Job } from "../../hub/queue/mod.ts";
import type { JobChange } from "../../hub/queue/engine.ts";
import { type Book, type Entry, isReady, type Write } from "./book.ts";
import type { HandOut } from "./hand_out.ts";

/** Changes thought through at once. */
export const batch = 500;
/** How often jobs are thought through anew because others were faster. */
export const mostTries = 100;

/** The two places that hold the jobs of a fleet, and the time by which both are changed. */
export interface SharedJobs {
  /** What every job is; where the two differ it is right. */
  readonly book: Book;
  /** Who gets which job next. */
  readonly handOut: HandOut;
  /** The time, in milliseconds since the epoch. */
  now(): number;
}

/** What is written where a job changes so. */
export function changing(entry: Entry, changed: JobChange, nowMs: number): Write & { readonly job: Job } {
  return { entry, job: { ...entry.job, ...changed, changedMs: nowMs } };
}

/** Puts into the hand-out what may begin, and takes out what may not. */
export async function settle({ handOut, now }: SharedJobs, entries: readonly Entry[]): Promise<void> {
  const free = entries.filter(({ job }) => job.worker === null);
  const ready = free.filter((entry) => isReady(entry, now()));
  await handOut.take(free.filter((entry) => !ready.includes(entry)).map(({ job }) => job.id));
  await handOut.put(ready.map(({ job }) => job));
}
