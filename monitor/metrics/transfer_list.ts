import {
  CivikitError,
  type Clock,
  type DownloadOptions,
  type ErrorCode,
  type TransportEvent,
} from "../../transport/mod.ts";
import type { Count } from "./counters.ts";
import type { FailureRecord } from "./failures.ts";
import type {
  Transfer,
  TransferAbout,
  TransferList,
  TransferReason,
  TransferSnapshot,
  TransferState,
} from "./transfer.ts";

/** Options of {@linkcode transferList}: what it tells its registry. */
export interface TransferListOptions {
  /** Where time comes from. */
  readonly clock: Clock;
  /** Counts. */
  readonly count: Count;
  /** Takes a download that failed. */
  readonly fail: (failure: FailureRecord) => void;
  /** Takes a transfer that changed its state. */
  readonly publish: (transfer: TransferSnapshot) => void;
}

const mostEnded = 100;
const ended: ReadonlySet<TransferState> = new Set(["finished", "skipped", "failed", "cancelled"]);

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly startedMs: number;
  readonly started: number;
  readonly stop: AbortController;
  readonly isStopped: () => boolean;
  state: TransferState;
  /** The state to go back to after a pause. */
  before: TransferState;
  held: PromiseWithResolvers<void> | undefined;
  readonly hold: TransferAbout["hold"];
  bytes: number;
  totalBytes: number | undefined;
  bytesPerSecond: number;
  endedMs: number | undefined;
  code: ErrorCode | undefined;
  connections: number;
  retries: number;
  receivedBytes: number;
  path: string;
  readonly reference: string | undefined;
  why: TransferReason | undefined;
  againMs: number | undefined;
  verified: boolean | undefined;
}

