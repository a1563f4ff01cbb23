import { createHash } from "node:crypto";
import { join } from "node:path";
import { sha256Of } from "../origin/content.ts";
import type { Fault } from "../origin/faults.ts";
import { faultyOrigin } from "../origin/faulty_origin.ts";
import { filePath, linkPath, otherSeed, rightSeed, type Trial, trials } from "./trials.ts";

/** What a client is asked to do. */
export interface ClientTask {
  /** Where the file is. */
  readonly url: string;
  /** Where it has to be afterwards: an absolute path, in an empty folder. */
  readonly path: string;
  /** SHA-256 of the right file, lower case, for clients that take one. */
  readonly sha256: string;
  /** Bytes of the right file. */
  readonly size: number;
  /** Headers it has to send; empty unless the trial is about them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborts when the client is to be stopped: in the trial `killed`, and when the time is over. */
  readonly signal: AbortSignal;
}

/** Runs the client once: resolves with 0 (or nothing) when it says that all went well, else with a code, or rejects. */
export type RunClient = (task: ClientTask) => Promise<number | void>;

/**
 * What came of a trial. `right`: the right file, and the client says so. `refused`: it failed and left nothing under the
 * name. `left_broken`: it failed, and something wrong or unfinished has the name. `wrong`: it says that all went well, and
 * the file is wrong, unfinished or missing. `leaked`: it sent a key to a host it was not for. `endless`: it did not end in
 * time.
 */
export type Verdict = "right" | "refused" | "left_broken" | "wrong" | "leaked" | "endless";

/** The outcome of one trial. */
export interface TrialResult {
  /** The trial. */
  readonly trial: Trial;
  /** What came of it. */
  readonly verdict: Verdict;
  /** True for the best that was possible. */
  readonly isGood: boolean;
  /** The client's code; undefined when it did not end. */
  readonly code: number | undefined;
  /** What the client's promise was rejected with, if it was. */
  readonly error?: unknown;
  /** Requests the client made. */
  readonly requests: number;
  /** Body bytes the origin sent, also those in vain. */
  readonly sentBytes: number;
}

/** What {@linkcode checkClient} takes. */
export interface CheckClientOptions {
  /** An existing folder for the files; each trial gets its own folder inside, removed afterwards. */
  directory: string;
  /** Bytes of the file, at least 64 KiB (default 24 MiB). */
  size?: number;
  /** Longest time for one trial, in milliseconds (default 75,000: clients often wait for a minute). */
  limitMs?: number;
  /** Trials by name (default: all of {@linkcode trials}). */
  only?: readonly string[];
  /** Whether the client sends the headers it is given; the trials about them are left out otherwise (default false). */
  sendsHeaders?: boolean;
}

const defaultSize = 24 * 1024 ** 2;
const leastSize = 64 * 1024;

/** SHA-256 of a file in lower case; undefined when there is none. */
async function hashOnDisk(path: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(1024 ** 2);
    for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
      hash.update(buffer.subarray(0, count));
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return hash.digest("hex");
}

function verdictOf(code: number | undefined, hash: string | undefined, isRight: boolean): Verdict {
  if (code === undefined) return "endless";
  if (code === 0) return isRight ? "right" : "wrong";
  return hash === undefined ? "refused" : "left_broken";
}

/** How often the origin's account is looked at while a client waits to be stopped, in milliseconds. */
const lookMs = 10;

/** Runs the client once; it is told to stop after `limitMs`, or as soon as `isEnough` says so. */
async function runOnce(
  run: RunClient,
  task: Omit<ClientTask, "signal">,
  limitMs: number,
  isEnough?: () => boolean,
): Promise<Pick<TrialResult, "code" | "error">> {
  const stop = new AbortController();
  const { promise: stopped, resolve } = Promise.withResolvers<{ code: undefined }>();
  const end = (state: string) => {
    stop.abort(new DOMException(state, "AbortError"));
    resolve({ code: undefined });
  };
  const timer = setTimeout(() => end(`not done after ${limitMs} ms`), limitMs);
  const look = isEnough && setInterval(() => isEnough() && end("stopped in mid-download"), lookMs);
  const ran = run({ ...task, signal: stop.signal }).then(
    (code) => ({ code: code ?? 0 }),
    (error: unknown) => ({ code: 1, error }),
  );
  try {
    const result = await Promise.race([ran, stopped]);
    // it was told to stop: its folder is not taken from under it
    if (result.code === undefined) await ran;
    return result;
  } finally {
    clearTimeout(timer);
    clearInterval(look);
  }
}

