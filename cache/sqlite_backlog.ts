import { setTimeout } from "node:timers";
import type { SqliteConnection, Statements } from "./sqlite_connection.ts";
import type { Rows, rowSql } from "./sqlite_rows.ts";
import type { CacheKey, CacheOutcome, StoredHead } from "./store.ts";

/** What writes down uses and counts. */
export const backlogSql = {
  use: "UPDATE entries SET used = ? WHERE id = ?",
  count: `UPDATE totals SET hit = hit + ?, stale = stale + ?, revalidated = revalidated + ?, miss = miss + ?,
    saved = saved + ?`,
};

type Name = keyof typeof rowSql | keyof typeof backlogSql;

/** A small entry that waits for its turn to be written. */
export interface Pending {
  /** What it is filed under. */
  readonly key: CacheKey;
  /** Status, fields and times. */
  readonly head: StoredHead;
  /** All of its body. */
  readonly body: Uint8Array;
  /** The ids of the entries it takes the place of. */
  readonly replaces: readonly number[];
}

/** How long one round of writing down and clearing out may take, in milliseconds. */
const roundMs = 2;
/** How long a round waits for other processes, in milliseconds. */
const roundPatienceMs = 5;
/** How long a small entry waits for company, in milliseconds: one transaction for many is much cheaper. */
const batchMs = 20;
/** How many small entries may wait to be written: a cache that falls behind forgets rather than grows. */
const mostPending = 1000;
/** What only keeps the books is written this late, in milliseconds, and holds up no process that wants to end. */
const idleMs = 1000;
/** How many uses may wait as long. */
const mostIdleUses = 100;
/** How often other processes may refuse a round before what it should have written is forgotten. */
const mostRefusals = 250;
const retryMs = 20;

/** What is written a moment later, behind the caller's back: many things in one transaction, a little at a time. */
export interface Backlog {
  /** Takes in an entry. */
  add(entry: Pending): void;
  /** Notes when an entry was used, as `used` has it. */
  use(id: number, at: number): void;
  /** Counts what the cache did, and the bytes it spared. */
  count(outcome: CacheOutcome, bytes: number): void;
  /** Writes everything now, and makes room. */
  flush(): void;
  /** Writes the entries that wait, or only those for `url`. */
  settle(url?: string): void;
  /** Makes room as soon as the caller is done. */
  tidy(): void;
  /** Writes everything for the last time. */
  close(): void;
}

const noCounts = () => ({ hit: 0, stale: 0, revalidated: 0, miss: 0, saved: 0 });

/** Makes the backlog of one store. */
export function backlog(connection: SqliteConnection<Name>, rows: Rows): Backlog {
  const { transaction } = connection;
  const used = new Map<number, number>();
  let pending: Pending[] = [];
  /** What `pending` is for: every look into the store asks whether something waits for its URL. */
  const urls = new Set<string>();
  let counts: ReturnType<typeof noCounts> | undefined;
  let refusals = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerMs = Infinity;
  let isClosed = false;

  /** Sees to it that what waits gets written within about `delayMs`. */
  function schedule(delayMs: number): void {
    if (isClosed || timerMs <= delayMs) return;
    clearTimeout(timer);
    timerMs = delayMs;
    timer = setTimeout(() => {
      timerMs = Infinity;
      round(roundPatienceMs, roundMs);
    }, delayMs);
    if (delayMs >= idleMs) timer.unref();
  }

  /**
   * Writes entries, as long as `goesOn` says so, and makes room for each, so that the file stays within its limit while it
   * is being filled. Returns how many it wrote.
   */
  function write(run: Statements<Name>, entries: readonly Pending[], goesOn: (written: number) => boolean): number {
    // nobody else adds anything before the transaction ends
    let room = rows.room(run);
    let written = 0;
    for (; written < entries.length && goesOn(written); written++) {
      const { key, head, body, replaces } = entries[written]!;
      rows.remove(run, replaces);
      room -= rows.insert(run, key, head, body).bytes;
      rows.trimVariants(run, key);
      if (room >= 0) continue;
      for (let n = 0; n < 4 && rows.makeRoom(run); n++);
      room = rows.room(run);
    }
    return written;
  }

  function keepPending(left: Pending[]): void {
    pending = left;
    urls.clear();
    for (const { key } of left) urls.add(key.url);
  }

  /**
   * Writes down entries, uses and counts, and makes room.
   *
   * @param budgetMs How long it may take; what is left over comes later.
   */
  function round(patienceMs: number, budgetMs: number): void {
    const start = performance.now();
    const isLate = () => performance.now() - start >= budgetMs;
    const done = transaction<{ written: number; isCrowded: boolean } | undefined>(undefined, patienceMs, (run) => {
      const written = write(run, pending, (written) => written === 0 || !isLate());
      for (const [id, at] of used) run.use.run(at, id);
      if (counts) run.count.run(counts.hit, counts.stale, counts.revalidated, counts.miss, counts.saved);
      let isCrowded = true;
      while (isCrowded && !isLate()) isCrowded = rows.makeRoom(run);
      return { written, isCrowded };
    });
    // other processes have the file just now
    if (!done && connection.isOpen && ++refusals < mostRefusals) return schedule(retryMs);
    refusals = 0;
    keepPending(done ? pending.slice(done.written) : []);
    used.clear();
    counts = undefined;
    if (done?.isCrowded || pending.length > 0) schedule(1);
  }

  function flush(): void {
    round(1000, Infinity);
  }

  return {
    flush,

    add(entry) {
      if (isClosed) return;
      if (pending.length < mostPending) {
        pending.push(entry);
        urls.add(entry.key.url);
      }
      schedule(batchMs);
    },

    use(id, at) {
      used.set(id, at);
      schedule(used.size < mostIdleUses ? idleMs : 0);
    },

    count(outcome, bytes) {
      counts ??= noCounts();
      counts[outcome]++;
      counts.saved += bytes;
      schedule(idleMs);
    },

    settle(url) {
      if (pending.length === 0) return;
      if (url === undefined) return flush();
      if (!urls.has(url)) return;
      const these = pending.filter(({ key }) => key.url === url);
      const written = transaction(0, 50, (run) => write(run, these, () => true));
      if (written > 0) keepPending(pending.filter(({ key }) => key.url !== url));
    },

    tidy: () => schedule(0),

    close() {
      isClosed = true;
      clearTimeout(timer);
      flush();
    },
  };
}
