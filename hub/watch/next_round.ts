import { HttpError } from "../../transport/mod.ts";
import { mayPass } from "../worker/judge.ts";
import type { WatchSchedule } from "./watch_schedule.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** The first pause after a failure, and the one before the next page of a list that has to be caught up with. */
const soonMs = 5 * minuteMs;
const longestMs = 24 * hourMs;

/** What is known when the next round is set. */
export interface NextRound {
  /** When it is due by itself. */
  readonly schedule: WatchSchedule;
  /** How much later it may be, so that not all ask at once, in milliseconds. */
  readonly jitterMs: number;
  /** Now, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** A number in [0, 1). */
  readonly random: number;
}

/** When the round after one that went well is due; `isBehind`: there is more on the list, so it comes soon. */
export function nextRound({ schedule, jitterMs, nowMs, random }: NextRound, isBehind: boolean): number {
  const late = random * Math.min(jitterMs, schedule.everyMs / 4);
  const dueMs = schedule.next(nowMs) + late;
  return Math.ceil(isBehind ? Math.min(dueMs, nowMs + soonMs * (1 + random / 4)) : dueMs);
}

/**
 * When it is tried again after a failure: what may pass, in five minutes, then twice as long each time, up to a day; what
 * does not pass by itself, such as a creator who is gone, when its schedule says, and ever more rarely too.
 *
 * @param failures Rounds in a row that failed, this one included.
 */
export function afterFailure(
  error: unknown,
  failures: number,
  { schedule, nowMs, random }: NextRound,
): number {
  const grown = (firstMs: number) => Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 20)) * (1 + random / 4);
  if (!mayPass(error)) return Math.ceil(Math.max(schedule.next(nowMs), nowMs + grown(hourMs)));
  const asked = error instanceof HttpError ? error.retryAfterMs ?? 0 : 0;
  return Math.ceil(nowMs + Math.max(asked, grown(soonMs)));
}
