import { basename, join } from "node:path";
import { type Digests, type DownloadOptions, hashNames, type Transport } from "../../transport/mod.ts";
import { type PlannedFile, runFiles, type RunWatch } from "../../hub/run/mod.ts";
import type { HashCache, WantedFile } from "../../api/mod.ts";
import { exitCode } from "../exit_code.ts";
import type { Outcome, Reporter } from "../terminal/reporter.ts";
import { reporterWatcher } from "../terminal/watcher.ts";
import type { DownloadSettings } from "./download_settings.ts";

/** What became of the files of a run. */
export interface RunResult {
  /** Files that are there now. */
  readonly outcomes: readonly Outcome[];
  /** The exit codes of those that failed. */
  readonly failures: readonly number[];
  /** What came over the network, for files that did not end too. */
  readonly fetchedBytes: number;
}

/** What {@linkcode runDownloads} goes by. */
export interface RunDownloadsOptions extends Pick<RunWatch, "track" | "published" | "secondSource"> {
  /** Files at once. */
  readonly jobs: number;
  /** Replace what is there. */
  readonly force: boolean;
  /** Whether hash and size have to be as promised. */
  readonly verify: boolean;
  /** What the settings say of every download. */
  readonly settings: DownloadSettings;
  /** Told about each file. */
  readonly reporter: Reporter;
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** Hashes of earlier runs. */
  readonly cache: HashCache;
}

/** The strongest of the hashes that were compared. */
export function decidedBy(hashes: Digests): string | undefined {
  return hashNames.find((name) => hashes[name] !== undefined);
}

/** Downloads `files`, some at once, and tells `reporter` about each. Ends early, without throwing, on abort. */
export async function runDownloads(
  transport: Transport,
  files: readonly PlannedFile[],
  { jobs, force, verify, settings, reporter, signal, track, published, secondSource, cache }: RunDownloadsOptions,
): Promise<RunResult> {
  const outcomes: Outcome[] = [];
  const failures: number[] = [];
  const items = new Map<WantedFile, PlannedFile>(files.map((file) => [file, file]));
  const watcher = reporterWatcher(reporter, (file) => items.get(file)!);
  const fetch = runFiles({ watcher, track, published, secondSource, defaults: settings });
  const defaults = { replace: force, verify };
  // a line of a list may name a folder of its own
  const optionsOf = ({ dir }: PlannedFile, promised: DownloadOptions) => ({ ...promised, root: dir });
  for await (
    const { file, result, error } of fetch(transport, files, { concurrency: jobs, signal, cache, defaults, optionsOf })
  ) {
    if (result !== undefined) {
      const outcome: Outcome = { ...result, verifiedBy: result.verified ? decidedBy(file.hashes) : undefined };
      outcomes.push(outcome);
      const name = basename(result.path);
      // it may have got its name only from the server
      reporter.done(name === basename(file.path) ? file : { ...file, name, path: join(file.dir, name) }, outcome);
    } else if (!signal.aborted || error !== signal.reason) {
      failures.push(exitCode(error));
      reporter.failed(error, file.name, file);
    }
  }
  return { outcomes, failures, fetchedBytes: watcher.receivedBytes };
}
