import type { SqliteFile } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import { jobStates } from "./job.ts";
import type { JobPage, ListJobs } from "./job_queue.ts";
import { jobOf, type JobRow, type statements } from "./sqlite_rows.ts";

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
