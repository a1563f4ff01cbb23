import { openSqlite, systemClock, wholeWithin, within } from "../../transport/internal.ts";
import { type Clock, InputError } from "../../transport/mod.ts";
import type { Site } from "../../api/client/site.ts";
import { type CheckedJob, checkedJob, checkedWish, keyReused } from "./check_job.ts";
import type { Job } from "./job.ts";
import type { AddedJob, JobAction, JobMove, JobQueue } from "./job_queue.ts";
import { keepRemovedMs, noticeMs, sqliteChanges } from "./sqlite_changes.ts";
import { countJobs, listJobs, listWorkers, queuedOf } from "./sqlite_list.ts";
import { lastPlace, placeBeside } from "./sqlite_places.ts";
import { applicationId, jobOf, type JobRow, migrations, savedOf, statements } from "./sqlite_rows.ts";
import { abandoned, anew, beginsAnew, ended, isAllowed, isWorkersOwn, type JobChange, wished } from "./transitions.ts";
import { workerMarks } from "./worker_marks.ts";

/** Options of {@linkcode sqliteQueue}. */
export interface SqliteQueueOptions {
  /** Whose references are understood. Default: Civitai's. */
  readonly site?: Partial<Site> | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
  /** Told where a damaged file was put; an empty queue is in its place then. */
  readonly onSetAside?: ((path: string) => void) | undefined;
}

/** How long to wait for other processes, in milliseconds. */
const patienceMs = 5000;
/** How long it is known what a wish named, in milliseconds. */
const keepWishesMs = 30 * 24 * 3_600_000;

/**
 * A queue in an SQLite file, for several processes at once: each call is one transaction, and a process that is killed
 * takes nothing with it. What a worker had is free again when its lease runs out, or at once where it is seen to be dead.
 * A damaged file is renamed `NAME.corrupt-TIME` and replaced; one of a newer civikit is refused, and left as it is.
 *
 * @param path Where the file is or shall be, `:memory:` for none; it gets rights 0600.
 * @param options `site`, `clock` and `onSetAside`, see {@linkcode SqliteQueueOptions}.
 * @throws {DiskError} `newer_format`, `invalid_file`: not ours to change; `permission_denied`, `no_space`, `invalid_path`.
 * @example
 * ```ts
 * import { sqliteQueue } from "./mod.ts";
 *
 * await using queue = sqliteQueue(":memory:");
 * const [added] = await queue.add([{ reference: "128713" }]);
 * console.log(added?.job.state); // waiting
 * const [job] = await queue.lease("me", 1, 30_000);
 * if (job !== undefined) await queue.finish("me", job.id, { state: "failed", code: "not_found" });
 * console.log((await queue.counts()).failed); // 1
 * ```
 */
