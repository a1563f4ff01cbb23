import type { Site } from "../../api/mod.ts";
import { systemClock, wholeWithin } from "../../transport/internal.ts";
import { CivikitError, type Clock, InputError } from "../../transport/mod.ts";
import type { JobQueue } from "../../hub/queue/mod.ts";
import { ended, isWorkersOwn } from "../../hub/queue/engine.ts";
import { factsAt, type RedisClient } from "../open_redis.ts";
import type { FleetEngine } from "../redis_facts.ts";
import { addJobs } from "./add_jobs.ts";
import { isReady, openBook } from "./book.ts";
import { bookChanges, noticeMs } from "./book_changes.ts";
import { changeAllJobs, changeJobs } from "./change_jobs.ts";
import { type FleetWorker, fleetWorkers } from "./fleet_workers.ts";
import { openHandOut } from "./hand_out.ts";
import { joinFleet } from "./join_fleet.ts";
import { leaseJobs } from "./lease_jobs.ts";

/** Options of {@linkcode bullQueue}. */
export interface BullQueueOptions {
  /** Redis or Valkey, opened by `openRedis()`. It stays open when the queue closes. */
  readonly redis: RedisClient;
  /** What all keys begin with; fleets with different ones do not see each other. Default: `{civikit}`. */
  readonly prefix?: string | undefined;
  /** Whose references are understood. Default: Civitai's. */
  readonly site?: Partial<Site> | undefined;
  /** Where the files of this fleet go, such as `s3://bucket/prefix`: two that differ are not one fleet. Default: nowhere. */
  readonly store?: string | undefined;
  /** A file of this machine, which need not be there: beside it workers hold locks, so that a dead one is known at once. Default: only the time tells. */
  readonly marks?: string | undefined;
  /** Told of jobs that only a newer civikit understands; they stay where they are. */
  readonly onNewer?: ((id: string, form: number) => void) | undefined;
  /**
   * How long whoever asks or wishes waits for Redis, in milliseconds, until it is told that nobody answers. Workers wait on:
   * what they have to say has to be said. Default 10000.
   */
  readonly patienceMs?: number | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
}

/** The queue of a fleet. */
export interface BullQueue extends JobQueue {
  /** Who works on this queue, on which machine. */
  workers(): Promise<FleetWorker[]>;
  /** Lets workers take no more jobs. Those started later take them. */
  drain(workers: readonly string[]): Promise<void>;
  /** Whether a worker takes no more, and has nothing left. */
  isDrained(worker: string): Promise<boolean>;
  /** How Redis is. */
  engine(): Promise<FleetEngine>;
}

/**
 * A queue that several machines share. A book in Redis says what every job is, in one step with all its indexes; BullMQ
 * hands out ids in that order, locks them and finds again what a dead machine had. Where the two differ the book is
 * right: what is handed out too much is dropped, what is missing is put in again. So nothing is lost at whatever instant
 * a process ends.
 *
 * Jobs hold what a reference says: never a key, never a signed URL. Single jobs cannot be moved (`abilities.move`).
 *
 * @param options See {@linkcode BullQueueOptions}.
 * @throws {InputError} `invalid_config`: another fleet has that prefix.
 * @throws {DiskError} `newer_format`: the fleet is one of a newer civikit.
 * @example
 * ```ts ignore
 * import { bullQueue, openRedis } from "@civikit/civikit/fleet";
 *
 * const redis = await openRedis("redis://127.0.0.1:6379");
 * await using queue = await bullQueue({ redis });
 * await queue.add([{ reference: "128713" }]);
 * const [job] = await queue.lease("me", 1, 120_000);
 * console.log(job?.state); // resolving
 * ```
 */
