import { cutSecrets, systemClock, within } from "../../transport/internal.ts";
import { type Clock, HttpError, type Transport } from "../../transport/mod.ts";
import type { JobReason } from "../queue/mod.ts";
import type { PublishedFile } from "../run/mod.ts";
import { longestPauseMs, pauseMs, reasonOf } from "../worker/judge.ts";
import { callsOf, type TargetCall } from "./calls.ts";
import type { Target } from "./target.ts";

/** How it stands with one program. */
export interface TargetState extends Target {
  /**
   * `idle`: it knows everything; `gathering`: it will be told soon; `telling`: it is being told; `waiting`: it could not be
   * told, and will be again; `failed`: it refused, and is not asked the same again.
   */
  readonly state: "idle" | "gathering" | "telling" | "waiting" | "failed";
  /** Files it has not been told of. */
  readonly files: number;
  /** When it was last told of something, in milliseconds since the epoch; null: not yet. */
  readonly toldMs: number | null;
  /** When it will be asked again, in milliseconds since the epoch; null: it need not be. */
  readonly againMs: number | null;
  /** How often in a row it could not be told. */
  readonly attempts: number;
  /** Why it could not; null: it could. */
  readonly why: JobReason | null;
}

/** Options of {@linkcode tellTargets}. */
export interface TellTargetsOptions {
  /** Who is to be told; asked anew for every file. */
  readonly targets: () => readonly Target[];
  /** What asks. It need not retry. */
  readonly transport: Transport;
  /** Hears when one was told, or could not be. Default: nobody does. */
  readonly onTold?: ((state: TargetState) => void) | undefined;
  /** How long it must be quiet before they are told, in milliseconds. Default 2000. */
  readonly quietMs?: number | undefined;
  /** How long the first of many files waits at most, in milliseconds. Default 15000. */
  readonly mostMs?: number | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
  /** A number in [0, 1). */
  readonly random?: (() => number) | undefined;
}

/** Tells programs of new files. */
export interface TargetTeller {
  /** A file is there. Never throws, never waits. */
  published(file: PublishedFile): void;
  /** How it stands with each program that is to be told. */
  list(): TargetState[];
  /**
   * Tells what is not told yet, once, and ends.
   *
   * @param lastMs How long that may take, in milliseconds. Default 2000.
   */
  close(lastMs?: number): Promise<void>;
}

/** What became of one round: what has to be told again, and why. */
interface Round {
  readonly left: readonly PublishedFile[];
  readonly why: JobReason | null;
  readonly isPatient: boolean;
  readonly askedMs: number;
}

const startOver = new Error("the work is ending");

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

/**
 * Tells programs of files as they come: many that end together are told together, each program on its own, what fails
 * again after pauses that grow up to ten minutes. Nothing it does holds up whoever publishes.
 *
 * @param options See {@linkcode TellTargetsOptions}.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { tellTargets } from "@civikit/civikit/hub";
 *
 * const asked: string[] = [];
 * const transport = { fetch: ({ url }: Request) => Promise.resolve(new Response(asked.push(url) ? null : "")) };
 * const targets = () => [{ kind: "forge", url: "http://127.0.0.1:7860" } as const];
 * const teller = tellTargets({ targets, transport });
 * teller.published({ path: "/models/Lora/lantern.safetensors", role: "lora" });
 * await teller.close();
 * console.log(asked); // [ "http://127.0.0.1:7860/sdapi/v1/refresh-loras" ]
 * ```
 */
export function tellTargets({
  targets,
  transport,
  onTold = () => {},
  quietMs = 2000,
  mostMs = 15_000,
  clock = systemClock,
  random = Math.random,
}: TellTargetsOptions): TargetTeller {
  within("quietMs", quietMs, 0, 600_000);
  within("mostMs", mostMs, 0, 600_000);
  const lines = new Map<string, ReturnType<typeof line>>();
  const last = new AbortController();
  let isClosing = false;

  function line(target: Target) {
    let pending = new Map<string, PublishedFile>();
    let sinceMs = 0;
    let cancel: (() => void) | undefined;
    let busy: Promise<void> | undefined;
    let toldMs: number | null = null;
    let againMs: number | null = null;
    let attempts = 0;
    let why: JobReason | null = null;

    function state(): TargetState {
      const files = pending.size;
      const now = busy !== undefined
        ? "telling"
        : againMs !== null
        ? "waiting"
        : files > 0
        ? "gathering"
        : why === null
        ? "idle"
        : "failed";
      return { ...target, url: cutSecrets(target.url), state: now, files, toldMs, againMs, attempts, why };
    }

    async function round(files: readonly PublishedFile[]): Promise<Round> {
      const calls = callsOf(target, files);
      let why: JobReason | null = null;
      for (const [index, call] of calls.entries()) {
        try {
          await ask(transport, call, last.signal);
        } catch (error) {
          const reason = reasonOf(error);
          // the others may be fine
          why = reason;
          if (!mayPass(error, reason)) continue;
          const left = new Set(calls.slice(index).flatMap(({ files }) => files));
          const askedMs = error instanceof HttpError ? error.retryAfterMs ?? 0 : 0;
          return { left: [...left], why, isPatient: isRefused(reason), askedMs };
        }
      }
      return { left: [], why, isPatient: false, askedMs: 0 };
    }

    async function tell(): Promise<void> {
      const files = [...pending.values()];
      pending = new Map();
      againMs = null;
      const { left, isPatient, askedMs, ...rest } = await round(files);
      if (isClosing && last.signal.aborted) return;
      why = rest.why;
      busy = undefined;
      // what came meanwhile stays behind what has waited
      pending = new Map([...left, ...pending.values()].map((file) => [file.path, file]));
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
      return busy ??= tell();
    }

    function later(delayMs: number): void {
      cancel?.();
      cancel = isClosing ? undefined : clock.after(delayMs, () => void begin());
    }

    function gather(): void {
      if (busy === undefined && againMs === null) later(Math.min(quietMs, Math.max(0, sinceMs + mostMs - clock.now())));
    }

    return {
      state,
      add(file: PublishedFile) {
        if (callsOf(target, [file]).length === 0) return;
        if (pending.size === 0) sinceMs = clock.now();
        pending.set(file.path, file);
        gather();
      },
      async end() {
        cancel?.();
        await busy;
        if (pending.size > 0) await begin();
      },
    };
  }

  function lineOf(target: Target): ReturnType<typeof line> {
    const key = `${target.kind} ${target.url}`;
    const known = lines.get(key) ?? line(target);
    lines.set(key, known);
    return known;
  }

  return {
    published(file) {
      if (isClosing) return;
      for (const target of targets()) lineOf(target).add(file);
    },
    list: () => targets().map((target) => lineOf(target).state()),
    async close(lastMs = 2000) {
      isClosing = true;
      const cancel = clock.after(lastMs, () => last.abort(startOver));
      await Promise.all([...lines.values()].map((line) => line.end()));
      cancel();
    },
  };
}
