import { basename, join } from "node:path";
import { type Digests, hashNames, type Transport } from "../../transport/mod.ts";
import { type PlannedFile, runFiles, type RunWatch } from "../../hub/run/mod.ts";
import type { HashCache } from "../../api/mod.ts";
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
export interface RunDownloadsOptions extends Pick<RunWatch, "track"> {
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
  { jobs, force, verify, settings, reporter, signal, track, cache }: RunDownloadsOptions,
): Promise<RunResult> {
  const outcomes: Outcome[] = [];
  const failures: number[] = [];
  let fetchedBytes = 0;
  // a line of a list may name a folder of its own; within one no two names are alike
  for (const [root, here] of Map.groupBy(files, (file) => file.dir)) {
    if (signal.aborted) break;
    const items = new Map(here.map((file) => [file.name, file]));
    const watcher = reporterWatcher(reporter, (name) => items.get(name)!);
    const fetch = runFiles({ watcher, track, defaults: settings });
    const defaults = { root, replace: force, verify };
    for await (
      const { file, result, error } of fetch(transport, here, { concurrency: jobs, signal, cache, defaults })
    ) {
      if (result !== undefined) {
        const outcome: Outcome = { ...result, verifiedBy: result.verified ? decidedBy(file.hashes) : undefined };
        outcomes.push(outcome);
        const name = basename(result.path);
        // it may have got its name only from the server
        reporter.done(name === basename(file.path) ? file : { ...file, name, path: join(root, name) }, outcome);
      } else if (!signal.aborted || error !== signal.reason) {
        failures.push(exitCode(error));
        reporter.failed(error, file.name, file);
      }
    }
    fetchedBytes += watcher.receivedBytes;
  }
  return { outcomes, failures, fetchedBytes };
}