export function sqliteQueue(
  path: string,
  { site = {}, clock = systemClock, onSetAside }: SqliteQueueOptions = {},
): JobQueue {
  const file = openSqlite(path, {
    applicationId,
    migrations,
    statements,
    patienceMs,
    pragmas: "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256",
    onSetAside,
  });
  const changes = sqliteChanges(file, clock);
  const marks = workerMarks(path === ":memory:" ? undefined : path);

  /** One transaction; what it saves has one revision, which others look for. */
  function change<T>(action: string, work: (save: Save) => T): T {
    let revision: number | undefined;
    const next = () => revision ??= Number(file.run.nextRevision.get()!["number"]);
    const result = file.transaction(action, () =>
      work({
        next,
        save(job, changed) {
          const saved = { ...job, ...changed, changedMs: clock.date() };
          file.run.save.run({ ...savedOf(saved), revision: next() });
          return saved;
        },
      }));
    if (revision !== undefined) changes.wake();
    return result;
  }

  function found(row: unknown): Job | undefined {
    return row === undefined ? undefined : jobOf(row as JobRow);
  }

  const jobsOf = (rows: unknown[]) => (rows as JobRow[]).map(jobOf);
  const read = (id: string) => /^\d{1,15}$/.test(id) ? found(file.run.get.get(Number(id))) : undefined;

  function put(
    { key, isNamed, reference, options, subject }: CheckedJob,
    position: number,
    { next, save }: Save,
  ): AddedJob {
    const known = found(file.run.byKey.get(key));
    if (known !== undefined && beginsAnew(known, isNamed)) {
      return { job: save(known, { ...anew, position }), isNew: true };
    }
    if (known !== undefined) return { job: known, isNew: false };
    const row = { key, reference, options: JSON.stringify(options), position, now: clock.date(), revision: next() };
    return { job: found(file.run.insert.get({ ...row, subject }))!, isNew: true };
  }

  function remove({ id }: Job, { next }: Save): void {
    file.run.remove.run(Number(id));
    file.run.noteRemoved.run(Number(id), next(), clock.date());
    file.run.forgetRemoved.run(clock.date() - keepRemovedMs);
  }

  function act(job: Job, action: JobAction, save: Save): Job {
    if (action === "remove") {
      remove(job, save);
      return job;
    }
    const changed = wished(job, action, lastPlace(file));
    return changed === undefined ? job : save.save(job, changed);
  }

  function show(worker: string): void {
    marks.show(worker);
    const started = Math.round(performance.timeOrigin);
    file.run.seeWorker.run({ id: worker, pid: Deno.pid, started, now: clock.date() });
  }

  /** Takes back what dead workers had, and those whose time is over. */
  function takeBack(worker: string, { save }: Save): void {
    const now = clock.date();
    const alive = new Map<string, boolean>();
    for (const row of file.run.held.all(worker) as unknown as JobRow[]) {
      const other = row.worker!;
      if (!alive.has(other)) alive.set(other, marks.isAlive(other) !== false);
      if (!alive.get(other) || (row.lease_until_ms ?? 0) <= now) save(jobOf(row), abandoned(jobOf(row)));
    }
    for (const [other, lives] of alive) if (!lives) forget(other);
  }

  function forget(worker: string): void {
    file.run.forgetWorker.run(worker);
    marks.forget(worker);
  }

  function place(job: Job, where: JobMove, { next, save }: Save): Job {
    const other = "before" in where ? where.before : where.after;
    const beside = read(other);
    if (beside === undefined) {
      throw new InputError(`moving job "${job.id}": there is no job "${other}" in the queue`, {
        code: "invalid_argument",
        input: other,
      });
    }
    if (beside.id === job.id) return job;
    let position = placeBeside(file, job.id, beside, where);
    if (position === undefined) {
      file.run.spread.run(next());
      position = placeBeside(file, job.id, read(other)!, where)!;
    }
    return save(read(job.id)!, { position });
  }

  /** Runs `work` as a promise: what it throws is a rejection. */
  // deno-lint-ignore require-await
  async function later<T>(work: () => T): Promise<T> {
    return work();
  }

  async function close(): Promise<void> {
    await later(() => {
      changes.close();
      for (const worker of marks.own()) {
        if (file.run.heldBy.get(worker) === undefined) file.run.forgetWorker.run(worker);
      }
      marks.close();
      file.close();
    });
  }

  return {
    abilities: { move: true, isShared: false, noticeMs },
    add: (jobs, wish) =>
      later(() => {
        const checked = jobs.map((job) => checkedJob(job, site));
        const named = wish === undefined ? undefined : checkedWish(wish, checked);
        return change("adding", (save) => {
          if (named !== undefined) {
            file.run.forgetWishes.run(clock.date() - keepWishesMs);
            const known = file.run.wish.get(named.key);
            if (known !== undefined && known["digest"] !== named.digest) throw keyReused(wish!);
            if (known === undefined) file.run.keepWish.run(named.key, named.digest, clock.date());
          }
          const first = lastPlace(file);
          return (named?.jobs ?? checked).map((job, index) => put(job, first + index, save));
        });
      }),
    lease: (worker, most, leaseMs) =>
      later(() => {
        wholeWithin("most", most, 0, 1000);
        within("leaseMs", leaseMs, 1);
        return change("leasing", (save) => {
          show(worker);
          takeBack(worker, save);
          const jobs = jobsOf(file.run.ready.all(clock.date(), most)).map((job) =>
            save.save(job, { state: "resolving", worker, why: null, notBeforeMs: null })
          );
          file.run.renew.run(clock.date() + leaseMs, worker);
          return jobs;
        });
      }),
    renew: (worker, leaseMs) =>
      later(() =>
        change("renewing", () => {
          show(worker);
          file.run.renew.run(clock.date() + leaseMs, worker);
          return jobsOf(file.run.heldBy.all(worker));
        })
      ),
    update: (worker, id, progress) =>
      later(() =>
        change("updating", ({ save }) => {
          const job = read(id);
          if (!isWorkersOwn(job, worker)) return false;
          save(job, Object.fromEntries(Object.entries(progress).filter(([, value]) => value !== undefined)));
          return true;
        })
      ),
    finish: (worker, id, ending) =>
      later(() =>
        change("finishing", ({ save }) => {
          const job = read(id);
          return job?.worker === worker ? save(job, ended(job, ending)) : undefined;
        })
      ),
    change: (id, action) =>
      later(() =>
        change("changing", (save) => {
          const job = read(id);
          return job === undefined ? undefined : act(job, action, save);
        })
      ),
    changeAll: (states, action) =>
      later(() =>
        change("changing", (save) => {
          const wanted = states.filter((state) => isAllowed(action, state));
          const ids = wanted.flatMap((state) => file.run.inState.all(state).map(({ id }) => String(id)));
          for (const id of ids) act(read(id)!, action, save);
          return ids.length;
        })
      ),
    move: (id, where) =>
      later(() =>
        change("moving", (save) => {
          const job = read(id);
          return job === undefined ? undefined : place(job, where, save);
        })
      ),
    list: (which = {}) =>
      later(() => {
        wholeWithin("limit", which.limit ?? 100, 1, 1000);
        return file.use("listing", () => listJobs(file, which));
      }),
    get: (id) => later(() => file.use("reading", () => read(id))),
    queued: (subjects) => later(() => file.use("reading", () => queuedOf(file, subjects))),
    counts: () => later(() => file.use("counting", () => countJobs(file))),
    events: changes.events,
    workers: () => later(() => file.use("reading", () => listWorkers(file, marks))),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Saves within a transaction. */
interface Save {
  /** The revision of what it saves. */
  next(): number;
  /** Saves a job with what changes of it. */
  save(job: Job, changed: JobChange): Job;
}
