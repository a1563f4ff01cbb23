import { wholeWithin, within } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { Job } from "../../hub/queue/mod.ts";
import { abandoned } from "../../hub/queue/engine.ts";
import { isReady, jobVersion } from "./book.ts";
import type { FleetWorkers } from "./fleet_workers.ts";
import { mostStalls } from "./hand_out.ts";
import { batch, changing, settle, type SharedJobs } from "./shared_jobs.ts";

/** How often is looked for jobs that wait and are handed out to nobody, in milliseconds. */
const mendMs = 5000;

/** How jobs come to workers; see `JobQueue.lease()`. */
export type LeaseJobs = (worker: string, most: number, leaseMs: number) => Promise<Job[]>;

/** Hands jobs out, after it has taken back what dead workers had and put in what was forgotten. */
export function leaseJobs(shared: SharedJobs, workers: FleetWorkers, clock: Clock): LeaseJobs {
  const { book, handOut, now } = shared;
  let mendedMs = -Infinity;

  /** Frees what `worker` had and lost. A job that has killed too often goes to nobody. */
  async function free(worker: string): Promise<void> {
    for (const id of await book.heldBy(worker)) {
      const [entry] = await book.read([id]);
      if (entry === undefined || entry.job.worker !== worker) continue;
      const isNewBytes = entry.job.bytes > entry.stalledBytes;
      const stalls = isNewBytes ? 1 : entry.stalls + 1;
      const left = abandoned(entry.job);
      const why = { code: "internal_error", message: `${stalls} workers died or fell silent with it` } as const;
      const isGivenUp = stalls > mostStalls && left.state === "waiting";
      const changed = isGivenUp ? { ...left, state: "failed", code: why.code, why } as const : left;
      if (!await book.write([{ ...changing(entry, changed, now()), stalls }])) continue;
      await handOut.release(worker, id);
      await settle(shared, [{ ...entry, job: { ...entry.job, ...changed } }]);
    }
  }

  async function takeBack(worker: string): Promise<void> {
    const all = await workers.all(now());
    const dead = all.filter(({ id, isAlive }) => !isAlive && id !== worker).map(({ id }) => id);
    for (const id of dead) await free(id);
    await handOut.giveBack(dead);
    await workers.tidy(all.filter(({ id }) => id !== worker), now());
  }

  /**
   * Puts in what waits and is not in: a process ended between the book and the hand-out; and what `worker` was handed and
   * knows nothing of: the answer got lost, or the book could not be written.
   */
  async function mend(worker: string): Promise<void> {
    if (clock.now() - mendedMs < mendMs) return;
    mendedMs = clock.now();
    const waiting = (await book.read(await book.inState("waiting", batch))).filter((entry) => entry !== undefined);
    const ready = waiting.filter((entry) => isReady(entry, now()) && entry.version <= jobVersion);
    const ids = new Set(ready.map(({ job }) => job.id));
    await handOut.giveBack([worker], (id) => ids.has(id));
    const missing = new Set(await handOut.missing([...ids]));
    await handOut.put(ready.map(({ job }) => job).filter(({ id }) => missing.has(id)));
  }

  async function take(worker: string, most: number): Promise<Job[]> {
    const jobs: Job[] = [];
    while (jobs.length < most) {
      const handed = await handOut.next(worker);
      if (handed === undefined) break;
      let isOurs = false;
      const entry = await book.alter(handed.id, (entry) => {
        const { version, job } = entry;
        // an answer that got lost with its connection: it was written the first time already
        const isTaken = job.worker === worker && job.state === "resolving" && !jobs.some(({ id }) => id === job.id);
        isOurs = version <= jobVersion && (isTaken || isReady(entry, now()));
        return isOurs && !isTaken ? { state: "resolving", worker, why: null, notBeforeMs: null } : undefined;
      }, now());
      if (isOurs && entry !== undefined) jobs.push(entry.job);
      else await handed.drop();
    }
    return jobs;
  }

  return async function lease(worker, most, leaseMs) {
    wholeWithin("most", most, 0, 1000);
    within("leaseMs", leaseMs, 1);
    await workers.show(worker, now(), now() + leaseMs);
    await takeBack(worker);
    if (most === 0 || await workers.isDraining(worker)) return [];
    const due = await book.due(now(), batch);
    await handOut.put((await book.read(due)).flatMap((entry) => entry === undefined ? [] : [entry.job]));
    await book.unpark(due);
    const jobs = await take(worker, most);
    if (jobs.length === most) return jobs;
    await mend(worker);
    return [...jobs, ...await take(worker, most - jobs.length)];
  };
}
