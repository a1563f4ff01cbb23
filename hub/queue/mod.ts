/**
 * The queue: wishes that outlive the process, and the seam behind which they are kept. Nothing here fetches.
 *
 * @module
 */
export * from "./job.ts";
export * from "./job_queue.ts";
export { livingWorkers } from "./living_workers.ts";
export { sqliteQueue, type SqliteQueueOptions } from "./sqlite_queue.ts";
export { type CheckedJob, checkedJob } from "./check_job.ts";
