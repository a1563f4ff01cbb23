import type { SqliteFile } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import { type JobState, jobStates } from "./job.ts";
import type { AskQueued, JobPage, ListJobs, Queued, QueueWorker } from "./job_queue.ts";
import { jobOf, type JobRow, type statements } from "./sqlite_rows.ts";
import type { WorkerMarks } from "./worker_marks.ts";

type Run = Pick<SqliteFile<keyof typeof statements>, "run">;

/** Where a page begins: the job it goes on behind may have been moved or removed since. */
function startOf({ run }: Run, after: string | undefined, isReversed: boolean): { position: number; id: number } {
  if (after === undefined) {
    const end = isReversed ? Number.MAX_VALUE : -Number.MAX_VALUE;
    return { position: end, id: 0 };
  }
  const [, id, position] = /^(\d{1,15})@(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(after) ?? [];
  if (id === undefined) {
    throw new InputError(`listing after ${JSON.stringify(after)}: not what an earlier page gave as next`, {
      code: "invalid_argument",
      input: after,
    });
  }
  const row = run.get.get(Number(id)) as { position: number } | undefined;
  return { position: row?.position ?? Number(position), id: Number(id) };
}

/** A page of jobs. @throws {InputError} `invalid_argument` when `after` is not what an earlier page gave. */
export function listJobs(
  { run }: Run,
  { states = jobStates, after, limit = 100, isReversed = false }: ListJobs,
): JobPage {
  const start = startOf({ run }, after, isReversed);
  const { page, pageBack, statePage, statePageBack } = run;
  const isAll = jobStates.every((state) => states.includes(state));
  const rows = isAll
    ? (isReversed ? pageBack : page).all({ ...start, limit: limit + 1 })
    : states.flatMap((state) => (isReversed ? statePageBack : statePage).all({ ...start, state, limit: limit + 1 }));
  const sign = isReversed ? -1 : 1;
  const jobs = (rows as unknown as JobRow[]).map(jobOf).sort((one, other) =>
    sign * (one.position - other.position || Number(one.id) - Number(other.id))
  );
  const last = jobs[limit - 1];
  const isMore = last !== undefined && jobs.length > limit;
  return { jobs: jobs.slice(0, limit), next: isMore ? `${last.id}@${last.position}` : null };
}

/** How many jobs are in each state. */
export function countJobs({ run }: Run): Record<JobState, number> {
  const none = Object.fromEntries(jobStates.map((state) => [state, 0])) as Record<JobState, number>;
  return { ...none, ...Object.fromEntries(run.counts.all().map(({ state, jobs }) => [state, Number(jobs)])) };
}

/** Which of these subjects are still to be done. */
export function queuedOf({ run }: Run, { versions = [], models = [], urls = [] }: AskQueued): Queued {
  const there = (kind: string) => (id: number | string) => run.isQueued.get(`${kind}:${id}`) !== undefined;
  return {
    versions: new Set(versions.filter(there("version"))),
    models: new Set(models.filter(there("model"))),
    urls: new Set(urls.filter(there("url"))),
  };
}

/** Who works on the queue, and whether it lives. */
export function listWorkers({ run }: Run, marks: WorkerMarks): QueueWorker[] {
  return run.workers.all().map((row): QueueWorker => {
    const id = String(row["id"]);
    const number = (name: string) => Number(row[name]);
    return {
      ...{ id, pid: number("pid"), startedMs: number("started_ms"), seenMs: number("seen_ms"), jobs: number("jobs") },
      isAlive: marks.isAlive(id) === true,
    };
  });
}
