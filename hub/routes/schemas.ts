import * as v from "valibot";
import { type JobOptions, type JobState, jobStates } from "../queue/job.ts";
import type { JobMove } from "../queue/job_queue.ts";
import type { Schema } from "./endpoint.ts";
import type { Problem } from "./problem.ts";

const text = (most: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(most));
const amount = v.pipe(v.number(), v.minValue(0));

/** The name of a job's state. */
export const stateSchema: Schema<JobState> = v.picklist(jobStates);

/** What is told of anything that was not done. */
export const problemSchema: Schema<Problem> = v.object({ code: v.string(), message: v.string(), hint: v.string() });

/** What exactly is wanted, and where it goes. */
const optionsSchema: Schema<JobOptions> = v.strictObject({
  file: v.optional(text(400)),
  allFiles: v.optional(v.boolean()),
  dir: v.optional(text(4096)),
  root: v.optional(text(4096)),
  layout: v.optional(text(400)),
  output: v.optional(text(255)),
  sidecars: v.optional(v.boolean()),
  sha256: v.optional(v.pipe(v.string(), v.regex(/^[\dA-Fa-f]{64}$/))),
  blake3: v.optional(v.pipe(v.string(), v.regex(/^[\dA-Fa-f]{64}$/))),
  force: v.optional(v.boolean()),
  verify: v.optional(v.boolean()),
});

/** References to add, 10,000 at most. */
export const addSchema: Schema<{ references: string[]; options: JobOptions }> = v.strictObject({
  references: v.pipe(v.array(text(8192)), v.minLength(1), v.maxLength(10_000)),
  options: v.optional(optionsSchema, {}),
});

/** What became of each reference. */
export const addedSchema: Schema = v.object({
  items: v.array(v.object({ id: v.string(), reference: v.string(), state: stateSchema, isNew: v.boolean() })),
});

/** Why a job stands where it stands. */
export const whySchema: Schema = v.object({
  code: v.string(),
  untilMs: v.optional(v.number()),
  status: v.optional(v.number()),
  count: v.optional(v.number()),
  total: v.optional(v.number()),
  reason: v.optional(v.string()),
  message: v.optional(v.string()),
});

/** A job. */
export const jobSchema: Schema = v.object({
  id: v.string(),
  reference: v.string(),
  name: v.string(),
  state: stateSchema,
  position: v.number(),
  bytes: amount,
  totalBytes: v.nullable(amount),
  bytesPerSecond: amount,
  code: v.nullable(v.string()),
  why: v.nullable(whySchema),
  verdict: v.nullable(v.picklist(["verified", "unverified", "there"])),
  path: v.nullable(v.string()),
  options: optionsSchema,
  attempts: amount,
  notBeforeMs: v.nullable(v.number()),
  createdMs: v.number(),
  changedMs: v.number(),
  worker: v.nullable(v.string()),
});

/** A page of jobs. */
export const jobsSchema: Schema = v.object({
  items: v.array(jobSchema),
  next: v.nullable(v.string()),
  notice: v.nullable(v.string()),
});

/** Who works on the queue. */
export const workersSchema: Schema = v.object({
  items: v.array(v.object({
    id: v.string(),
    machine: v.nullable(v.string()),
    pid: v.number(),
    startedMs: v.number(),
    seenMs: v.number(),
    isAlive: v.boolean(),
    isDraining: v.boolean(),
    jobs: amount,
  })),
});

/** Which jobs are listed. */
export const listSchema: Schema<{ states?: string | undefined; after?: string | undefined; limit: string }> = v
  .strictObject({
    states: v.optional(v.pipe(
      v.string(),
      v.description(`States with commas between: ${jobStates.join(", ")}. Default: all.`),
      v.regex(new RegExp(`^(?:${jobStates.join("|")})(?:,(?:${jobStates.join("|")}))*$`), "names another state"),
    )),
    after: v.optional(text(200)),
    limit: v.optional(v.pipe(v.string(), v.regex(/^(?:[1-9]\d{0,2}|1000)$/, "no whole number from 1 to 1000")), "100"),
  });

/** What may be changed of a job. */
export const patchSchema: Schema<{ paused?: boolean | undefined; position?: JobMove | undefined }> = v.strictObject({
  paused: v.optional(v.boolean()),
  position: v.optional(v.union([
    v.strictObject({ before: text(200) }),
    v.strictObject({ after: text(200) }),
  ])),
});

/** That it was done. */
export const doneSchema: Schema<{ ok: true }> = v.object({ ok: v.literal(true) });
