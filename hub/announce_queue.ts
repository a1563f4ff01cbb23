import type { EventBus } from "../monitor/mod.ts";
import type { Job } from "./queue/job.ts";
import type { JobQueue, QueueChange } from "./queue/job_queue.ts";

/** More than this are not told one by one: whoever listens reads the queue again. */
const mostJobs = 100;

const facts = ({ id, state, position, bytes, totalBytes, bytesPerSecond, code }: Job) => ({
  ...{ id, state, position, bytes, totalBytes, bytesPerSecond, code },
});

/** Tells of the queue's changes on the event bus and to `note`, whoever makes them. */
export function announceQueue(
  queue: JobQueue,
  events: EventBus,
  note: (change: QueueChange) => void,
): { close(): Promise<void> } {
  const stop = new AbortController();
  async function listen(): Promise<void> {
    try {
      for await (const change of queue.events(stop.signal)) {
        const { jobs, removed, isComplete } = change;
        note(change);
        const isAll = isComplete && jobs.length + removed.length <= mostJobs;
        events.publish({
          type: "queue",
          ...(isAll ? { jobs: jobs.map(facts), removed } : { jobs: [], removed: [] }),
          isComplete: isAll,
        });
      }
    } catch {
      // the queue cannot be read: who asks for it is told so
    }
  }
  const listening = listen();
  return {
    async close() {
      stop.abort();
      await listening;
    },
  };
}
