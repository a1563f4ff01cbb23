import type { TransferSource } from "../monitor/mod.ts";
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
  /** Looks at nothing any more. */
  close(): void;
}

/** What any process of this machine transfers now, in bytes a second; undefined where nothing runs. */
export function rateOfAll(source: Pick<TransferSource, "list">): number | undefined {
  const running = source.list().filter(({ endedMs, process }) => endedMs === null && process.isAlive);
  return running.length === 0 ? undefined : running.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
}

const most = 60;
const stepMs = 2000;

/**
 * Remembers rates: 60 values of each job that runs, as the queue's changes tell, and two minutes of all together; those
 * are what `total` says, asked at every step, or else the jobs alone.
 */
export function rateLog({ date, after }: Pick<Clock, "date" | "after">, total?: () => number | undefined): Rates {
  const jobs = new Map<string, number[]>();
  const latest = new Map<string, number>();
  let steps: { readonly at: number; value: number }[] = [];
  let cancel = () => {};

  function put(value: number): void {
    const at = Math.floor(date() / stepMs);
    const last = steps.at(-1);
    if (last?.at === at) last.value = value;
    else steps = [...steps, { at, value }].slice(-most);
  }

  function sample(ask: () => number | undefined): void {
    try {
      // what has just ended falls to nothing once
      const value = ask() ?? ((steps.at(-1)?.value ?? 0) > 0 ? 0 : undefined);
      if (value !== undefined) put(value);
    } catch {
      // a table that cannot be read now is read at the next step
    }
    cancel = after(stepMs, () => sample(ask), true);
  }
  if (total !== undefined) sample(total);

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
      if (total === undefined) put([...latest.values()].reduce((sum, rate) => sum + rate, 0));
    },
    of: (id) => jobs.get(id) ?? [],
    all() {
      const end = Math.floor(date() / stepMs);
      const known = new Map(steps.map(({ at, value }) => [at, value]));
      const values = Array.from({ length: most }, (_, index) => known.get(end - most + 1 + index));
      return { startMs: (end - most + 1) * stepMs, stepMs, values };
    },
    close: () => cancel(),
  };
}
