import type { QueueChange } from "../../hub/queue/mod.ts";
import { changeSignal } from "../../hub/queue/engine.ts";
import type { Clock } from "../../transport/mod.ts";
import { anotherConnection, type RedisClient } from "../open_redis.ts";
import type { Book } from "./book.ts";

/** How often it is asked for changes whose notice may have been lost, in milliseconds. */
export const noticeMs = 1000;
/** Changes told at once. */
const mostChanges = 1000;

/** Tells of what changes in a book. */
export interface BookChanges {
  /** See `JobQueue.events()`. */
  events(signal: AbortSignal): AsyncIterable<QueueChange>;
  /** Ends them all. */
  close(): void;
}

/** What changes in the book, whoever changes it: told by Redis at once, and asked for now and then. */
export function bookChanges(client: RedisClient, book: Book, clock: Clock): BookChanges {
  const closing = new AbortController();
  const notices = changeSignal(clock, noticeMs);
  let ear: RedisClient | undefined;

  /** One connection that listens, for all who want to hear. */
  function listen(): void {
    if (ear !== undefined) return;
    ear = anotherConnection(client);
    ear.on("error", () => {}); // it connects anew; until then it is asked for
    ear.on("message", notices.notify);
    ear.on("ready", notices.notify);
    ear.subscribe(`${book.base}:changes`).catch(() => {});
  }

  const revision = async () => Number(await client.get(`${book.base}:revision`) ?? 0);

  async function since(last: number): Promise<QueueChange> {
    const page = (name: string) =>
      client.zrangebyscore(`${book.base}:${name}`, `(${last}`, "+inf", "LIMIT", 0, mostChanges + 1);
    const [changed, removed] = await Promise.all([page("changed"), page("removed")]);
    const jobs = await book.read(changed.slice(0, mostChanges));
    return {
      jobs: jobs.flatMap((entry) => entry === undefined ? [] : [entry.job]),
      removed: removed.slice(0, mostChanges),
      isComplete: changed.length <= mostChanges && removed.length <= mostChanges,
    };
  }

  async function* follow(signal: AbortSignal, first: Promise<number>): AsyncGenerator<QueueChange, void, undefined> {
    let last = await first;
    while (!signal.aborted) {
      const heard = notices.count;
      const newest = await revision();
      if (newest < last) {
        // it has lost what it knew: whoever shows the queue reads it again
        last = newest;
        yield { jobs: [], removed: [], isComplete: false };
      } else if (newest > last) {
        const change = await since(last);
        last = newest;
        yield change;
      } else await notices.wait(heard, signal);
    }
  }

  return {
    events(signal) {
      listen();
      const first = revision();
      first.catch(() => {}); // told where it is waited for
      return follow(AbortSignal.any([signal, closing.signal]), first);
    },
    close() {
      closing.abort();
      ear?.disconnect();
    },
  };
}