export async function bullQueue({
  redis,
  prefix = "{civikit}",
  site = {},
  store,
  marks,
  onNewer = () => {},
  patienceMs = 10_000,
  clock = systemClock,
}: BullQueueOptions): Promise<BullQueue> {
  await joinFleet(redis, prefix, { site: site.baseUrl ?? "", store: store ?? "" }, clock.date());
  const book = openBook(redis, `${prefix}:book`);
  const handOut = openHandOut(redis, `${prefix}:bull`, onNewer);
  const changes = bookChanges(redis, book, clock);
  const workers = fleetWorkers(redis, book.base, marks);
  const now = () => clock.date();
  const shared = { book, handOut, now };
  const lease = leaseJobs(shared, workers, clock);

  async function close(): Promise<void> {
    changes.close();
    try {
      // a Redis that is away notices by the time that this one is gone
      if (redis.status === "ready") {
        for (const worker of workers.own()) if ((await book.heldBy(worker)).length === 0) await workers.forget(worker);
      }
    } finally {
      workers.close();
      await handOut.close().catch(() => {});
    }
  }

  /** What is asked or wished, in time. */
  async function inTime<T>(work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = systemClock.after(patienceMs, () =>
      reject(
        new CivikitError(`asking the queue of the fleet: Redis has not answered for ${patienceMs / 1000} s`, {
          code: "connect_failed",
        }),
      ));
    try {
      return await Promise.race([work, promise]);
    } finally {
      cancel();
    }
  }

  return {
    abilities: { move: false, isShared: true, noticeMs },
    add: (jobs, wish) => inTime(addJobs(shared, jobs, { wish, site })),
    lease,
    async renew(worker, leaseMs) {
      await workers.show(worker, now(), now() + leaseMs);
      const ids = await book.heldBy(worker);
      await handOut.prolong(worker, ids);
      const entries = (await book.read(ids)).filter((entry) => entry !== undefined);
      return entries.map(({ job }) => job).sort((one, other) => one.position - other.position);
    },
    async update(worker, id, progress) {
      let isOurs = false;
      await book.alter(id, ({ job }) => {
        isOurs = isWorkersOwn(job, worker);
        if (!isOurs) return undefined;
        return Object.fromEntries(Object.entries(progress).filter(([, value]) => value !== undefined));
      }, now());
      return isOurs;
    },
    async finish(worker, id, ending) {
      let isOurs = false;
      const entry = await book.alter(id, ({ job }) => {
        isOurs = job.worker === worker;
        return isOurs ? ended(job, ending) : undefined;
      }, now());
      await handOut.release(worker, id);
      if (!isOurs || entry === undefined) return undefined;
      if (isReady(entry, now())) await handOut.put([entry.job]);
      return entry.job;
    },
    async change(id, action) {
      const [entry] = await inTime(changeJobs(shared, [id], action, true));
      return entry?.job;
    },
    changeAll: (states, action) => inTime(changeAllJobs(shared, states, action)),
    async move(id) {
      if ((await inTime(book.read([id])))[0] === undefined) return undefined;
      throw new InputError(
        `moving job "${id}": the queue of a fleet moves no single jobs; ask "skip" for those before`,
        { code: "invalid_argument", input: id },
      );
    },
    async list(which = {}) {
      wholeWithin("limit", which.limit ?? 100, 1, 1000);
      return await inTime(book.list(which));
    },
    async get(id) {
      return (await inTime(book.read([id])))[0]?.job;
    },
    queued: ({ versions = [], models = [], urls = [] }) => inTime(book.queued(versions, models, urls)),
    counts: () => inTime(book.counts()),
    events: changes.events,
    async workers() {
      const all = await inTime(workers.all(now()));
      return await Promise.all(all.map(async (one) => ({ ...one, jobs: (await book.heldBy(one.id)).length })));
    },
    drain: (ids) => inTime(workers.drain(ids)),
    isDrained: async (worker) => await workers.isDraining(worker) && (await book.heldBy(worker)).length === 0,
    async engine() {
      const { version, usedBytes, maxBytes, isDurable, forgets } = await inTime(factsAt(redis, book.base));
      return { version, usedBytes, maxBytes, isDurable, forgets };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
