import type { JobEnding, JobReason } from "../queue/mod.ts";
import { errorIs, messageOf } from "../../transport/internal.ts";
import { CivikitError, type ErrorCode, HttpError } from "../../transport/mod.ts";

/** What is tried again though the layers below have given up: it may pass by itself. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "circuit_open",
  "idle_timeout",
  "total_timeout",
  "header_timeout",
  "body_incomplete",
  "no_progress",
  "content_changed",
  "target_locked",
  "too_many_files",
  "out_of_memory",
]);

/** What may be the trouble of this machine's disk alone. */
const ofTheDisk: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "no_space",
  "permission_denied",
  "folder_missing",
  "invalid_path",
  "disk_error",
]);

const firstPauseMs = 5000;
/** The longest pause before another attempt, in milliseconds. */
export const longestPauseMs = 600_000;
/** How long is waited for an end that nobody tells (early access, a key), until it is looked again, in milliseconds. */
const undatedMs = 3_600_000;

/** What is known about a job whose attempt failed. */
export interface Attempt {
  /** Attempts that failed before. */
  readonly attempts: number;
  /** How many may fail. */
  readonly mostAttempts: number;
  /** Whether somebody waits who would rather wait on than hear that there is no network, or no space. */
  readonly isPatient: boolean;
  /** Whether workers on other machines may have the job. */
  readonly isShared: boolean;
  /** Until when only buyers get the file; null: not known. */
  readonly earlyAccessMs: number | null;
  /** Now, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** A number in [0, 1). */
  readonly random: number;
}

type KeyCode = "unauthorized" | "login_required";

/** Whether a job stands where it stands because the site wants a key, or another one. */
export function isKeyWanted(why: JobReason): why is JobReason & { readonly code: KeyCode } {
  return why.code === "unauthorized" || why.code === "login_required";
}

/** An error as data. */
export function reasonOf(error: unknown): JobReason & { readonly code: ErrorCode } {
  if (!(error instanceof CivikitError)) {
    return { code: "internal_error", message: messageOf(error instanceof Error ? error : new Error(String(error))) };
  }
  return {
    code: error.code,
    ...(error instanceof HttpError && { status: error.status }),
    ...(error.reason !== undefined && { reason: error.reason }),
    message: messageOf(error),
  };
}

/** Five seconds, then three times as long each time, up to ten minutes; a quarter more or less. */
export function pauseMs(attempts: number, random: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 3 ** attempts) * (0.75 + random / 2);
}

/** Whether what failed may go well later, though nobody does anything about it. */
export function mayPass(error: unknown): error is CivikitError {
  if (!(error instanceof CivikitError)) return false;
  const traits = ["unreachable", "absent", "passing", "broken"] as const;
  return passing.has(error.code) || traits.some((trait) => errorIs(trait, error));
}

/** Whether an attempt failed for what may be the trouble of this machine's disk alone. */
export function isOfTheDisk({ code }: JobReason): boolean {
  return ofTheDisk.has(code as ErrorCode);
}

/** What becomes of a job whose attempt failed: it waits for a date, it is tried again after a pause, or it has failed. */
export function judge(error: unknown, attempt: Attempt): JobEnding {
  const { attempts, mostAttempts, isPatient, isShared, earlyAccessMs, nowMs, random } = attempt;
  const why = reasonOf(error);
  const waits = (untilMs: number, isParked: boolean): JobEnding => {
    return { state: "waiting", notBeforeMs: untilMs, why: { ...why, untilMs }, isParked };
  };
  if (why.code === "early_access") {
    const isAhead = earlyAccessMs !== null && earlyAccessMs > nowMs;
    return waits(isAhead ? earlyAccessMs : nowMs + undatedMs, true);
  }
  // a key that is missing or refused: another one wakes what waits for it
  if (isKeyWanted(why) && isPatient) return waits(nowMs + undatedMs, true);
  // a machine with another disk may take it
  if (isShared && isOfTheDisk(why) && attempts + 1 < mostAttempts) {
    return waits(Math.ceil(nowMs + pauseMs(attempts, random)), false);
  }
  // whoever makes room need not ask for each job again
  if (why.code === "no_space" && isPatient) return waits(nowMs + longestPauseMs, true);
  const failed: JobEnding = { state: "failed", code: why.code, why };
  if (!(error instanceof CivikitError)) return failed;
  const isAway = errorIs("unreachable", error) || errorIs("absent", error);
  if (!mayPass(error) || (attempts + 1 >= mostAttempts && !(isAway && isPatient))) return failed;
  const asked = error instanceof HttpError ? error.retryAfterMs ?? 0 : 0;
  return waits(Math.ceil(nowMs + Math.max(asked, pauseMs(attempts, random))), false);
}
