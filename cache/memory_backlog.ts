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
  /** When it was stored, in milliseconds since the epoch. */
  readonly storedMs: number;
}

/** Entries that are filed when their callers have gone on. */
export interface MemoryBacklog {
  /** Takes in an entry. */
  add(entry: WaitingEntry): void;
  /** Whether one waits for this URL. */
  waits(url: string): boolean;
  /** Files those that wait, in their order. */
  settle(): void;
}

/** So many entries are filed together. Fewer may wait for company for hours: whoever looks for one has them filed. */
const batch = 32;
/** So many bytes of bodies do not wait for company. */
const batchBytes = 128 * 1024;
/** How many entries may wait where they come faster than the event loop turns. */
const mostWaiting = 100;

/**
 * Makes the backlog of one store. To file an entry by itself takes as long as to send a request, for nothing it needs is
 * at hand by then; among many it takes a quarter of that. It is done while a request is on its way: not in the turn of the
 * event loop in which a caller reads the answer and asks again, but in the one after.
 *
 * @param file Files an entry.
 */
export function memoryBacklog(file: (entry: WaitingEntry) => void): MemoryBacklog {
  let waiting: WaitingEntry[] = [];
  let waitingBytes = 0;
  /** What they are for: every look into the store asks. */
  const urls = new Set<string>();
  let isDue = false;

  function settle(): void {
    if (waiting.length === 0) return;
    const these = waiting;
    waiting = [];
    waitingBytes = 0;
    urls.clear();
    these.forEach(file);
  }

  function settleSoon(): void {
    if (isDue) return;
    isDue = true;
    setImmediate(() =>
      setImmediate(() => {
        isDue = false;
        settle();
      })
    );
  }

  return {
    settle,
    waits: (url) => urls.has(url),

    add(entry) {
      waiting.push(entry);
      waitingBytes += entry.bodyBytes;
      urls.add(entry.key.url);
      if (waiting.length >= mostWaiting) settle();
      else if (waiting.length >= batch || waitingBytes >= batchBytes) settleSoon();
    },
  };
}
