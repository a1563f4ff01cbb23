import type { Clock } from "../transport/mod.ts";
import type { QueueChange } from "./queue/job_queue.ts";

/** Rates of the last while, of each job and of all together. */
export interface Rates {
  /** Takes what is new in the queue. */
  note(change: QueueChange): void;
  /** Rates of one job, oldest first, in bytes a second. */
  of(id: string): readonly number[];
  /** Rates of all together by equal steps up to now; undefined where nothing was running. */
  all(): { readonly startMs: number; readonly stepMs: number; readonly values: readonly (number | undefined)[] };
}

const most = 60;
const stepMs = 2000;

/** Remembers the rates that the queue's changes tell: two minutes of all, and 60 values of each job that runs. */
export function rateLog({ date }: Pick<Clock, "date">): Rates {
  const jobs = new Map<string, number[]>();
  const latest = new Map<string, number>();
  let steps: { readonly at: number; value: number }[] = [];

  return {
    note({ jobs: changed, removed }) {
      for (const { id, state, bytesPerSecond } of changed) {
        if (state === "downloading") {
          latest.set(id, bytesPerSecond);
          jobs.set(id, [...jobs.get(id) ?? [], bytesPerSecond].slice(-most));
        } else {
          latest.delete(id);
          jobs.delete(id);
        }
      }
      for (const id of removed) {
        latest.delete(id);
        jobs.delete(id);
      }
      const at = Math.floor(date() / stepMs);
      const value = [...latest.values()].reduce((sum, rate) => sum + rate, 0);
      const last = steps.at(-1);
      if (last?.at === at) last.value = value;
      else steps = [...steps, { at, value }].slice(-most);
    },
    of: (id) => jobs.get(id) ?? [],
    all() {
      const end = Math.floor(date() / stepMs);
      const known = new Map(steps.map(({ at, value }) => [at, value]));
      const values = Array.from({ length: most }, (_, index) => known.get(end - most + 1 + index));
      return { startMs: (end - most + 1) * stepMs, stepMs, values };
    },
  };
}
