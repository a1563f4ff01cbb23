import type { Site } from "../../api/mod.ts";
import { systemClock, wholeWithin, within } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { AddedJob, Job, JobAction, JobQueue, JobState, NewJob } from "../../hub/queue/mod.ts";
import {
  abandoned,
  anew,
  beginsAnew,
  type CheckedJob,
  checkedJob,
  checkedWish,
  ended,
  isAllowed,
  isWorkersOwn,
  keyReused,
  wished,
} from "../../hub/queue/engine.ts";
import { CivikitError, InputError } from "../../transport/mod.ts";
import type { RedisClient } from "../open_redis.ts";
import { type Entry, isReady, jobVersion, openBook, type Write } from "./book.ts";
import { bookChanges, noticeMs } from "./book_changes.ts";
import { type FleetWorker, fleetWorkers } from "./fleet_workers.ts";
import { joinFleet } from "./join_fleet.ts";
import { mostStalls, openHandOut } from "./hand_out.ts";

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

/** What carries a fleet. */
export interface FleetEngine {
  /** Its version, such as `redis 7.0.15`. */
  readonly version: string;
  /** Memory it uses, in bytes. */
  readonly usedBytes: number;
  /** Memory it may use, in bytes; null: no bound but the machine's. */
  readonly maxBytes: number | null;
  /** Whether it writes down what it is told, so that a restart loses nothing. */
  readonly isDurable: boolean;
}

/** What Redis says of itself. */
async function engineOf(client: RedisClient): Promise<FleetEngine> {
  const text = await client.info();
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1];
  const valkey = fact("valkey_version");
  const most = Number(fact("maxmemory") ?? 0);
  return {
    version: valkey === undefined ? `redis ${fact("redis_version") ?? "?"}` : `valkey ${valkey}`,
    usedBytes: Number(fact("used_memory") ?? 0),
    maxBytes: most === 0 ? null : most,
    isDurable: fact("aof_enabled") === "1",
  };
}

