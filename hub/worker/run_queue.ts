import type { Site } from "../../api/client/site.ts";
import type { HashCache } from "../../api/library/hash_cache.ts";
import { systemClock, wholeWithin, within } from "../../transport/internal.ts";
import type { Clock, Transport } from "../../transport/mod.ts";
import { activeStates, type Job, type JobEnding, type JobQueue, type JobReason } from "../queue/mod.ts";
import type { RunWatch } from "../run/mod.ts";
import { isOfTheDisk, longestPauseMs, pauseMs, reasonOf } from "./judge.ts";
import { type KeepFile, type LetGo, runJob, type WorkSettings } from "./run_job.ts";
import { telling } from "./telling.ts";

/** What {@linkcode runQueue} goes by. */
export interface RunQueueOptions extends Pick<RunWatch, "track" | "published"> {
  /** What is to be worked off. */
  readonly queue: JobQueue;
  /** What fetches: the whole stack. */
  readonly transport: Transport;
  /** What the settings say; asked anew for every job. */
  readonly settings: () => WorkSettings;
  /** Ends the work: what is under way is given back, its bytes stay. */
  readonly signal: AbortSignal;
  /** Where the API is. Default: Civitai. */
  readonly site?: Partial<Site> | undefined;
  /** Where hashes are kept that were proved. Default: nowhere. */
  readonly cache?: HashCache | undefined;
  /** Takes each file to where others find it, before its job is done. Default: files stay where they are, and nowhere else. */
  readonly keep?: KeepFile | undefined;
  /** Lets files go once `keep` has them. Default: they stay. */
  readonly letGo?: LetGo | undefined;
  /** Whether it waits for more when the queue is empty, and for a network that is away. Default: false. */
  readonly isWatching?: boolean | undefined;
  /** Attempts of one job that may fail. Default 8. */
  readonly mostAttempts?: number | undefined;
  /** How long a job is this worker's without a word from it, in milliseconds, 1000 to 3600000. Default 30000. */
  readonly leaseMs?: number | undefined;
  /** Told when a job is begun, and how it stands when it is let go of. */
  readonly onJob?: ((job: Job) => void) | undefined;
  /** Told for how long, in milliseconds, this machine takes no jobs, and why: others take them meanwhile. */
  readonly onRest?: ((forMs: number, why: JobReason) => void) | undefined;
  /** Told what went wrong with the queue itself; it is tried again. Default: it is thrown. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
  /** Names this worker. Default: a name nobody else has. */
  readonly worker?: string | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
  /** A number in [0, 1). */
  readonly random?: (() => number) | undefined;
}

/** What was done. */
export interface QueueWork {
  /** Jobs that are done. */
  readonly done: number;
  /** Jobs that have failed for good. */
  readonly failed: number;
}

/** How often it is looked for what may begin now, in milliseconds. */
const lookMs = 1000;

/** Why a job is no longer worked on. */
const noLonger = new Error("the job is to be let go of");

