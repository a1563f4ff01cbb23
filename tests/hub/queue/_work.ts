import { join } from "node:path";
import { openStack, type Stack, type StackOptions } from "../../../hub/run/mod.ts";
import { type Job, type JobQueue, type JobState, sqliteQueue } from "../../../hub/queue/mod.ts";
import { type QueueWork, runQueue, type RunQueueOptions } from "../../../hub/worker/mod.ts";
import type { Clock } from "../../../transport/mod.ts";
import { type Civitai, startCivitai } from "../../_civitai/mod.ts";

/** A Civitai, a queue, and what works it off. */
export interface Work {
  readonly civitai: Civitai;
  readonly queue: JobQueue;
  /** Where files go. */
  readonly root: string;
  /** Of the file of the queue. */
  readonly path: string;
  readonly clock: Clock;
  /** Works it off. */
  run(options?: Partial<RunQueueOptions>, stack?: Partial<StackOptions>): Promise<QueueWork>;
  /** Opens a stack of its own. */
  stack(options?: Partial<StackOptions>): Promise<Stack>;
  /** The job, as soon as `isSo`. */
  until(id: string, isSo: (job: Job) => boolean): Promise<Job>;
}

/** A clock on which every timer comes soon, and then as much time has passed as it was set to. */
export function hastyClock(): Clock {
  let passedMs = 0;
  return {
    now: () => performance.now() + passedMs,
    date: () => Date.now() + passedMs,
    after(delayMs, callback) {
      const timer = setTimeout(() => {
        passedMs += delayMs;
        callback();
      }, 2);
      return () => clearTimeout(timer);
    },
  };
}

/** Calls `work` with a {@linkcode Work} of its own. */
export async function atWork(work: (work: Work) => Promise<void>, clock: Clock = hastyClock()): Promise<void> {
  await using civitai = await startCivitai({ bigBytes: 4 * 1024 ** 2, loraBytes: 64 * 1024 });
  const folder = await Deno.makeTempDir();
  const root = join(folder, "models");
  const path = join(folder, "queue.sqlite");
  const site = { baseUrl: civitai.url };
  const stack = (options: Partial<StackOptions> = {}) => openStack({ ...site, guard: false, ...options });
  try {
    await using queue = sqliteQueue(path, { site, clock });
    await work({
      civitai,
      queue,
      root,
      path,
      clock,
      stack,
      async run(options = {}, stacked = {}) {
        using opened = await stack(stacked);
        const { transport } = opened;
        const { signal } = new AbortController();
        return await runQueue({ queue, transport, site, settings: () => ({ root }), signal, clock, ...options });
      },
      async until(id, isSo) {
        const stop = new AbortController();
        const events = queue.events(stop.signal);
        try {
          const now = await queue.get(id);
          if (now !== undefined && isSo(now)) return now;
          for await (const { jobs } of events) {
            const found = jobs.find((job) => job.id === id && isSo(job));
            if (found !== undefined) return found;
          }
        } finally {
          stop.abort();
        }
        throw new Error(`job "${id}": the queue was closed`);
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Adds jobs and resolves with their ids. */
export async function add(queue: JobQueue, ...references: string[]): Promise<string[]> {
  return (await queue.add(references.map((reference) => ({ reference })))).map(({ job }) => job.id);
}

/** State, code and verdict of every job, by its reference. */
export async function standing(queue: JobQueue): Promise<Record<string, string>> {
  const { jobs } = await queue.list();
  return Object.fromEntries(
    jobs.map((
      { reference, state, code, verdict },
    ) => [reference, [state as JobState, code ?? verdict ?? ""].join(" ").trim()]),
  );
}
