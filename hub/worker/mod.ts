/**
 * What works a queue off: leases jobs, fetches their files with the one run driver, and says what becomes of them.
 *
 * @module
 */
export { type QueueWork, runQueue, type RunQueueOptions } from "./run_queue.ts";
export { wakeKeyless } from "./wake_keyless.ts";
export type { KeepFile, LetGo, WorkSettings } from "./run_job.ts";
