import type { SqliteFile } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import { changeSignal } from "./change_signal.ts";
import type { QueueChange } from "./job_queue.ts";
import { jobOf, type JobRow, type statements } from "./sqlite_rows.ts";

/** How often it is asked whether another process has changed something, in milliseconds. */
export const noticeMs = 250;
/** Changes told at once. */
const mostChanges = 1000;
/** How long it is kept that a job was removed, in milliseconds. */
export const keepRemovedMs = 3_600_000;

/** Tells of what changes in the file. */
export interface SqliteChanges {
  /** Something was changed by this connection. */
  wake(): void;
  /** See `JobQueue.events()`. */
  events(signal: AbortSignal): AsyncIterable<QueueChange>;
  /** Ends them all. */
  close(): void;
}

/** What changes in the file, whoever changes it: SQLite counts what other connections commit, which costs next to nothing to ask. */
export function sqliteChanges(file: SqliteFile<keyof typeof statements>, clock: Clock): SqliteChanges {
  const wakes = changeSignal(clock, noticeMs);
  const closing = new AbortController();

  const revision = () => Number(file.use("reading", () => file.run.revision.get())!["number"]);
  /** Another number after every change, of other connections and of this one. */
  const version = () => `${file.use("reading", () => file.run.version.get())!["data_version"]} ${wakes.count}`;

  function since(last: number): QueueChange {
    return file.use("reading", () => {
      const rows = file.run.changed.all(last, mostChanges + 1) as unknown as JobRow[];
      const gone = file.run.removed.all(last, mostChanges + 1);
      return {
        jobs: rows.slice(0, mostChanges).map(jobOf),
        removed: gone.slice(0, mostChanges).map(({ id }) => String(id)),
        isComplete: rows.length <= mostChanges && gone.length <= mostChanges,
      };
    });
  }

  async function* follow(signal: AbortSignal, first: number): AsyncGenerator<QueueChange, void, undefined> {
    let last = first;
    let seen: string | undefined;
    let askedMs = clock.date();
    while (!signal.aborted) {
      const asleepMs = clock.date() - askedMs;
      askedMs = clock.date();
      const now = version();
      const newest = seen === now ? last : revision();
      seen = now;
      if (newest < last) {
        // a damaged file was set aside: this is another one, which counts from the start
        last = newest;
        yield { jobs: [], removed: [], isComplete: false };
      } else if (newest > last) {
        const change = since(last);
        last = newest;
        yield asleepMs < keepRemovedMs ? change : { ...change, isComplete: false };
      } else await wakes.wait(wakes.count, signal);
    }
  }

  return {
    wake: wakes.notify,
    events: (signal) => follow(AbortSignal.any([signal, closing.signal]), revision()),
    close: () => closing.abort(),
  };
}
