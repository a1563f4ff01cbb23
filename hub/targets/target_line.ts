import { cutSecrets } from "../../transport/internal.ts";
import { type Clock, HttpError, type Transport } from "../../transport/mod.ts";
import type { JobReason } from "../queue/mod.ts";
import { longestPauseMs, pauseMs, reasonOf } from "../worker/judge.ts";
import { callsOf, type TargetCall } from "./calls.ts";
import { isFailure, keyOf, type News } from "./news.ts";
import type { Outbox } from "./outbox.ts";
import type { Target } from "./target.ts";

/** What somebody asks to wait for is waited for so long, in milliseconds: after a week it would be forgotten. */
const longestAskedMs = 24 * 3_600_000;

/** How it stands with one program. */
export interface TargetState extends Target {
  /**
   * `idle`: it knows everything; `gathering`: it will be told soon; `telling`: it is being told; `waiting`: it could not be
   * told, and will be again; `failed`: it refused, and is not asked the same again.
   */
  readonly state: "idle" | "gathering" | "telling" | "waiting" | "failed";
  /** Files it has not been told of. */
  readonly files: number;
  /** Failures it has not been told of. */
  readonly failures: number;
  /** When it was last told of something, in milliseconds since the epoch; null: not yet. */
  readonly toldMs: number | null;
  /** When it will be asked again, in milliseconds since the epoch; null: it need not be. */
  readonly againMs: number | null;
  /** How often in a row it could not be told. */
  readonly attempts: number;
  /** Why it could not; null: it could. */
  readonly why: JobReason | null;
}

/** What became of one round: what has to be told again, and why. */
interface Round {
  readonly left: readonly News[];
  readonly why: JobReason | null;
  readonly isPatient: boolean;
  readonly askedMs: number;
}

function isRefused(why: JobReason): boolean {
  return why.status === 401 || why.status === 403;
}

/** Whether it may be otherwise later on: a program that is off, busy, or wants a login somebody can give. */
function mayPass(error: unknown, why: JobReason): boolean {
  if (!(error instanceof HttpError)) return true;
  return isRefused(why) || error.status === 408 || error.status === 429 || error.status >= 500;
}

/** Asks; statuses that mean «done» are. @throws {CivikitError} When it was not done. */
async function ask(transport: Transport, { url, body, done }: TargetCall, signal: AbortSignal): Promise<void> {
  const headers = { accept: "application/json", ...(body !== undefined && { "content-type": "application/json" }) };
  try {
    // what is said of files is for this address; and a redirect may turn it into a question without a body
    const redirect = "error";
    const response = await transport.fetch(
      new Request(url, { method: "POST", headers, signal, redirect, ...(body !== undefined && { body }) }),
    );
    await response.body?.cancel();
  } catch (error) {
    if (error instanceof HttpError && done.includes(error.status)) return;
    throw error;
  }
}

/** What one program is told. */
export interface TargetLine {
  /** How it stands. */
  state(): TargetState;
  /** Has it told, unless it is of no use to this program. */
  add(news: News): void;
  /** Takes over what processes that have ended could not tell. */
  resume(): void;
  /** Tells what is left, once. */
  end(): Promise<void>;
}

/** What tells it. */
export interface TargetLineOptions {
  readonly transport: Transport;
  readonly onTold: (state: TargetState) => void;
  readonly outbox: Outbox;
  readonly quietMs: number;
  readonly mostMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether nothing new is begun but the last round. */
  readonly isClosing: () => boolean;
  /** Whether it is still to be told: what it was not told stays until then. */
  readonly isWanted: () => boolean;
  /** Gives up what is asked. */
  readonly signal: AbortSignal;
}

/** Gathers news for one program and tells them, again and again until it was told; newer news of the same take their place. */
export function targetLine(
  target: Target,
  { transport, onTold, outbox, quietMs, mostMs, clock, random, isClosing, isWanted, signal }: TargetLineOptions,
): TargetLine {
  let pending = new Map<string, News>();
  let sinceMs = 0;
  let cancel: (() => void) | undefined;
  let busy: Promise<void> | undefined;
  let toldMs: number | null = null;
  let againMs: number | null = null;
  let attempts = 0;
  let why: JobReason | null = null;

  function state(): TargetState {
    const news = [...pending.values()];
    const failures = news.filter(isFailure).length;
    const files = news.length - failures;
    const now = busy !== undefined
      ? "telling"
      : againMs !== null
      ? "waiting"
      : news.length > 0
      ? "gathering"
      : why === null
      ? "idle"
      : "failed";
    return { ...target, url: cutSecrets(target.url), state: now, files, failures, toldMs, againMs, attempts, why };
  }

  async function round(news: readonly News[]): Promise<Round> {
    const calls = callsOf(target, news);
    let why: JobReason | null = null;
    for (const [index, call] of calls.entries()) {
      try {
        await ask(transport, call, signal);
      } catch (error) {
        const reason = reasonOf(error);
        // the others may be fine
        why = reason;
        if (!mayPass(error, reason)) continue;
        const left = new Set(calls.slice(index).flatMap(({ news }) => news));
        const askedMs = error instanceof HttpError ? Math.min(longestAskedMs, error.retryAfterMs ?? 0) : 0;
        return { left: [...left], why, isPatient: isRefused(reason), askedMs };
      }
    }
    return { left: [], why, isPatient: false, askedMs: 0 };
  }

  function takeOver(): void {
    for (const news of outbox.take(target)) {
      // what happened since then is newer
      if (!pending.has(keyOf(news))) pending.set(keyOf(news), news);
    }
  }

  async function tell(): Promise<void> {
    takeOver();
    const news = [...pending.values()];
    pending = new Map();
    againMs = null;
    const { left, isPatient, askedMs, ...rest } = await round(news);
    if (isClosing() && signal.aborted) return;
    why = rest.why;
    busy = undefined;
    // what came meanwhile stays behind what has waited
    pending = new Map([...left, ...pending.values()].map((one) => [keyOf(one), one]));
    outbox.drop(target, news.filter((one) => !pending.has(keyOf(one))));
    if (why === null) toldMs = clock.date();
    if (left.length === 0) attempts = 0;
    else {
      const delayMs = isPatient ? longestPauseMs : Math.max(askedMs, pauseMs(attempts++, random()));
      againMs = clock.date() + Math.ceil(delayMs);
      later(delayMs);
    }
    onTold(state());
    if (left.length === 0 && pending.size > 0) gather();
  }

  function begin(): Promise<void> {
    cancel?.();
    cancel = undefined;
    if (busy !== undefined || isWanted()) return busy ??= tell();
    againMs = null;
    later(longestPauseMs);
    return Promise.resolve();
  }

  function later(delayMs: number): void {
    cancel?.();
    cancel = isClosing() ? undefined : clock.after(delayMs, () => void begin());
  }

  function gather(): void {
    if (busy === undefined && againMs === null) later(Math.min(quietMs, Math.max(0, sinceMs + mostMs - clock.now())));
  }

  return {
    state,
    add(news) {
      if (callsOf(target, [news]).length === 0) return;
      outbox.keep(target, news);
      if (pending.size === 0) sinceMs = clock.now();
      pending.set(keyOf(news), news);
      gather();
    },
    resume() {
      sinceMs = clock.now();
      takeOver();
      if (pending.size > 0) gather();
    },
    async end() {
      cancel?.();
      await busy;
      if (pending.size > 0) await begin();
    },
  };
}
