import type { ErrorCode, TransportEvent } from "../../transport/mod.ts";
import type { Histogram } from "./histogram.ts";

/** How one attempt ended: an answer below 400, a refusal, no answer, or the caller's own abort. */
export type RequestOutcome = "ok" | "refused" | "failed" | "aborted";

/** One attempt as the `metrics` layer saw it. */
export interface RequestSample {
  /** Method, in upper case; unknown ones are `_OTHER` (OpenTelemetry HTTP conventions). */
  readonly method: string;
  /** Host and port; `other` once too many hosts were seen. */
  readonly host: string;
  /** Route class, such as `/api/v1/models/:id`, `image` or `file`. */
  readonly route: string;
  /** What was asked for, redacted. */
  readonly url: string;
  /** How it ended. */
  readonly outcome: RequestOutcome;
  /** Status of the answer; 0 when there was none. */
  readonly status: number;
  /** The failure, where it was one. */
  readonly code: ErrorCode | undefined;
  /** From the request to the answer's headers, in milliseconds. */
  readonly durationMs: number;
  /** The body the answer announced (Content-Length), in bytes; 0 when it announced none. */
  readonly bytes: number;
  /** When it ended, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** What is known about one combination of host, route and method. */
export interface SeriesSnapshot {
  /** Host and port, or `other`. */
  readonly host: string;
  /** Route class, or `other`. */
  readonly route: string;
  /** Method, or `_OTHER`. */
  readonly method: string;
  /** Attempts that ended, aborted ones included. */
  readonly requests: number;
  /** Those refused (status 400 and above) or without an answer. */
  readonly failed: number;
  /** Those the caller gave up. */
  readonly aborted: number;
  /** Bytes the answers announced; what really came of downloads is counted by transfers. */
  readonly bytes: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Failures by error code. */
  readonly codes: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Time to the headers, of all attempts but aborted ones. */
  readonly latency: Histogram;
}

/** What is counted besides requests. */
export type CounterName =
  /** Retries of headers; labelled with the error code. */
  | "retry"
  /** Bodies healed; labelled with the error code. */
  | "resume"
  /** Answers of the cache; labelled hit, stale, revalidated, miss or bypass. */
  | "cache"
  /** Waits for a turn; `sum` is milliseconds. */
  | "queue"
  /** Changes of a host's allowance; `sum` is milliseconds of pause. */
  | "limit"
  /** Changes of a circuit; labelled with the new state. */
  | "circuit"
  /** Redirects followed; labelled with the status. */
  | "redirect"
  /** Expired links resolved again. */
  | "resolve"
  /** Calls that joined another. */
  | "dedupe"
  /** Ranged answers that could not be trusted. */
  | "fallback"
  /** Parts taken over from slow connections; `sum` is bytes. */
  | "steal"
  /** Changes of the number of connections. */
  | "connections"
  /** Downloads that ended; labelled finished, failed, cancelled or skipped; `sum` is milliseconds. */
  | "download"
  /** Why downloads failed; labelled with the error code. */
  | "download_error"
  /** Bytes that downloads received; `sum` is bytes. */
  | "download_bytes"
  /** Steps of the memory guard; labelled lower or raise. */
  | "memory";

/** One counter. */
export interface CounterSnapshot {
  /** What is counted. */
  readonly name: CounterName;
  /** Host, where it is known; else empty. */
  readonly host: string;
  /** The name's own label; else empty. */
  readonly label: string;
  /** How often. */
  readonly count: number;
  /** Sum of what goes with it: milliseconds or bytes, as {@linkcode CounterName} says; else 0. */
  readonly sum: number;
}

/** Where the process stands with memory. */
export interface MemorySnapshot {
  /** Resident memory in bytes, when it was last looked at. */
  readonly rssBytes: number;
  /** The most seen. */
  readonly peakBytes: number;
  /** Resident memory the guard allows, in bytes; undefined without a guard. */
  readonly limitBytes: number | undefined;
  /** How far the guard has stepped down: 0 is full speed. */
  readonly level: number;
  /** Connections the guard allows for a download; undefined without a guard. */
  readonly parallel: number | undefined;
  /** Size of a part the guard allows, in bytes; undefined without a guard. */
  readonly pieceBytes: number | undefined;
}

/** Numbers over a span of time, from a registry or from a store. */
export interface StatsWindow {
  /** Start, in milliseconds since the epoch. */
  readonly fromMs: number;
  /** End, in milliseconds since the epoch. */
  readonly toMs: number;
  /** Requests by host, route and method. */
  readonly series: readonly SeriesSnapshot[];
  /** Everything else. */
  readonly counters: readonly CounterSnapshot[];
  /** Memory, where it was watched. */
  readonly memory?: MemorySnapshot | undefined;
}

/** All a registry knows at one moment. */
export interface RegistrySnapshot extends StatsWindow {
  /** Memory at this moment. */
  readonly memory: MemorySnapshot;
  /** Requests under way. */
  readonly active: number;
  /** Transfers, running ones and the last that ended, oldest first. */
  readonly transfers: readonly TransferSnapshot[];
}

/** A failure worth looking at. */
export interface FailureRecord {
  /** When, in milliseconds since the epoch. */
  readonly atMs: number;
  /** What failed. */
  readonly kind: "request" | "download";
  /** Stable name of the failure. */
  readonly code: ErrorCode;
  /** Host, where it is known; else empty. */
  readonly host: string;
  /** Status of the answer; 0 when there was none. */
  readonly status: number;
  /** What was asked for, redacted; for a download its path. */
  readonly target: string;
  /** From start to failure in milliseconds. */
  readonly durationMs: number;
}

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
}

