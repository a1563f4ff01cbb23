import {
  compose,
  type Digests,
  downloadAll,
  type DownloadJob,
  hashNames,
  HttpError,
  isCode,
  type Middleware,
  throttle,
  type Transport,
  type TransportEvent,
} from "../transport/mod.ts";
import type { DownloadOptions } from "./download_options.ts";
import type { PlannedFile } from "./download_plan.ts";
import { exitCode } from "./exit_code.ts";
import type { Outcome, Reporter } from "./progress/reporter.ts";

/** What became of the files of a run. */
export interface RunResult {
  /** Files that are there now. */
  readonly outcomes: readonly Outcome[];
  /** The exit codes of those that failed. */
  readonly failures: readonly number[];
}

interface FileJob extends DownloadJob {
  readonly file: PlannedFile;
}

/** The strongest of the hashes that were compared. */
function decidedBy(hashes: Digests): string | undefined {
  return hashNames.find((name) => hashes[name] !== undefined);
}

/** Tries a file's other URLs where the first answers 404, which some of the site's own links do. */
function otherUrls(files: readonly PlannedFile[]): Middleware {
  // another URL may lead to another file, so it counts only where a hash decides
  const others = new Map(
    files.filter(({ hashes }) => decidedBy(hashes)).map(({ url, fallbackUrls }) => [url, fallbackUrls]),
  );
  return async function otherUrls(request, next) {
    const urls = others.get(request.url) ?? [];
    if (urls.length === 0) return await next(request);
    let answer: Response | HttpError | undefined;
    for (const url of [request.url, ...urls]) {
      try {
        const response = await next(url === request.url ? request : new Request(url, request));
        if (response.status !== 404) {
          if (answer instanceof Response) await answer.body?.cancel();
          return response;
        }
        if (answer === undefined) answer = response;
        else await response.body?.cancel();
      } catch (error) {
        if (!(error instanceof HttpError) || !isCode(error, "not_found")) throw error;
        answer ??= error;
      }
    }
    if (answer instanceof Response) return answer;
    throw answer;
  };
}

const longWaitMs = 1000;

/** What an event of a file's download says in one word, for the place where the time left stands. */
function phaseOf(event: TransportEvent): string | undefined {
  if (event.type === "retry" && event.delayMs >= longWaitMs) return "waiting";
  if (event.type === "resume") return "retrying";
  if (event.type !== "download") return undefined;
  return event.phase === "verifying" || event.phase === "repairing" || event.phase === "waiting" ? event.phase : "";
}

function fileJob(file: PlannedFile, reporter: Reporter): FileJob {
  const { url, name, hashes, sizeBytes, refresh } = file;
  let phase = "";
  const setPhase = (word: string) => {
    if (word !== phase) reporter.phase(file, phase = word);
  };
  const show = (downloadedBytes: number, totalBytes = file.totalBytes, bytesPerSecond: number) =>
    reporter.progress(file, { downloadedBytes, totalBytes, bytesPerSecond });
  const options: DownloadJob["options"] = {
    hashes,
    sizeBytes,
    refresh,
    report(event) {
      const word = phaseOf(event);
      if (word !== undefined) setPhase(word);
      if (event.type === "connections") reporter.connections(file, event.connections);
      if (event.type === "download") show(event.bytes, event.totalBytes, 0);
    },
    onProgress(downloadedBytes, totalBytes, bytesPerSecond) {
      if (phase === "waiting" || phase === "retrying") setPhase("");
      show(downloadedBytes, totalBytes, bytesPerSecond);
    },
  };
  return { file, request: url, path: name, options };
}

/** Downloads `files`, some at once, and tells `reporter` about each. Ends early, without throwing, on abort. */
export async function runDownloads(
  transport: Transport,
  files: readonly PlannedFile[],
  { jobs, dir, force, verify, limitBytesPerSecond }: DownloadOptions,
  { reporter, signal }: { reporter: Reporter; signal: AbortSignal },
): Promise<RunResult> {
  const outcomes: Outcome[] = [], failures: number[] = [];

  function* started(): Generator<FileJob> {
    for (const file of files) {
      if (signal.aborted) return;
      reporter.start(file);
      yield fileJob(file, reporter);
    }
  }

  const batch = downloadAll(compose(transport, otherUrls(files)), started(), {
    concurrency: jobs,
    signal,
    defaults: {
      root: dir,
      replace: force,
      verify,
      ...(limitBytesPerSecond !== undefined && { throttle: throttle(limitBytesPerSecond) }),
    },
  });
  for await (const { job: { file }, result, error } of batch) {
    if (result !== undefined) {
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
