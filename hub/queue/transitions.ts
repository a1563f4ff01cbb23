import { InputError } from "../../transport/mod.ts";
import { activeStates, endedStates, type Job, type JobState } from "./job.ts";
import type { JobAction, JobEnding } from "./job_queue.ts";

/** What of a job changes. */
export type JobChange = Partial<Omit<Job, "id" | "key" | "reference" | "options" | "createdMs">>;

const running: readonly JobState[] = ["waiting", "paused", ...activeStates];

/** In which states an action is allowed. */
const allowed: Readonly<Record<JobAction, readonly JobState[]>> = {
  pause: running,
  resume: running,
  cancel: [...running, "cancelled"],
  retry: [...running, ...endedStates],
  skip: running,
  remove: [...running, ...endedStates],
};

const isActive = (state: JobState) => activeStates.some((one) => one === state);
const isOver = (state: JobState) => endedStates.some((one) => one === state);

/** What a job has that begins anew. */
export const anew: JobChange = {
  state: "waiting",
  code: null,
  why: null,
  verdict: null,
  attempts: 0,
  notBeforeMs: null,
  bytesPerSecond: 0,
};

/** Whether a job in this state can be asked for it. */
export function isAllowed(action: JobAction, state: JobState): boolean {
  return allowed[action].includes(state);
}

/**
 * What an action other than `remove` makes of a job; undefined when nothing. `last` is the place at the end.
 *
 * @throws {InputError} `invalid_argument` when the job's state does not allow it.
 */
export function wished({ id, state, notBeforeMs }: Job, action: JobAction, last: number): JobChange | undefined {
  if (!isAllowed(action, state)) {
    throw new InputError(`asking "${action}" for job "${id}": it is ${state}`, { code: "invalid_argument", input: id });
  }
  switch (action) {
    case "pause":
      return state === "paused" ? undefined : { state: "paused", bytesPerSecond: 0, why: null, notBeforeMs: null };
    case "resume":
      return state === "paused" ? { state: "waiting", why: null } : undefined;
    case "cancel":
      return state === "cancelled" ? undefined : { ...anew, state: "cancelled" };
    case "retry":
      return isActive(state) || (state === "waiting" && notBeforeMs === null) ? undefined : anew;
    case "skip":
      return { position: last, ...(isActive(state) && { state: "waiting", bytesPerSecond: 0, why: null }) };
    case "remove":
      return {};
  }
}

/** What an ending makes of a job: what someone wished meanwhile stands, unless the file is there. */
export function ended(job: Job, ending: JobEnding): JobChange {
  const free: JobChange = { worker: null, bytesPerSecond: 0 };
  if (ending.state === "done") {
    const { path, bytes, verdict, why = null } = ending;
    return { ...free, ...anew, state: "done", path, bytes, totalBytes: bytes, verdict, why };
  }
  if (!isActive(job.state)) return free;
  const { why = null } = ending;
  if (ending.state === "released") return { ...free, state: "waiting", why };
  if (ending.state === "failed") {
    return { ...free, state: "failed", code: ending.code, why, attempts: job.attempts + 1, notBeforeMs: null };
  }
  const { notBeforeMs, isParked = false } = ending;
  return { ...free, state: "waiting", why, notBeforeMs, attempts: job.attempts + (isParked ? 0 : 1) };
}

/** What is left of a job whose worker died, or whose lease ran out. */
export function abandoned({ state }: Job): JobChange {
  return { worker: null, bytesPerSecond: 0, ...(isActive(state) && { state: "waiting", why: null }) };
}

/** Whether a worker is to go on with a job. */
export function isWorkersOwn(job: Job | undefined, worker: string): job is Job {
  return job !== undefined && job.worker === worker && isActive(job.state);
}

/** Whether a job that is asked for once more begins anew. */
export function beginsAnew({ state }: Job, isNamed: boolean): boolean {
  return !isNamed && isOver(state);
}
