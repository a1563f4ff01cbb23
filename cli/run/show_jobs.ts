import { endedStates, type Job, type JobQueue, type JobState } from "../../hub/queue/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { whyOf } from "../terminal/why_of.ts";
import type { QueueText } from "../texts/queue.ts";

function sizeOf({ bytes, totalBytes, state }: Job): string {
  if (totalBytes === null) return bytes === 0 ? "" : formatBytes(bytes);
  return endedStates.some((one) => one === state) || bytes === 0
    ? formatBytes(totalBytes)
    : `${formatBytes(bytes)} / ${formatBytes(totalBytes)}`;
}

/** Which jobs are shown. */
export interface ShowJobsOptions {
  /** In these states alone. Default: in all. */
  readonly states: readonly JobState[] | undefined;
  /** What an earlier list gave as next. Default: from the first. */
  readonly after: string | undefined;
  /** So many at most. */
  readonly limit: number;
}

/** Shows the jobs of a queue as a table or as JSON lines, and how to go on where there are more. */
export async function showJobs(
  queue: JobQueue,
  { states, after, limit }: ShowJobsOptions,
  out: Output,
  words: QueueText,
): Promise<void> {
  const rows: string[][] = [];
  let left = limit;
  let next: string | null | undefined = after;
  do {
    const page = await queue.list({ states, after: next ?? undefined, limit: Math.min(left, 1000) });
    for (const job of page.jobs) {
      out.emit(job);
      const name = printable(job.name);
      rows.push([job.id, words.states[job.state], sizeOf(job), name, whyOf(job, words, Date.now())]);
    }
    left -= page.jobs.length;
    next = page.next;
  } while (left > 0 && next !== null);
  if (rows.length > 0) out.table([words.head(), ...rows]);
  else if (!out.isJson) out.note(words.empty);
  if (next !== null) out.note(words.more(next));
}
