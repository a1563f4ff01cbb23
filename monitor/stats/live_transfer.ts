import type { TransferReason, TransferSnapshot, TransferState } from "../metrics/transfer.ts";

/** What a transfer of any process is doing, in the words of the queue. */
export type LiveState =
  | "waiting"
  | "resolving"
  | "downloading"
  | "paused"
  | "verifying"
  | "done"
  | "failed"
  | "cancelled";

/** What came of a transfer that is over; `died` is one whose process ended without a word. */
export type LiveVerdict = "verified" | "unverified" | "there" | "failed" | "cancelled" | "died";

/** What may be wished of a transfer. */
export type Wish = "pause" | "resume" | "cancel";

/** A process that transfers. */
export interface LiveProcess {
  /** Its number; only together with `startedMs` does it name one process. */
  readonly pid: number;
  /** When it started, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** What it does, such as `download` or `serve`. */
  readonly command: string;
  /** Whether it still runs. */
  readonly isAlive: boolean;
}

/** A process that is transferring now, and the memory it takes. */
export interface WorkingProcess extends LiveProcess {
  /** Resident memory in bytes, as it last wrote. */
  readonly rssBytes: number;
  /** Resident memory its guard allows, in bytes; null without a guard. */
  readonly limitBytes: number | null;
}

/** One transfer of any process, as it last wrote. */
export interface LiveTransfer {
  /** Names it among those of all processes. */
  readonly id: string;
  /** Whose it is. */
  readonly process: LiveProcess;
  /** Where the file is written. */
  readonly path: string;
  /** What was asked for; null where nobody told. */
  readonly reference: string | null;
  /** What it is doing. */
  readonly state: LiveState;
  /** Bytes that are there, an earlier run's included. */
  readonly bytes: number;
  /** Bytes in all; null while unknown. */
  readonly totalBytes: number | null;
  /** Over the last seconds; of one that is over, the mean of its whole time. */
  readonly bytesPerSecond: number;
  /** The failure that is tried again or ended it (an error code), or `link_renewed`; null while nothing is wrong. */
  readonly why: TransferReason | null;
  /** When it tries again, in milliseconds since the epoch; null where it does not wait. */
  readonly againMs: number | null;
  /** Bodies healed and headers retried on its way. */
  readonly retries: number;
  /** When it started, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** When this was written, in milliseconds since the epoch. */
  readonly changedMs: number;
  /** When it ended, in milliseconds since the epoch; null while it runs. */
  readonly endedMs: number | null;
  /** What came of it; null while it runs. */
  readonly verdict: LiveVerdict | null;
}

/** Transfers to look at and to act on. */
export interface TransferSource {
  /** Those that run, oldest first, and then those that died and were not taken up again. */
  list(): LiveTransfer[];
  /** Those that ended, newest first. Default: the last 100. */
  history(limit?: number): LiveTransfer[];
  /**
   * Asks for `wish`, of one transfer or of all.
   *
   * @returns Those that will obey: what is paused already cannot be paused, and what is over cannot do anything.
   */
  wish(wish: Wish, id?: string): LiveTransfer[];
  /** The processes that are transferring now, with the memory they take; absent where only this one is known. */
  working?(): WorkingProcess[];
}

const states: Readonly<Record<TransferState, LiveState>> = {
  waiting: "waiting",
  active: "downloading",
  paused: "paused",
  verifying: "verifying",
  finished: "done",
  skipped: "done",
  failed: "failed",
  cancelled: "cancelled",
};

/** What each wish can be obeyed in. */
const obeying: Readonly<Record<Wish, readonly LiveState[]>> = {
  pause: ["waiting", "resolving", "downloading"],
  resume: ["paused"],
  cancel: ["waiting", "resolving", "downloading", "paused", "verifying"],
};

/** Whether a wish can be obeyed: nothing that is over can, and no process that is gone. */
export function canObey({ state, endedMs, process }: LiveTransfer, wish: Wish): boolean {
  return endedMs === null && process.isAlive && obeying[wish].includes(state);
}

function verdictOf({ state, verified }: TransferSnapshot): LiveVerdict | null {
  if (state === "finished") return verified === true ? "verified" : "unverified";
  if (state === "skipped") return "there";
  return state === "failed" || state === "cancelled" ? state : null;
}

/** A transfer of this process as one of all processes', at `changedMs`. */
export function liveTransfer(from: TransferSnapshot, process: LiveProcess, changedMs: number): LiveTransfer {
  const { startedMs, endedMs = null, receivedBytes, code, why = code, againMs = null } = from;
  const seconds = endedMs === null ? 0 : Math.max(1, endedMs - startedMs) / 1000;
  return {
    id: from.id,
    process,
    path: from.path,
    reference: from.reference ?? null,
    state: states[from.state],
    bytes: from.bytes,
    totalBytes: from.totalBytes ?? null,
    bytesPerSecond: Math.round(endedMs === null ? from.bytesPerSecond : receivedBytes / seconds),
    why: why ?? null,
    againMs,
    retries: from.retries,
    startedMs,
    changedMs,
    endedMs,
    verdict: verdictOf(from),
  };
}
