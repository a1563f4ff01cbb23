import type { JobQueue } from "../queue/job_queue.ts";
import { gidOf } from "./gid.ts";
import { wordOf } from "./job_status.ts";
import type { notifications } from "./rpc.ts";

const noticeOf: Readonly<Record<ReturnType<typeof wordOf>, typeof notifications[number] | undefined>> = {
  active: "aria2.onDownloadStart",
  paused: "aria2.onDownloadPause",
  removed: "aria2.onDownloadStop",
  complete: "aria2.onDownloadComplete",
  error: "aria2.onDownloadError",
  waiting: undefined,
};

/** More than this many downloads are not remembered: what was last heard of longest ago is told of once more. */
const mostRemembered = 10_000;

/**
 * Tells listeners when a download begins, pauses and ends, whoever makes it so. The queue is listened to only while
 * someone listens here.
 */
export function notices(queue: JobQueue): { listen(tell: (message: string) => void): () => void; close(): void } {
  const listeners = new Set<(message: string) => void>();
  const last = new Map<string, string>();
  let stop: AbortController | undefined;

  async function follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const { jobs } of queue.events(signal)) {
        for (const job of jobs) {
          const word = wordOf(job);
          if (last.get(job.id) === word) continue;
          last.delete(job.id);
          last.set(job.id, word);
          if (last.size > mostRemembered) last.delete(last.keys().next().value!);
          const method = noticeOf[word];
          if (method === undefined) continue;
          const message = JSON.stringify({ jsonrpc: "2.0", method, params: [{ gid: gidOf(job.id) }] });
          for (const tell of listeners) tell(message);
        }
      }
    } catch {
      // the queue cannot be read: whoever asks for it is told so
    }
  }

  function end(): void {
    stop?.abort();
    stop = undefined;
    last.clear();
  }

  return {
    listen(tell) {
      listeners.add(tell);
      if (stop === undefined) {
        stop = new AbortController();
        void follow(stop.signal);
      }
      return () => {
        listeners.delete(tell);
        if (listeners.size === 0) end();
      };
    },
    close: end,
  };
}
