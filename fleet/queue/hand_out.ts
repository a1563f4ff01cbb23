import "./no_native.ts";
import { type Job as BullJob, Queue, Worker } from "bullmq";
import type { Job } from "../../hub/queue/mod.ts";
import type { RedisClient } from "../open_redis.ts";
import { jobVersion } from "./book.ts";

/** How long a job is locked for its worker without a word from it, in milliseconds: a long look at a disk is no death. */
export const lockMs = 120_000;
/** How often a job may be found without its worker, until it is given up. */
export const mostStalls = 3;
/** How long a job of a newer civikit is left alone until it is looked at again, in milliseconds. */
const leftAloneMs = 60_000;
/** The largest priority BullMQ knows. */
const mostPriority = 2_097_151;

/** All that BullMQ keeps of a job: which one, and in which form the book has it. */
interface Slip {
  readonly v: number;
}

/** A job that was handed out. */
export interface Handed {
  /** Its id in the book. */
  readonly id: string;
  /** Takes it out of the hand-out. */
  drop(): Promise<void>;
}

/** Who gets which job next: BullMQ's part, which knows ids and nothing else. */
export interface HandOut {
  /** Puts jobs in, where they are not in yet. */
  put(jobs: readonly Pick<Job, "id" | "position">[]): Promise<void>;
  /** Takes jobs out that nobody has. */
  take(ids: readonly string[]): Promise<void>;
  /** The next one for `worker`; undefined when there is none. */
  next(worker: string): Promise<Handed | undefined>;
  /** Takes out what `worker` has. */
  release(worker: string, id: string): Promise<void>;
  /** Puts back where it stood what these have, as far as `isLost` says so. What another one has is never touched. */
  giveBack(workers: readonly string[], isLost?: (id: string) => boolean): Promise<void>;
  /** Keeps what `worker` has locked. */
  prolong(worker: string, ids: readonly string[]): Promise<void>;
  /** Which of these are not in. */
  missing(ids: readonly string[]): Promise<string[]>;
  /** Lets go. */
  close(): Promise<void>;
}

const nameOf = (id: string): string => `job-${id}`;
const idOf = (name: string | undefined): string => (name ?? "").slice("job-".length);

/** Opens the hand-out whose keys begin with `prefix`; `onNewer` is told of jobs that only a newer civikit understands. */
export function openHandOut(client: RedisClient, prefix: string, onNewer: (id: string, form: number) => void): HandOut {
  const shared = { connection: client, prefix, skipVersionCheck: true } as const;
  const queue = new Queue<Slip>("jobs", {
    ...shared,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  queue.on("error", () => {}); // each call tells its own
  let worker: Worker<Slip> | undefined;

  /** Only who takes jobs looks for those that died. */
  async function taker(): Promise<Worker<Slip>> {
    if (worker !== undefined) return worker;
    worker = new Worker<Slip>("jobs", null, {
      ...{ ...shared, autorun: false, lockDuration: lockMs, maxStalledCount: mostStalls, stalledInterval: 30_000 },
      ...{ removeOnComplete: { count: 0 }, removeOnFail: { count: 0 }, skipLockRenewal: true },
    });
    worker.on("error", () => {});
    await worker.waitUntilReady();
    await worker.startStalledCheckTimer();
    return worker;
  }

  /** Whatever became of its lock: the book says what a job is, and what is in too much is dropped when it comes up. */
  async function over(job: BullJob<Slip>, token: string): Promise<void> {
    await job.moveToCompleted(undefined, token, false).catch(() => {});
  }

  return {
    async put(jobs) {
      if (jobs.length === 0) return;
      await queue.addBulk(jobs.map(({ id, position }) => ({
        name: "file",
        data: { v: jobVersion },
        opts: { jobId: nameOf(id), priority: 1 + (position - 1) % mostPriority },
      })));
    },
    async take(ids) {
      await Promise.all(ids.map((id) => queue.remove(nameOf(id)).catch(() => 0)));
    },
    async next(token) {
      const taking = await taker();
      for (;;) {
        const job = await taking.getNextJob(token, { block: false });
        if (job === undefined) return undefined;
        if (job.data.v <= jobVersion) return { id: idOf(job.id), drop: () => over(job, token) };
        onNewer(idOf(job.id), job.data.v);
        await job.moveToDelayed(Date.now() + leftAloneMs, token);
      }
    },
    async release(token, id) {
      const job = await queue.getJob(nameOf(id));
      if (job !== undefined) await over(job, token);
    },
    async giveBack(tokens, isLost = () => true) {
      if (tokens.length === 0) return;
      const names = await client.lrange(queue.toKey("active"), 0, -1);
      if (names.length === 0) return;
      const locks = await client.mget(names.map((name) => `${queue.toKey(name)}:lock`));
      for (const [index, name] of names.entries()) {
        const token = locks[index];
        if (token == null || !tokens.includes(token) || !isLost(idOf(name))) continue;
        // one step that looks at the lock once more: what has gone on to another one meanwhile is that one's
        await (await queue.getJob(name))?.moveToWait(token).catch(() => {});
      }
    },
    async prolong(token, ids) {
      if (ids.length === 0) return;
      await (await taker()).extendJobLocks(ids.map(nameOf), ids.map(() => token), lockMs);
    },
    async missing(ids) {
      if (ids.length === 0) return [];
      const asked = client.pipeline();
      for (const id of ids) asked.exists(queue.toKey(nameOf(id)));
      const answers = await asked.exec() ?? [];
      return ids.filter((_, index) => answers[index]?.[1] === 0);
    },
    async close() {
      await worker?.close(true);
      await queue.close();
    },
  };
}
