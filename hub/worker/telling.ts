import type { ActiveState, JobProgress, JobReason } from "../queue/mod.ts";
import type { Clock, TransportEvent } from "../../transport/mod.ts";
import type { RunWatcher } from "../run/mod.ts";

/** How often is told how far a job is, in milliseconds. */
const tellMs = 500;
/** How long something that is over is still said, in milliseconds. */
const saidMs = 10_000;
/** Shorter waits are not worth a word, in milliseconds. */
const longWaitMs = 1000;

/** What a file is at. */
interface FileNow {
  bytes: number;
  totalBytes: number | undefined;
  bytesPerSecond: number;
}

/** Gathers how far a job is and tells it, twice a second at most. */
export interface Telling {
  /** For the run driver. */
  readonly watcher: RunWatcher;
  /** For whatever reports events. */
  report(event: TransportEvent): void;
  /** Something is known. */
  know(progress: JobProgress): void;
  /** The files the job has, and their sizes. */
  expect(files: readonly { readonly name: string; readonly totalBytes: number | undefined }[]): void;
  /** Tells nothing more. */
  stop(): void;
}

/** Why a job waits by what its transport reports; undefined: nothing new, null: it goes on. */
function whyOf(event: TransportEvent, nowMs: number): JobReason | null | undefined {
  switch (event.type) {
    case "retry":
      if (event.delayMs < longWaitMs) return undefined;
      return {
        code: event.code,
        untilMs: Math.ceil(nowMs + event.delayMs),
        ...(event.status !== undefined && { status: event.status }),
      };
    case "wait":
      return event.waitMs < longWaitMs ? undefined : { code: "rate_limited", untilMs: Math.ceil(nowMs + event.waitMs) };
    case "resume":
      return { code: event.code };
    case "resolve":
      return { code: "link_renewed" };
    case "download": {
      const [, count, total] = event.phase === "resuming" && /^(\d+) of (\d+) spans$/.exec(event.note ?? "") || [];
      return count === undefined ? undefined : { code: "spans_proved", count: Number(count), total: Number(total) };
    }
    default:
      return undefined;
  }
}

/** Tells `tell` how far a job is: at once when its state changes, else now and then. */
export function telling(clock: Clock, tell: (progress: JobProgress) => void): Telling {
  const files = new Map<string, FileNow>();
  let fresh: JobProgress = {};
  let state: ActiveState = "resolving";
  let toldMs = -Infinity;
  let saidAtMs = 0;
  let why: JobReason | null = null;
  let cancel: (() => void) | undefined;
  let isStopped = false;

  function flush(): void {
    cancel?.();
    cancel = undefined;
    if (isStopped) return;
    toldMs = clock.now();
    const told = fresh;
    fresh = {};
    tell(told);
  }

  function know(progress: JobProgress): void {
    fresh = { ...fresh, ...progress };
    const isNewState = progress.state !== undefined && progress.state !== state;
    state = progress.state ?? state;
    const leftMs = toldMs + tellMs - clock.now();
    if (isNewState || leftMs <= 0) flush();
    else cancel ??= clock.after(leftMs, flush, true);
  }

  function say(next: JobReason | null): void {
    why = next;
    saidAtMs = clock.date();
    know({ why });
  }

  /** What was said is over: bytes come again, and it was there long enough to be read. */
  function isOver({ untilMs = saidAtMs + saidMs }: JobReason): boolean {
    return clock.date() >= untilMs;
  }

  function sum(): void {
    const all = [...files.values()];
    const totals = all.map(({ totalBytes }) => totalBytes);
    know({
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      bytesPerSecond: Math.round(all.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0)),
      totalBytes: totals.includes(undefined) ? null : totals.reduce<number>((sum, total) => sum + total!, 0),
      ...(why !== null && isOver(why) && { why: why = null }),
    });
  }

  return {
    watcher: {
      started: () => know({ state: "downloading" }),
      progress({ name }, { downloadedBytes: bytes, totalBytes = files.get(name)?.totalBytes, bytesPerSecond }) {
        files.set(name, { bytes, totalBytes, bytesPerSecond });
        sum();
      },
      phase: (_, phase) => know({ state: phase === "verifying" ? "verifying" : "downloading" }),
    },
    report(event) {
      const next = whyOf(event, clock.date());
      if (next !== undefined) say(next);
    },
    know,
    expect(all) {
      for (const { name, totalBytes } of all) files.set(name, { bytes: 0, totalBytes, bytesPerSecond: 0 });
      sum();
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}
