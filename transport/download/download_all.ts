import { noOthers, wholeWithin } from "../errors/option.ts";
import type { Transport } from "../transport.ts";
import { download, type DownloadOptions, type DownloadResult } from "./download.ts";

/** One file of a batch. */
export interface DownloadJob {
  /** A GET request, or its URL. */
  readonly request: Request | string;
  /** The target file. */
  readonly path: string;
  /** Options of this file alone; see {@linkcode DownloadOptions}. */
  readonly options?: DownloadOptions;
}

/** How one file of a batch ended: with a result or with an error, never both. */
export interface DownloadOutcome<Job extends DownloadJob = DownloadJob> {
  /** The job as it was given. */
  readonly job: Job;
  /** Set when it ended well. */
  readonly result?: DownloadResult;
  /** Set when it failed or was cancelled. */
  readonly error?: unknown;
}

/** Options of {@linkcode downloadAll}. */
export interface DownloadAllOptions {
  /** Downloads at once, 1 to 64. Default 3. */
  concurrency?: number;
  /** Cancels the batch. */
  signal?: AbortSignal | undefined;
  /** For every file that does not say otherwise. */
  defaults?: DownloadOptions;
}

/** A batch under way; iterate over it to get outcomes as they come. */
export interface DownloadBatch<Job extends DownloadJob = DownloadJob> extends AsyncIterable<DownloadOutcome<Job>> {
  /** All outcomes, in the order of the jobs, once the last one is there. Never rejects for a failed file. */
  readonly done: Promise<DownloadOutcome<Job>[]>;
  /** True between `pause` and `resume`. */
  readonly isPaused: boolean;
  /** Holds running downloads before their next write, and starts no new one. */
  pause(): void;
  /** Goes on. */
  resume(): void;
  /** Stops running downloads (what they wrote stays for another run) and starts no new one. */
  cancel(reason?: unknown): void;
}

/**
 * Downloads many files, a few at once. A failed file stops no other; each has an outcome of its own.
 *
 * @param transport What fetches.
 * @param jobs The files; taken from their source one by one, as there is room.
 * @param options See {@linkcode DownloadAllOptions}.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { downloadAll } from "@civikit/civikit/transport";
 *
 * const folder = await Deno.makeTempDir();
 * const transport = { fetch: (request: Request) => Promise.resolve(new Response(request.url)) };
 * const jobs = [1, 2, 3].map((id) => ({
 *   request: `https://civitai.com/api/download/models/${id}`,
 *   path: `${folder}/${id}.safetensors`,
 * }));
 * for await (const { job, result, error } of downloadAll(transport, jobs)) console.log(job.path, result?.bytes, error);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function downloadAll<Job extends DownloadJob>(
  transport: Transport,
  jobs: Iterable<Job> | AsyncIterable<Job>,
  { concurrency = 3, signal, defaults = {}, ...others }: DownloadAllOptions = {},
): DownloadBatch<Job> {
  noOthers<DownloadAllOptions>("downloadAll", others, { concurrency, signal, defaults });
  wholeWithin("concurrency", concurrency, 1, 64);
  const cancelled = new AbortController();
  const stop = AbortSignal.any([cancelled.signal, ...(signal ? [signal] : [])]);
  const outcomes: DownloadOutcome<Job>[] = [];
  const finished: DownloadOutcome<Job>[] = [];
  let wake = Promise.withResolvers<void>();
  let held: PromiseWithResolvers<void> | undefined;
  let isDone = false;

  const resume = () => {
    held?.resolve();
    held = undefined;
  };
  stop.addEventListener("abort", resume, { once: true });

  async function run(job: Job, index: number): Promise<void> {
    const { options = {} } = job;
    const signals = [stop, ...(options.signal ? [options.signal] : [])];
    let outcome: DownloadOutcome<Job>;
    try {
      stop.throwIfAborted();
      const result = await download(transport, job.request, job.path, {
        ...defaults,
        ...options,
        signal: signals.length === 1 ? stop : AbortSignal.any(signals),
        gate: () => held?.promise ?? options.gate?.(),
      });
      outcome = { job, result };
    } catch (error) {
      outcome = { job, error };
    }
    outcomes[index] = outcome;
    finished.push(outcome);
    wake.resolve();
  }

  async function runAll(): Promise<DownloadOutcome<Job>[]> {
    const running = new Set<Promise<void>>();
    let index = 0;
    try {
      for await (const job of jobs) {
        while (held !== undefined) await held.promise;
        const task: Promise<void> = run(job, index++).finally(() => running.delete(task));
        running.add(task);
        if (running.size >= concurrency) await Promise.race(running);
      }
    } finally {
      await Promise.all(running);
      stop.removeEventListener("abort", resume);
      isDone = true;
      wake.resolve();
    }
    return outcomes;
  }

  const done = runAll();
  done.catch(() => {});
  return {
    done,
    get isPaused() {
      return held !== undefined;
    },
    pause: () => void (stop.aborted || (held ??= Promise.withResolvers<void>())),
    resume,
    cancel: (reason) => cancelled.abort(reason),
    async *[Symbol.asyncIterator]() {
      for (let next = 0;;) {
        while (next < finished.length) yield finished[next++]!;
        if (isDone) break;
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
      await done;
    },
  };
}
