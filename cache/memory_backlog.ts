import { setImmediate } from "node:timers";
import type { CacheEntry, CacheKey, StoredHead } from "./store.ts";

/** A whole entry that is not filed yet. */
export interface WaitingEntry {
  /** What it is filed under. */
  readonly key: CacheKey;
  /** Status, fields and times. */
  readonly head: StoredHead;
  /** Its body. */
  readonly body: readonly Uint8Array<ArrayBuffer>[];
  /** Size of the body, in bytes. */
  readonly bodyBytes: number;
  /** What it takes the place of. */
  readonly replaces: readonly CacheEntry[];
}

/** Entries that are filed when their callers have gone on. */
export interface MemoryBacklog {
  /** Takes in an entry. */
  add(entry: WaitingEntry): void;
  /** Files those that wait; before a look at one URL, only if one of it does. */
  settle(url?: string): void;
}

/** How many entries may wait. */
const mostWaiting = 100;

/**
 * Makes the backlog of one store. To file an entry takes as long as to send the next request, and while that one is on
 * its way there is time: so it is not done in the turn of the event loop in which the caller reads the answer and asks
 * again, but in the one after. Whoever looks sooner finds it filed all the same.
 *
 * @param file Files an entry.
 */
export function memoryBacklog(file: (entry: WaitingEntry) => void): MemoryBacklog {
  let waiting: WaitingEntry[] = [];

  function settle(url?: string): void {
    if (waiting.length === 0 || (url !== undefined && !waiting.some(({ key }) => key.url === url))) return;
    const these = waiting;
    waiting = [];
    these.forEach(file);
  }

  return {
    settle,

    add(entry) {
      if (waiting.length === 0) setImmediate(() => setImmediate(settle));
      waiting.push(entry);
      if (waiting.length > mostWaiting) settle();
    },
  };
}
