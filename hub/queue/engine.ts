/**
 * What another engine of the queue is made of: how a wish is checked, what becomes of a job, how changes are told, and
 * which workers live.
 *
 * @module
 */
export { type ChangeSignal, changeSignal } from "./change_signal.ts";
export { type CheckedJob, checkedJob, type CheckedWish, checkedWish, keyReused } from "./check_job.ts";
export { abandoned, anew, beginsAnew, ended, isAllowed, isWorkersOwn, type JobChange, wished } from "./transitions.ts";
export { type WorkerMarks, workerMarks } from "./worker_marks.ts";
