/**
 * What another engine of the queue is made of: how a wish is checked, and what becomes of a job.
 *
 * @module
 */
export { type CheckedJob, checkedJob, type CheckedWish, checkedWish, keyReused } from "./check_job.ts";
export { abandoned, anew, beginsAnew, ended, isAllowed, isWorkersOwn, type JobChange, wished } from "./transitions.ts";
