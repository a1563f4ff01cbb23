import type { WantedFile } from "../../api/download/fetch_files.ts";
import type { Transfer, TransferList } from "../../monitor/metrics/transfer.ts";
import type { DownloadOptions, DownloadProgress, DownloadResult, TransportEvent } from "../../transport/mod.ts";

/** What a file's download is at, where that is worth a word; empty while its bytes come. */
export type RunPhase = "" | "waiting" | "retrying" | "verifying" | "repairing";

/** Who is told how a run goes on. */
export interface RunWatcher<File extends WantedFile = WantedFile> {
  /** A file's work begins. */
  started?(file: File): void;
  /** A file is further. */
  progress?(file: File, progress: DownloadProgress): void;
  /** A file entered another phase. */
  phase?(file: File, phase: RunPhase): void;
  /** A file uses so many connections now. */
  connections?(file: File, connections: number): void;
  /** A file's work is over, well or not; `receivedBytes` came over the network in this run. */
  ended?(file: File, ending: { readonly receivedBytes: number }): void;
}

/** One file under watch. */
export interface WatchedFile {
  /** Options for `download()`. */
  readonly options: DownloadOptions;
  /** Says how it ended. */
  end(outcome: { readonly result?: DownloadResult | undefined; readonly error?: unknown }): void;
}

/** Who is told of a file, and of what. */
interface WatchFileOptions<File extends WantedFile> {
  readonly watcher?: RunWatcher<File>;
  readonly track?: TransferList["track"] | undefined;
  /** Where it is to be written. */
  readonly path: string;
}

const longWaitMs = 1000;

function phaseOf(event: TransportEvent): RunPhase | undefined {
  if (event.type === "retry" && event.delayMs >= longWaitMs) return "waiting";
  if (event.type === "wait" && event.waitMs >= longWaitMs) return "waiting";
  if (event.type === "resume") return "retrying";
  if (event.type !== "download") return undefined;
  return event.phase === "verifying" || event.phase === "repairing" ? event.phase : "";
}

/** Counts what comes over the network: what is on the disk may shrink, when a file is begun anew or mended. */
function counter(): { readonly received: number; from(bytes: number): void; to(bytes: number): void } {
  let at: number | undefined;
  let received = 0;
  return {
    get received() {
      return received;
    },
    from: (bytes) => void (at = bytes),
    to(bytes) {
      if (at !== undefined && bytes > at) received += bytes - at;
      at = bytes;
    },
  };
}

/**
 * Watches the download of `file`: tells `watcher`, and the monitor where `track` is given.
 *
 * @param options What is promised about the file.
 */
export function watchFile<File extends WantedFile>(
  file: File,
  options: DownloadOptions,
  { watcher = {}, track, path }: WatchFileOptions<File>,
): WatchedFile {
  const bytes = counter();
  let phase: RunPhase = "";
  const setPhase = (next: RunPhase) => {
    if (next !== phase) watcher.phase?.(file, phase = next);
  };
  const watched: DownloadOptions = {
    ...options,
    report(event) {
      options.report?.(event);
      const next = phaseOf(event);
      if (next !== undefined) setPhase(next);
      if (event.type === "connections") watcher.connections?.(file, event.connections);
      if (event.type !== "download") return;
      const isFresh = event.phase === "started" || event.phase === "resuming" || event.phase === "restarted";
      if (isFresh) bytes.from(event.bytes);
      else bytes.to(event.bytes);
      watcher.progress?.(file, { downloadedBytes: event.bytes, totalBytes: event.totalBytes, bytesPerSecond: 0 });
    },
    onProgress(progress) {
      options.onProgress?.(progress);
      bytes.to(progress.downloadedBytes);
      if (phase === "waiting" || phase === "retrying") setPhase("");
      watcher.progress?.(file, progress);
    },
  };
  const transfer: Transfer | undefined = track?.(file.name, watched, { reference: file.reference, path });
  watcher.started?.(file);
  return {
    options: transfer?.options ?? watched,
    end({ result, error }) {
      transfer?.end({ error, skipped: result?.skipped ?? false, verified: result?.verified, path: result?.path });
      watcher.ended?.(file, { receivedBytes: bytes.received });
    },
  };
}