interface Bench {
  readonly run: RunClient;
  readonly directory: string;
  readonly size: number;
  readonly limitMs: number;
}

async function attempt(trial: Trial, { run, directory, size, limitMs }: Bench): Promise<TrialResult> {
  const { faults, links = {}, headers = {}, stopsAfterBytes } = trial;
  const files = { [filePath]: { size, seed: rightSeed } };
  await using storage = await faultyOrigin([], { files }).listen();
  const redirect: Fault = { kind: "redirect", to: storage.url + filePath };
  const schedule = trial.headers ? [redirect] : faults;
  await using origin = await faultyOrigin(schedule, { files, links }).listen();
  const folder = await Deno.makeTempDir({ dir: directory, prefix: `${trial.name}_` });
  try {
    const path = join(folder, "model.bin");
    const url = `${origin.url}${trial.links ? linkPath : filePath}`;
    const sha256 = sha256Of(rightSeed, size);
    const task = { url, path, sha256, size, headers };
    if (stopsAfterBytes !== undefined) await runOnce(run, task, limitMs, () => origin.sent() >= stopsAfterBytes);
    const ended = await runOnce(run, task, limitMs);
    const hash = await hashOnDisk(path);
    // a client that notices the new file and takes it whole is right as well
    const isRight = hash === sha256 || (trial.name === "replaced" && hash === sha256Of(otherSeed, size));
    const isLeaked = Object.keys(headers).some((name) => storage.log.some((entry) => entry.headers.has(name)));
    const verdict = isLeaked ? "leaked" : verdictOf(ended.code, hash, isRight);
    const isGood = trial.accepts.some((one) => one === verdict);
    const sentBytes = origin.sent() + storage.sent();
    return { trial, verdict, isGood, ...ended, requests: origin.log.length + storage.log.length, sentBytes };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Puts a downloader through everything a network and a server do to it, and tells what came of each: the table «what your
 * client does». The client is a function, or a process that a function runs; the origin listens on 127.0.0.1.
 *
 * Rights: `--allow-net=127.0.0.1`, and reading and writing in `directory`.
 *
 * @param run Runs the client once.
 * @param options See {@linkcode CheckClientOptions}.
 * @throws {RangeError} When `size` or `limitMs` is out of range, or `only` names no trial.
 * @example
 * ```ts
 * import { checkClient } from "@civikit/civikit/testing";
 *
 * const directory = await Deno.makeTempDir();
 * const results = checkClient(async ({ url, path, signal }) => {
 *   const response = await fetch(url, { signal });
 *   await Deno.writeFile(path, response.body!); // never looks at the status, the length, the hash
 * }, { directory, size: 100_000, only: ["plain", "silent_end", "login_page"] });
 * for await (const { trial, verdict } of results) console.log(trial.name, verdict); // plain right, silent_end wrong, ...
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function* checkClient(
  run: RunClient,
  { directory, size = defaultSize, limitMs = 75_000, only, sendsHeaders = false }: CheckClientOptions,
): AsyncGenerator<TrialResult, void, undefined> {
  if (!Number.isSafeInteger(size) || size < leastSize) {
    throw new RangeError(`option size: ${size} is not a whole number of at least ${leastSize} bytes`);
  }
  if (!Number.isFinite(limitMs) || limitMs < 1) throw new RangeError(`option limitMs: ${limitMs} is not at least 1`);
  const all = trials(size);
  const unknown = only?.find((name) => !all.some((trial) => trial.name === name));
  if (unknown !== undefined) {
    throw new RangeError(`option only: "${unknown}" is none of ${all.map(({ name }) => name).join(", ")}`);
  }
  for (const trial of all) {
    const isWanted = only ? only.includes(trial.name) : sendsHeaders || trial.headers === undefined;
    if (isWanted) yield await attempt(trial, { run, directory, size, limitMs });
  }
}