/** Changes thought through at once. */
const batch = 500;
/** How often is looked for jobs that wait and are not in the hand-out, in milliseconds. */
const mendMs = 5000;
/** How often jobs are thought through anew because others were faster. */
const mostTries = 100;

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
  const ours = new Set<string>();
  let mendedMs = -Infinity;

  const now = () => clock.date();
  const only = (entry: Entry, changed: Partial<Job>): Write => ({
    entry,
    job: { ...entry.job, ...changed, changedMs: now() },
  });

  /** Puts into the hand-out what may begin, and takes out what may not. */
  async function settle(entries: readonly Entry[]): Promise<void> {
    const free = entries.filter(({ job }) => job.worker === null);
    const ready = free.filter((entry) => isReady(entry, now()));
    await handOut.take(free.filter((entry) => !ready.includes(entry)).map(({ job }) => job.id));
    await handOut.put(ready.map(({ job }) => job));
  }

  function fresh(checked: CheckedJob, number: number): Entry {
    const { key, reference, options, subject } = checked;
    const nothing = { code: null, why: null, verdict: null, path: null, worker: null, notBeforeMs: null };
    const job: Job = {
      ...{ id: String(number), key, reference, options, position: number, state: "waiting", name: reference },
      ...{ bytes: 0, totalBytes: null, bytesPerSecond: 0, attempts: 0, createdMs: now(), changedMs: now(), ...nothing },
    };
    return { job, subject, version: jobVersion, stalls: 0, stalledBytes: 0, was: "" };
  }

  async function add(jobs: readonly NewJob[], wish?: string): Promise<AddedJob[]> {
    const checked = jobs.map((job) => checkedJob(job, site));
    const named = wish === undefined ? undefined : checkedWish(wish, checked);
    const wanted = named?.jobs ?? checked;
    for (let time = 0; time < mostTries; time++) {
      const said = named && await book.wished(named);
      if (said !== undefined && said !== named!.digest) throw keyReused(wish!);
      const known = await book.byKeys(wanted.map(({ key }) => key));
      let number = await book.numbers(wanted.length);
      const writes = new Map<string, Write>();
      const added = wanted.map((job, index): AddedJob => {
        const before = writes.get(job.key);
        if (before?.job !== undefined) return { job: before.job, isNew: false };
        const entry = known[index];
        if (entry !== undefined && !beginsAnew(entry.job, job.isNamed)) return { job: entry.job, isNew: false };
        const place = number++;
        const made = entry === undefined ? fresh(job, place) : entry;
        const write = { ...only(made, entry === undefined ? {} : { ...anew, position: place }), stalls: 0 };
        writes.set(job.key, write);
        return { job: write.job!, isNew: true };
      });
      if (!await book.write([...writes.values()], named)) continue;
      await handOut.put(added.filter(({ isNew }) => isNew).map(({ job }) => job));
      return added;
    }
    throw new Error("adding jobs: others add the same all the time");
  }

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
      if (!await book.write([{ ...only(entry, changed), stalls }])) continue;
      await handOut.release(worker, id);
      await settle([{ ...entry, job: { ...entry.job, ...changed } }]);
    }
  }

  async function takeBack(worker: string): Promise<void> {
    const all = await workers.all(now());
    for (const { id, isAlive } of all) if (!isAlive && id !== worker) await free(id);
    await workers.tidy(all.filter(({ id }) => id !== worker), now());
  }

  /** Puts in what waits and is not in: a process ended between the book and the hand-out. */
  async function mend(): Promise<void> {
    if (clock.now() - mendedMs < mendMs) return;
    mendedMs = clock.now();
    const waiting = (await book.read(await book.inState("waiting", batch))).filter((entry) => entry !== undefined);
    const ready = waiting.filter((entry) => isReady(entry, now()) && entry.version <= jobVersion);
    const missing = new Set(await handOut.missing(ready.map(({ job }) => job.id)));
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

  async function lease(worker: string, most: number, leaseMs: number): Promise<Job[]> {
    wholeWithin("most", most, 0, 1000);
    within("leaseMs", leaseMs, 1);
    ours.add(worker);
    await workers.show(worker, now(), now() + leaseMs);
    await takeBack(worker);
    if (most === 0 || await workers.isDraining(worker)) return [];
    const due = await book.due(now(), batch);
    await handOut.put((await book.read(due)).flatMap((entry) => entry === undefined ? [] : [entry.job]));
    await book.unpark(due);
    const jobs = await take(worker, most);
    if (jobs.length === most) return jobs;
    await mend();
    return [...jobs, ...await take(worker, most - jobs.length)];
  }

  /** What a wish makes of jobs, all at once. */
  async function wish(ids: readonly string[], action: JobAction, isStrict: boolean): Promise<Entry[]> {
    for (let time = 0; time < mostTries; time++) {
      const found = (await book.read(ids)).filter((entry) => entry !== undefined);
      const entries = isStrict ? found : found.filter(({ job }) => isAllowed(action, job.state));
      const newer = entries.find(({ version }) => version > jobVersion);
      if (newer !== undefined) {
        if (!isStrict) return [];
        const { id, why } = newer.job;
        throw new InputError(`asking "${action}" for job "${id}": ${why?.message}`, {
          ...{ code: "invalid_argument", input: id },
        });
      }
      let place = action === "skip" ? await book.numbers(entries.length) : 0;
      const writes = entries.flatMap((entry): Write[] => {
        if (action === "remove") return [{ entry, job: undefined }];
        const changed = wished(entry.job, action, place++);
        return changed === undefined ? [] : [{ ...only(entry, changed), stalls: 0 }];
      });
      if (!await book.write(writes)) continue;
      const after = new Map(writes.map(({ entry, job }) => [entry.job.id, job]));
      const left = entries.map((entry) => ({ ...entry, job: after.get(entry.job.id) ?? entry.job }));
      const gone = writes.filter(({ entry, job }) => job === undefined && entry.job.worker === null);
      const moved = action === "skip" ? left : [];
      await handOut.take([...gone.map(({ entry }) => entry), ...moved].map(({ job }) => job.id));
      await settle(left.filter(({ job }) => after.get(job.id) !== undefined));
      return left;
    }
    throw new Error(`asking "${action}": others change the same jobs all the time`);
  }

  async function changeAll(states: readonly JobState[], action: JobAction): Promise<number> {
    let changed = 0;
    for (const state of states.filter((state) => isAllowed(action, state))) {
      const ids = await book.inState(state);
      for (let at = 0; at < ids.length; at += batch) {
        changed += (await wish(ids.slice(at, at + batch), action, false)).length;
      }
    }
    return changed;
  }

  async function close(): Promise<void> {
    changes.close();
    try {
      // a Redis that is away notices by the time that this one is gone
      if (redis.status === "ready") {
        for (const worker of ours) if ((await book.heldBy(worker)).length === 0) await workers.forget(worker);
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
    add: (jobs, name) => inTime(add(jobs, name)),
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
      const [entry] = await inTime(wish([id], action, true));
      return entry?.job;
    },
    changeAll: (states, action) => inTime(changeAll(states, action)),
    async move(id) {
      if ((await inTime(book.read([id])))[0] === undefined) return undefined;
      throw new InputError(
        `moving job "${id}": the queue of a fleet moves no single jobs; ask "skip" for those before`,
        {
          ...{ code: "invalid_argument", input: id },
        },
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
    engine: () => inTime(engineOf(redis)),
    close,
    [Symbol.asyncDispose]: close,
  };
}
