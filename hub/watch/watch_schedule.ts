import { Cron } from "croner";
import { shownInput } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";

/** When something is done. */
export interface WatchSchedule {
  /** As it was written. */
  readonly text: string;
  /** When it is due again after `ms`; both in milliseconds since the epoch. */
  next(ms: number): number;
  /** How long it is from one time to the next, the shortest of the next ones, in milliseconds. */
  readonly everyMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** The site keeps its answers for five minutes: to ask more often is to ask in vain. */
const shortestMs = 5 * minuteMs;
const longestMs = 366 * dayMs;
const units: Readonly<Record<string, number>> = { m: minuteMs, h: hourMs, d: dayMs, w: 7 * dayMs };
const words: Readonly<Record<string, number>> = { hourly: hourMs, daily: dayMs, weekly: 7 * dayMs };
const understood =
  'understood are hourly, daily, weekly, "every 6h" (m, h, d or w), "daily at 07:30", and five words of cron such as ' +
  '"30 7 * * 1-5"';

function refuse(text: string, reason: string): InputError {
  const input = shownInput(text);
  return new InputError(`reading the schedule ${JSON.stringify(input)}: ${reason}; ${understood}`, {
    ...{ code: "invalid_argument", input },
  });
}

function everyMs(text: string): number | undefined {
  const [, count = "1", unit = ""] = /^every\s+(\d{1,4})?\s*([mhdw])[a-z]*$/.exec(text) ?? [];
  const unitMs = units[unit];
  return words[text] ?? (unitMs === undefined ? undefined : Number(count) * unitMs);
}

/** Five words of cron; undefined for what is no time of the day. */
function cronWords(text: string): string {
  const [, hours, minutes] = /^daily\s+at\s+(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  return hours === undefined ? text : `${Number(minutes)} ${Number(hours)} * * *`;
}

/**
 * Reads a schedule: `hourly`, `daily`, `weekly` and `every 6h` count from the last time; `daily at 07:30` and five words of
 * cron go by the clock of a zone, summer time included.
 *
 * @param text What was written; case does not matter.
 * @param timeZone The zone, such as `Asia/Taipei`. Default: that of the machine.
 * @throws {InputError} `invalid_argument` when it cannot be read, never comes, or comes more often than every five minutes.
 * @example
 * ```ts
 * import { watchSchedule } from "@civikit/civikit/hub";
 *
 * const schedule = watchSchedule("daily at 07:30", "Asia/Taipei");
 * console.log(new Date(schedule.next(Date.UTC(2026, 0, 1))).toISOString()); // 2026-01-01T23:30:00.000Z
 * ```
 */
export function watchSchedule(text: string, timeZone?: string): WatchSchedule {
  const written = text.trim().toLowerCase().replace(/\s+/g, " ");
  const interval = everyMs(written);
  if (timeZone !== undefined) checkZone(timeZone);
  if (interval !== undefined) {
    if (interval < shortestMs || interval > longestMs) throw refuse(text, "5 minutes to 366 days are due");
    return { text: text.trim(), everyMs: interval, next: (ms) => ms + interval };
  }
  let cron: Cron;
  let times: readonly Date[];
  try {
    cron = new Cron(cronWords(written), {
      mode: "5-part",
      paused: true,
      ...(timeZone !== undefined && { timezone: timeZone }),
    });
    times = cron.nextRuns(10, new Date(0));
  } catch (error) {
    throw refuse(
      text,
      error instanceof Error && /^CronPattern: (?!invalid conf|mode)/.test(error.message)
        ? error.message.slice("CronPattern: ".length)
        : "no schedule",
    );
  }
  const [first] = times;
  if (first === undefined) throw refuse(text, "that day never comes");
  const gaps = times.slice(1).map((time, index) => time.getTime() - times[index]!.getTime());
  const shortest = Math.min(longestMs, ...gaps);
  if (shortest < shortestMs) throw refuse(text, "more often than every 5 minutes");
  return {
    text: text.trim(),
    everyMs: shortest,
    next: (ms) => cron.nextRun(new Date(ms))?.getTime() ?? ms + longestMs,
  };
}

function checkZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    const input = shownInput(timeZone);
    throw new InputError(`reading the time zone ${JSON.stringify(input)}: unknown; a name such as Asia/Taipei is due`, {
      ...{ code: "invalid_argument", input },
    });
  }
}
