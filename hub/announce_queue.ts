import type { EventBus } from "../monitor/mod.ts";
import type { Job } from "./queue/job.ts";
import type { JobQueue } from "./queue/job_queue.ts";

/** More than this are not told one by one: whoever listens reads the queue again. */
const mostJobs = 100;

const facts = ({ id, state, position, bytes, totalBytes, bytesPerSecond, code }: Job) => ({
  ...{ id, state, position, bytes, totalBytes, bytesPerSecond, code },
});

/** Tells of the queue's changes on the event bus, whoever makes them. */
export function announceQueue(queue: JobQueue, events: EventBus): { close(): Promise<void> } {
  const stop = new AbortController();
  async function listen(): Promise<void> {
    try {
      for await (const { jobs, removed, isComplete } of queue.events(stop.signal)) {
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
