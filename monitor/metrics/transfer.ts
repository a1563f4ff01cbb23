import type { DownloadOptions, ErrorCode } from "../../transport/mod.ts";

/** What a transfer is doing. */
export type TransferState =
  | "waiting"
  | "active"
  | "paused"
  | "verifying"
  | "finished"
  | "skipped"
  | "failed"
  | "cancelled";

/** One transfer at one moment. */
export interface TransferSnapshot {
  /** Names it within the process. */
  readonly id: string;
  /** What people call it: a path or a file name. */
  readonly name: string;
  /** What it is doing. */
  readonly state: TransferState;
  /** Bytes that are there, an earlier run's included. */
  readonly bytes: number;
  /** Bytes in all, if known. */
  readonly totalBytes: number | undefined;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
  /** Time left in milliseconds; undefined while unknown. */
  readonly etaMs: number | undefined;
  /** When it started, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** When it ended, in milliseconds since the epoch; undefined while it runs. */
  readonly endedMs: number | undefined;
  /** Why it failed. */
  readonly code: ErrorCode | undefined;
  /** Connections in use, as far as reported. */
  readonly connections: number;
  /** Bodies healed and headers retried on its way. */
  readonly retries: number;
  /** Bytes that came over the network since it started. */
  readonly receivedBytes: number;
  /** Where the file is written, as far as that is known; else its name. */
  readonly path: string;
  /** What was asked for, where that was told. */
  readonly reference: string | undefined;
  /** What it waits for or mends: the failure that is tried again, or `link_renewed`; undefined while bytes come. */
  readonly why: TransferReason | undefined;
  /** When it tries again, in milliseconds since the epoch; undefined where it does not wait. */
  readonly againMs: number | undefined;
  /** Whether a hash said that the file is right; undefined until it is over, and where nobody told. */
  readonly verified: boolean | undefined;
}

/** Why a transfer gets no bytes: a failure that is tried again, or an expired link that was asked for anew. */
export type TransferReason = ErrorCode | "link_renewed";

/** What a list shows of a transfer besides its name. */
export interface TransferAbout {
  /** What was asked for, without secrets. */
  readonly reference?: string | undefined;
  /** Where it is to be written. Default: its name, until the downloader's events say. */
  readonly path?: string | undefined;
  /** Called in place of holding it: whoever started it lets go of it, and takes it up again later. Default: it is held. */
  readonly hold?: (() => void) | undefined;
}

/** How a transfer ended. */
export interface TransferEnding {
  /** Why it failed. */
  readonly error?: unknown;
  /** Whether the file was there already. */
  readonly skipped?: boolean;
  /** Whether a hash said that the file is right. */
  readonly verified?: boolean | undefined;
  /** Where the file is; of one that was there already the downloader's events say nothing. */
  readonly path?: string | undefined;
}

/** A transfer being watched. */
export interface Transfer {
  /** Names it within the process. */
  readonly id: string;
  /** Options for `download()`: the ones given, and what watching, pausing and cancelling take. */
  readonly options: DownloadOptions;
  /** Says how it ended; without it, the downloader's own events do, as far as they go. */
  end(outcome?: TransferEnding): void;
}

/** The transfers of a registry. */
export interface TransferList {
  /** Starts to watch a download; pass {@linkcode Transfer.options} to `download()`. */
  track(name: string, options?: DownloadOptions, about?: TransferAbout): Transfer;
  /** Running transfers and the last 100 that ended, oldest first. */
  list(): TransferSnapshot[];
  /** Holds a running transfer before its next write; false when there is none of that id. */
  pause(id: string): boolean;
  /** Lets a held transfer go on; false when there is none of that id. */
  resume(id: string): boolean;
  /** Stops a running transfer; what it wrote stays for another run. False when there is none of that id. */
  cancel(id: string): boolean;
}