/** What happened, for listeners and for `/events`. */
export type MonitorEventBody =
  /** A layer reported something; `call` names the call. */
  | { readonly type: "transport"; readonly call: string; readonly event: TransportEvent }
  /** A request or a download failed. */
  | { readonly type: "failure"; readonly failure: FailureRecord }
  /** A transfer changed its state; progress alone is no event. */
  | { readonly type: "transfer"; readonly transfer: TransferSnapshot }
  /** The memory guard took a step. */
  | { readonly type: "memory"; readonly direction: "lower" | "raise"; readonly memory: MemorySnapshot }
  /** The numbers were set to zero. */
  | { readonly type: "cleared" };

/** A numbered {@linkcode MonitorEventBody}. */
export type MonitorEvent = MonitorEventBody & {
  /** Counts up by one within the process, from 1. */
  readonly id: number;
  /** When, in milliseconds since the epoch. */
  readonly atMs: number;
};

/** Hands events on and keeps the last ones, so that a listener who was away misses nothing. */
export interface EventBus {
  /** The number of the newest event; 0 before the first. */
  readonly lastId: number;
  /** Takes an event. Never throws and never waits. */
  publish(event: MonitorEventBody): void;
  /** The kept events after `id`, oldest first; `missed` when some were dropped already. */
  since(id: number): { readonly events: readonly MonitorEvent[]; readonly missed: boolean };
  /** Calls `listener` with every event from now on; the function returned ends that. */
  subscribe(listener: (event: MonitorEvent) => void): () => void;
}

/** One point of a chart. */
export interface TimelinePoint {
  /** Start of the step, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Attempts that ended in it. */
  readonly requests: number;
  /** Those refused or without an answer. */
  readonly failed: number;
  /** Bytes announced by API and image answers, and received by downloads. */
  readonly bytes: number;
  /** Time to the headers, in milliseconds. */
  readonly p50Ms: number;
  /** Time to the headers, in milliseconds. */
  readonly p95Ms: number;
  /** Time to the headers, in milliseconds. */
  readonly p99Ms: number;
}

/** A span of time; both ends in milliseconds since the epoch. */
export interface TimeSpan {
  /** Start; default: as far back as there is anything. */
  readonly fromMs?: number | undefined;
  /** End; default: now. */
  readonly toMs?: number | undefined;
}

/** Numbers to be added to a store. */
export interface StatsDelta {
  /** Requests by host, route and method. */
  readonly series: readonly SeriesSnapshot[];
  /** Everything else. */
  readonly counters: readonly CounterSnapshot[];
  /** Failures to be listed. */
  readonly failures: readonly FailureRecord[];
  /** Resident memory in bytes. */
  readonly rssBytes?: number | undefined;
}

/** Keeps numbers on disk, for several processes at once. */
export interface StatsStore extends Disposable {
  /**
   * Adds numbers to the minute and the hour of `atMs`, and failures to the list, in one transaction.
   *
   * @throws {DiskError} When the file cannot be written, or other processes hold it too long; nothing is added then.
   */
  add(delta: StatsDelta, atMs: number): void;
  /** Everything within a span, added up. Spans are whole minutes for the last day, whole hours before. */
  read(span?: TimeSpan): StatsWindow;
  /** Points of `stepMs` (a multiple of a minute) for charts, oldest first; steps without requests are there too. */
  timeline(span: TimeSpan, stepMs: number): TimelinePoint[];
  /** The last failures, newest first. Default 100. */
  failures(limit?: number): FailureRecord[];
  /** One minute after another as JSON Lines or CSV, oldest first, a line at a time. */
  export(format: "json" | "csv", span?: TimeSpan): Generator<string>;
  /** Forgets what is older than the store keeps; called by itself now and then. */
  prune(): void;
  /** Forgets everything. */
  clear(): void;
  /** Size of the file in bytes. */
  sizeBytes(): number;
  /** Lets go of the file. */
  close(): void;
}