/**
 * Works a queue off: some jobs at once, each resolved when its turn comes. What may pass by itself is tried again after
 * a pause that grows, what is not open yet waits for its date, what fails leaves the others alone. Where other machines
 * take jobs, too, what this one's disk has no room for or does not take is left to them, and this one rests. A wish (pause, cancel,
 * skip, remove) is obeyed at once; bytes are kept.
 *
 * @param options See {@linkcode RunQueueOptions}.
 * @returns What was done, once the queue is empty, or when `signal` aborts.
 * @throws {RangeError} When an option is out of range.
 * @throws {DiskError} When the queue itself fails, and nobody is told of trouble.
 * @example
 * ```ts
 * import { sqliteQueue } from "../queue/mod.ts";
 * import { runQueue } from "./mod.ts";
 *
 * await using queue = sqliteQueue(":memory:");
 * const transport = { fetch: () => Promise.resolve(new Response("tensors")) };
 * const folder = await Deno.makeTempDir();
 * await queue.add([{ reference: "https://example.test/lantern.bin" }]);
 * const { signal } = new AbortController();
 * console.log(await runQueue({ queue, transport, settings: () => ({ root: folder }), signal })); // { done: 1, failed: 0 }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function runQueue({
  queue,
  transport,
  settings,
  signal,
  site = {},
  cache,
  track,
  published,
  keep,
  letGo,
  isWatching = false,
  mostAttempts = 8,
  leaseMs = 30_000,
  onJob = () => {},
  onRest = () => {},
  onTrouble,
  worker = `${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`,
  clock = systemClock,
  random = Math.random,
}: RunQueueOptions): Promise<QueueWork> {
  wholeWithin("mostAttempts", mostAttempts, 1, 100);
  within("leaseMs", leaseMs, 1000, 3_600_000);
  const running = new Map<string, { readonly stop: AbortController; readonly work: Promise<void> }>();
  const ending = new AbortController();
  const { isShared } = queue.abilities;
  /** A disk that is full or not to be written to must not take the jobs that others could do, one after the other. */
  const rest = { untilMs: -Infinity, times: 0 };
  let done = 0;
  let failed = 0;
  let isWoken = false;
  let sleeper = () => {};
  /** What the queue itself threw where no one could take it. */
  let trouble: { readonly error: unknown } | undefined;

  function wake(): void {
    isWoken = true;
    sleeper();
  }

  function note(error: unknown): void {
    // who is told goes on: at the next look, or a full disk would be asked again without a pause
    if (onTrouble !== undefined) return onTrouble(error);
    trouble ??= { error };
    wake();
  }

  async function tended<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      note(error);
      return otherwise;
    }
  }

  async function attempt(job: Job, stop: AbortController): Promise<JobEnding> {
    const told = telling(clock, (progress) => {
      void tended(async () => {
        if (!await queue.update(worker, job.id, progress)) stop.abort(noLonger);
      }, undefined);
    });
    const { attempts } = job;
    const known = { attempts, mostAttempts, isPatient: isWatching, isShared, random: random() };
    // what holds one of its transfers holds the job
    const hold = () => void tended(() => queue.change(job.id, "pause"), undefined);
    const tracked = track &&
      ((...[name, options, about]: Parameters<typeof track>) => track(name, options, { ...about, hold }));
    try {
      const tools = {
        transport,
        site,
        cache,
        track: tracked,
        published,
        keep,
        letGo,
        clock,
        settings: settings(),
        attempt: known,
      };
      return await runJob(job, tools, told, stop.signal);
    } catch (error) {
      if (error !== stop.signal.reason) {
        // whatever it was: a job that nobody works on must not look as if somebody did
        const why = reasonOf(error);
        return { state: "failed", code: why.code, why };
      }
      return { state: "released", why: signal.aborted ? { code: "stopped" } : null };
    } finally {
      told.stop();
    }
  }

  async function work(job: Job, stop: AbortController): Promise<void> {
    onJob(job);
    const how = await attempt(job, stop);
    if (how.state === "done") rest.times = 0;
    else if (isShared && how.why && isOfTheDisk(how.why)) {
      const forMs = Math.round(pauseMs(rest.times++, random()));
      rest.untilMs = clock.now() + forMs;
      onRest(forMs, how.why);
    }
    // stopped from elsewhere, by the list of all transfers
    if (how.state === "failed" && how.code === "aborted") await queue.change(job.id, "cancel");
    const left = await queue.finish(worker, job.id, how);
    if (left === undefined) return;
    if (left.state === "done") done++;
    if (left.state === "failed") failed++;
    onJob(left);
  }

  function start(job: Job): void {
    const stop = new AbortController();
    const task = {
      stop,
      work: tended(() => work(job, stop), undefined).finally(() => {
        running.delete(job.id);
        wake();
      }),
    };
    running.set(job.id, task);
  }

  /** Lets go of what is no longer to be worked on. */
  function heed(job: Job): void {
    const isOurs = job.worker === worker && activeStates.some((state) => state === job.state);
    if (!isOurs) running.get(job.id)?.stop.abort(noLonger);
  }

  /** Lets go of what is ours by the queue and nobody works on: it could not be told when that ended. */
  async function letGoOfStrays(): Promise<void> {
    for (const { id } of await renew()) {
      if (!running.has(id)) await queue.finish(worker, id, { state: "released" });
    }
  }

  async function renew(): Promise<readonly Job[]> {
    const held = await queue.renew(worker, leaseMs);
    for (const job of held) heed(job);
    const ids = new Set(held.map(({ id }) => id));
    for (const [id, { stop }] of running) if (!ids.has(id)) stop.abort(noLonger);
    return held;
  }

  async function listen(): Promise<void> {
    for await (const { jobs, removed, isComplete } of queue.events(ending.signal)) {
      for (const job of jobs) heed(job);
      for (const id of removed) running.get(id)?.stop.abort(noLonger);
      if (!isComplete && running.size > 0) await renew();
      if (jobs.some(({ state, worker }) => state === "waiting" && worker === null)) wake();
    }
  }

  /** Whether a job may begin soon: a pause before another attempt is waited for, a date is not. */
  async function isMoreToCome(): Promise<boolean> {
    let after: string | undefined;
    do {
      const { jobs, next } = await queue.list({ states: ["waiting"], limit: 1000, after });
      const soonMs = clock.date() + 2 * longestPauseMs;
      if (jobs.some(({ notBeforeMs, why }) => (notBeforeMs ?? 0) < soonMs && why?.code !== "early_access")) return true;
      after = next ?? undefined;
    } while (after !== undefined);
    return false;
  }

  /** Until something happens, or it is time to look again. */
  async function pause(): Promise<void> {
    if (!isWoken) {
      const { promise, resolve } = Promise.withResolvers<void>();
      sleeper = resolve;
      const cancel = clock.after(lookMs, resolve);
      await promise;
      cancel();
    }
    isWoken = false;
  }

  async function loop(): Promise<void> {
    let renewedMs = clock.now();
    while (!signal.aborted && trouble === undefined) {
      const isResting = clock.now() < rest.untilMs;
      const free = isResting ? 0 : Math.max(0, (settings().concurrent ?? 3) - running.size);
      const jobs = free === 0 ? [] : await tended(() => queue.lease(worker, free, leaseMs), []);
      for (const job of jobs) start(job);
      if (running.size === 0 && !isWatching && !await tended(isMoreToCome, true)) return;
      if (jobs.length === 0 || running.size > 0) await pause();
      if (clock.now() - renewedMs >= leaseMs / 3) {
        renewedMs = clock.now();
        await tended(letGoOfStrays, undefined);
      }
    }
  }

  signal.addEventListener("abort", wake, { once: true });
  const listening = tended(listen, undefined);
  try {
    await loop();
  } finally {
    for (const { stop } of running.values()) stop.abort(noLonger);
    await Promise.all([...running.values()].map(({ work }) => work));
    signal.removeEventListener("abort", wake);
    ending.abort();
    await listening;
  }
  if (trouble !== undefined) throw trouble.error;
  return { done, failed };
}