/** Makes the list of a registry. */
export function transferList({ clock, count, fail, publish }: TransferListOptions): TransferList {
  const entries = new Map<string, Entry>();
  /** Those that ended, longest ago first. */
  const over: string[] = [];
  let numbers = 0;

  function snapshot(entry: Entry): TransferSnapshot {
    const { id, name, state, bytes, totalBytes, startedMs, endedMs, code, connections, retries } = entry;
    const { receivedBytes, path, reference, why, againMs, verified } = entry;
    const bytesPerSecond = state === "active" ? entry.bytesPerSecond : 0;
    const isKnown = totalBytes !== undefined && bytesPerSecond > 0;
    const etaMs = isKnown ? Math.max(0, totalBytes - bytes) * 1000 / bytesPerSecond : undefined;
    return {
      id,
      name,
      state,
      bytes,
      totalBytes,
      bytesPerSecond,
      etaMs,
      startedMs,
      endedMs,
      code,
      connections: ended.has(state) ? 0 : connections,
      retries,
      receivedBytes,
      path,
      reference,
      why,
      againMs,
      verified,
    };
  }

  function change(entry: Entry, state: TransferState): void {
    if (entry.state === state || ended.has(entry.state)) return;
    entry.state = state;
    if (ended.has(state)) {
      entry.endedMs = clock.date();
      because(entry, undefined);
      entry.held?.resolve();
      entry.held = undefined;
      over.push(entry.id);
      if (over.length > mostEnded) entries.delete(over.shift()!);
    }
    publish(snapshot(entry));
  }

  function because(entry: Entry, why: TransferReason | undefined, delayMs?: number): void {
    entry.why = why;
    entry.againMs = delayMs === undefined ? undefined : clock.date() + delayMs;
  }

  function move(entry: Entry, bytes: number, isReceived = true): void {
    if (isReceived && bytes > entry.bytes) {
      count("download_bytes", "", "", bytes - entry.bytes);
      entry.receivedBytes += bytes - entry.bytes;
      because(entry, undefined);
    }
    entry.bytes = bytes;
  }

  function finish(entry: Entry, ending: TransferState, code?: ErrorCode): void {
    if (ended.has(entry.state)) return;
    // whoever stops a whole batch does so by a signal that is not ours
    const state = ending === "failed" && code === "aborted" ? "cancelled" : ending;
    const elapsedMs = clock.now() - entry.started;
    entry.code = code;
    count("download", "", state, elapsedMs);
    if (state === "failed") {
      const known = code ?? "network_error";
      count("download_error", "", known);
      const { name: target } = entry;
      fail({ atMs: clock.date(), kind: "download", code: known, host: "", status: 0, target, durationMs: elapsedMs });
    }
    change(entry, state);
  }

  function note(entry: Entry, event: TransportEvent): void {
    if (event.type === "retry" || event.type === "resume") entry.retries++;
    if (event.type === "retry") because(entry, event.code, event.delayMs);
    if (event.type === "resume") because(entry, event.code);
    if (event.type === "wait") because(entry, "rate_limited", event.waitMs);
    if (event.type === "resolve") because(entry, "link_renewed");
    if (event.type === "connections") entry.connections = event.connections;
    if (event.type !== "download") return;
    const { phase, bytes, totalBytes } = event;
    entry.path = event.path;
    if (totalBytes !== undefined) entry.totalBytes = totalBytes;
    const isFresh = phase === "resuming" || phase === "started" || phase === "restarted";
    move(entry, bytes, !isFresh);
    const state = entry.held === undefined ? "active" : "paused";
    if (phase === "finished") finish(entry, "finished");
    else if (phase === "failed") finish(entry, entry.isStopped() ? "cancelled" : "failed", event.note as ErrorCode);
    else if (phase === "verifying") change(entry, phase);
    else change(entry, state);
  }

  function running(id: string): Entry | undefined {
    const entry = entries.get(id);
    return entry === undefined || ended.has(entry.state) ? undefined : entry;
  }

  function track(
    name: string,
    options: DownloadOptions = {},
    { reference, path = name, hold }: TransferAbout = {},
  ): Transfer {
    const stop = new AbortController();
    const { signal } = options;
    const entry: Entry = {
      id: `t${++numbers}`,
      name,
      startedMs: clock.date(),
      started: clock.now(),
      stop,
      isStopped: () => stop.signal.aborted || signal?.aborted === true,
      state: "waiting",
      before: "waiting",
      held: undefined,
      hold,
      bytes: 0,
      totalBytes: options.sizeBytes,
      bytesPerSecond: 0,
      endedMs: undefined,
      code: undefined,
      connections: 1,
      retries: 0,
      receivedBytes: 0,
      path,
      reference,
      why: undefined,
      againMs: undefined,
      verified: undefined,
    };
    entries.set(entry.id, entry);
    publish(snapshot(entry));
    return {
      id: entry.id,
      options: {
        ...options,
        signal: signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]),
        gate: () => entry.held?.promise ?? options.gate?.(),
        onProgress(progress) {
          const { downloadedBytes, totalBytes, bytesPerSecond } = progress;
          move(entry, downloadedBytes);
          if (totalBytes !== undefined) entry.totalBytes = totalBytes;
          entry.bytesPerSecond = bytesPerSecond;
          if (entry.state === "waiting") change(entry, "active");
          options.onProgress?.(progress);
        },
        report(event) {
          note(entry, event);
          options.report?.(event);
        },
      },
      end({ error, skipped = false, verified, path } = {}) {
        if (path !== undefined) entry.path = path;
        if (verified !== undefined && entry.verified === undefined) {
          entry.verified = verified;
          // the downloader's own event may have ended it already
          if (ended.has(entry.state)) publish(snapshot(entry));
        }
        if (error === undefined) finish(entry, skipped ? "skipped" : "finished");
        else if (entry.isStopped()) finish(entry, "cancelled");
        else finish(entry, "failed", error instanceof CivikitError ? error.code : undefined);
      },
    };
  }

  return {
    track,
    list: () => [...entries.values()].map(snapshot),
    pause(id) {
      const entry = running(id);
      if (entry === undefined) return false;
      if (entry.held !== undefined) return true;
      if (entry.hold !== undefined) {
        entry.hold();
        return true;
      }
      entry.held = Promise.withResolvers();
      entry.before = entry.state;
      change(entry, "paused");
      return true;
    },
    resume(id) {
      const entry = running(id);
      if (entry === undefined) return false;
      entry.held?.resolve();
      entry.held = undefined;
      if (entry.state === "paused") change(entry, entry.before);
      return true;
    },
    cancel(id) {
      const entry = running(id);
      if (entry === undefined) return false;
      entry.held?.resolve();
      entry.held = undefined;
      entry.stop.abort(new CivikitError(`downloading "${entry.name}": cancelled`, { code: "aborted" }));
      finish(entry, "cancelled");
      return true;
    },
  };
}
