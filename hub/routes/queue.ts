import * as v from "valibot";
import { InputError } from "../../transport/mod.ts";
import { addJobs } from "../add_jobs.ts";
import type { Job, JobState } from "../queue/job.ts";
import type { JobAction } from "../queue/job_queue.ts";
import { type Asked, type Endpoint, endpoint } from "./endpoint.ts";
import { missing } from "./problem.ts";
import {
  addedSchema,
  addSchema,
  doneSchema,
  jobSchema,
  jobsSchema,
  listSchema,
  patchSchema,
  workersSchema,
} from "./schemas.ts";

/** A job as it is told: without the name of the wish, which only whoever wished knows. */
function jobJson({ key: _, why, ...job }: Job): unknown {
  return { ...job, why: why === null ? null : JSON.parse(JSON.stringify(why)) };
}

/** The `Idempotency-Key` of a request. @throws {InputError} When it is too long or holds what no header should. */
function keyOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (/^[\x21-\x7e]{1,200}$/.test(header)) return header;
  throw new InputError('reading "Idempotency-Key": not 1 to 200 plain characters', {
    ...{ code: "invalid_argument", input: "Idempotency-Key" },
  });
}

/** Does something to one job. */
const act = (action: JobAction) => async ({ c, parts, param }: Asked<unknown, unknown>): Promise<unknown> => {
  const job = await parts.queue.change(param("id"), action);
  return job === undefined ? missing(c, `job "${param("id")}"`) : jobJson(job);
};

/** `/queue`. */
export const queueEndpoints: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: "/queue",
    summary: "Puts references into the queue: ids, AIRs, addresses of models and of downloads.",
    body: addSchema,
    answer: addedSchema,
    status: 202,
    isIdempotent: true,
    async run({ c, parts, body: { references, options } }) {
      const wish = keyOf(c.req.header("idempotency-key"));
      const added = await addJobs(parts, references, options, wish);
      return {
        items: added.map(({ job: { id, reference, state }, isNew }) => ({ ...{ id, reference, state, isNew } })),
      };
    },
  }),
  endpoint({
    method: "get",
    path: "/queue",
    summary: "Lists jobs, in the order of the queue; `notice` tells of a damaged queue that was set aside.",
    query: listSchema,
    answer: jobsSchema,
    async run({ parts, query: { states, after, limit } }) {
      const { jobs, next } = await parts.queue.list({
        ...(states !== undefined && { states: states.split(",") as JobState[] }),
        ...(after !== undefined && { after }),
        limit: Number(limit),
      });
      return { items: jobs.map(jobJson), next, notice: parts.notice?.() ?? null };
    },
  }),
  endpoint({
    method: "get",
    path: "/queue/counts",
    summary: "Tells how many jobs are in each state.",
    answer: v.record(v.string(), v.number()),
    run: ({ parts }) => parts.queue.counts(),
  }),
  endpoint({
    method: "get",
    path: "/queue/workers",
    summary: "Lists who works on the queue; `machine` tells where, in a queue of several machines.",
    answer: workersSchema,
    async run({ parts }) {
      const workers = await parts.queue.workers();
      return {
        items: workers.map(({ id, machine = null, pid, startedMs, seenMs, isAlive, isDraining = false, jobs }) => ({
          ...{ id, machine, pid, startedMs, seenMs, isAlive, isDraining, jobs },
        })),
      };
    },
  }),
  endpoint({
    method: "get",
    path: "/queue/{id}",
    summary: "Shows one job.",
    answer: jobSchema,
    async run({ c, parts, param }) {
      const job = await parts.queue.get(param("id"));
      return job === undefined ? missing(c, `job "${param("id")}"`) : jobJson(job);
    },
  }),
  endpoint({
    method: "patch",
    path: "/queue/{id}",
    summary: "Pauses a job or lets it go on, and moves it right before or after another one.",
    body: patchSchema,
    answer: jobSchema,
    async run({ c, parts: { queue }, param, body: { paused, position } }) {
      const id = param("id");
      let job = await queue.get(id);
      if (job !== undefined && paused !== undefined) job = await queue.change(id, paused ? "pause" : "resume");
      if (job !== undefined && position !== undefined) job = await queue.move(id, position);
      return job === undefined ? missing(c, `job "${id}"`) : jobJson(job);
    },
  }),
  endpoint({
    method: "post",
    path: "/queue/{id}/retry",
    summary: "Begins a job that is over anew.",
    answer: jobSchema,
    run: act("retry"),
  }),
  endpoint({
    method: "post",
    path: "/queue/{id}/skip",
    summary: "Puts a job at the end; its bytes stay.",
    answer: jobSchema,
    run: act("skip"),
  }),
  endpoint({
    method: "post",
    path: "/queue/{id}/cancel",
    summary: "Ends a job; its bytes and its entry stay.",
    answer: jobSchema,
    run: act("cancel"),
  }),
  endpoint({
    method: "delete",
    path: "/queue/{id}",
    summary: "Forgets a job; no file is taken away.",
    answer: doneSchema,
    async run({ c, parts, param }) {
      const job = await parts.queue.change(param("id"), "remove");
      return job === undefined ? missing(c, `job "${param("id")}"`) : { ok: true };
    },
  }),
];
