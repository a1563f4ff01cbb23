import { type HashCache, otherUrls, recordDownload } from "../api/mod.ts";
import {
  compose,
  type Digests,
  downloadAll,
  type DownloadJob,
  type DownloadOptions as TransferOptions,
  hashNames,
  throttle,
  type Transport,
  type TransportEvent,
} from "../transport/mod.ts";
import type { Monitor, Transfer } from "../monitor/mod.ts";
import type { DownloadOptions } from "./download_options.ts";
import type { PlannedFile } from "./download_plan.ts";
import { exitCode } from "./exit_code.ts";
import type { Item, Outcome, Reporter } from "./progress/reporter.ts";

/** What became of the files of a run. */
export interface RunResult {
  /** Files that are there now. */
  readonly outcomes: readonly Outcome[];
  /** The exit codes of those that failed. */
  readonly failures: readonly number[];
}

interface FileJob extends DownloadJob {
  readonly transfer: Transfer | undefined;
  readonly file: PlannedFile;
}

/** The strongest of the hashes that were compared. */
export function decidedBy(hashes: Digests): string | undefined {
  return hashNames.find((name) => hashes[name] !== undefined);
}

/** Other URLs by URL, of files where a hash decides which of them is right. */
function othersOf(files: readonly PlannedFile[]): Map<string, readonly string[]> {
  return new Map(files.filter(({ hashes }) => decidedBy(hashes)).map(({ url, fallbackUrls }) => [url, fallbackUrls]));
}

const longWaitMs = 1000;

/** What an event of a file's download says in one word, for the place where the time left stands. */
function phaseOf(event: TransportEvent): string | undefined {
  if (event.type === "retry" && event.delayMs >= longWaitMs) return "waiting";
  if (event.type === "wait" && event.waitMs >= longWaitMs) return "waiting";
  if (event.type === "resume") return "retrying";
  if (event.type !== "download") return undefined;
  return event.phase === "verifying" || event.phase === "repairing" ? event.phase : "";
}

/** The options of a download that tell `reporter` how far `item` is. */
export function watched(item: Item, reporter: Reporter): Pick<TransferOptions, "report" | "onProgress"> {
  let phase = "";
  const setPhase = (word: string) => {
    if (word !== phase) reporter.phase(item, phase = word);
  };
  const show = (downloadedBytes: number, totalBytes = item.totalBytes, bytesPerSecond: number) =>
    reporter.progress(item, { downloadedBytes, totalBytes, bytesPerSecond });
  return {
    report(event) {
      const word = phaseOf(event);
      if (word !== undefined) setPhase(word);
      if (event.type === "connections") reporter.connections(item, event.connections);
      if (event.type === "download") show(event.bytes, event.totalBytes, 0);
    },
    onProgress(downloadedBytes, totalBytes, bytesPerSecond) {
      if (phase === "waiting" || phase === "retrying") setPhase("");
      show(downloadedBytes, totalBytes, bytesPerSecond);
    },
  };
}

function fileJob(file: PlannedFile, reporter: Reporter, track: Monitor["track"] | undefined): FileJob {
  const { url, name, hashes, sizeBytes, refresh } = file;
  const options = { hashes, sizeBytes, refresh, ...watched(file, reporter) };
  const transfer = track?.(name, options);
  return { file, transfer, request: url, path: name, options: transfer?.options ?? options };
}

/** Downloads `files`, some at once, and tells `reporter` about each. Ends early, without throwing, on abort. */
export async function runDownloads(
  transport: Transport,
  files: readonly PlannedFile[],
  { jobs, dir, force, verify, limitBytesPerSecond }: DownloadOptions,
  { reporter, signal, cache, track }: {
    reporter: Reporter;
    signal: AbortSignal;
    cache: HashCache;
    track?: Monitor["track"] | undefined;
  },
): Promise<RunResult> {
  const outcomes: Outcome[] = [], failures: number[] = [];

  function* started(): Generator<FileJob> {
    for (const file of files) {
      if (signal.aborted) return;
      reporter.start(file);
      yield fileJob(file, reporter, track);
    }
  }

  const batch = downloadAll(compose(transport, otherUrls(othersOf(files))), started(), {
    concurrency: jobs,
    signal,
    defaults: {
      root: dir,
      replace: force,
      verify,
      ...(limitBytesPerSecond !== undefined && { throttle: throttle(limitBytesPerSecond) }),
    },
  });
  for await (const { job: { file, transfer }, result, error } of batch) {
    transfer?.end({ error, skipped: result?.skipped ?? false });
    if (result !== undefined) {
      recordDownload(cache, result);
      const outcome: Outcome = { ...result, verifiedBy: result.verified ? decidedBy(file.hashes) : undefined };
      outcomes.push(outcome);
      reporter.done(file, outcome);
    } else if (!signal.aborted || error !== signal.reason) {
      failures.push(exitCode(error));
      reporter.failed(error, file.name, file);
    }
  }
  return { outcomes, failures };
}
