import type { Site } from "../../api/client/site.ts";
import { noOthers, shownInput } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import { checkedJob } from "../queue/mod.ts";
import { levels } from "../search/levels.ts";
import { earlyAccessWords, type NewWatchRule, type WatchAction, type WatchFilters, type WatchOptions } from "./rule.ts";
import { watchSchedule } from "./watch_schedule.ts";

/** What of a rule people give, checked and without anything undefined. */
export interface CheckedRule {
  /** Which of what is new. */
  readonly filters: WatchFilters;
  /** What is done with it. */
  readonly action: WatchAction;
  /** Where files go. */
  readonly options: WatchOptions;
}

const mostWords = 50;
const longestWord = 200;
const mostBacklog = 100;
const optionNames: Readonly<Record<keyof Required<WatchOptions>, true>> = {
  ...{ allFiles: true, dir: true, root: true, layout: true, sidecars: true },
};

function refuse(name: string, value: unknown, reason: string): InputError {
  const input = shownInput(String(value));
  return new InputError(`reading ${name} ${JSON.stringify(input)}: ${reason}`, { code: "invalid_argument", input });
}

/** Words without repetition, in a fixed order, so that the same rule is the same text. */
function wordsOf(name: string, words: readonly string[]): string[] {
  const plain = [...new Set(words.map((word) => word.trim()))].filter((word) => word !== "").sort();
  if (plain.length === 0 || plain.length > mostWords) {
    throw refuse(name, words.join(), `1 to ${mostWords} words are due`);
  }
  const long = plain.find((word) => word.length > longestWord);
  if (long !== undefined) throw refuse(name, long, `over ${longestWord} characters`);
  return plain;
}

function checkedBytes(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return Math.round(value);
  throw refuse(name, value, "a number of bytes is due");
}

function oneOf<Word extends string>(name: string, words: readonly Word[], value: string): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) throw refuse(name, value, `${words.join(", ")} are known`);
  return found;
}

function checkedFilters(given: WatchFilters): WatchFilters {
  const { bases, types, formats, minBytes, maxBytes, level, early } = given;
  return {
    ...(bases !== undefined && { bases: wordsOf("base models", bases) }),
    ...(types !== undefined && { types: wordsOf("types", types) }),
    ...(formats !== undefined && { formats: wordsOf("formats", formats) }),
    ...(minBytes !== undefined && { minBytes: checkedBytes("the least size", minBytes) }),
    ...(maxBytes !== undefined && { maxBytes: checkedBytes("the largest size", maxBytes) }),
    ...(level !== undefined && { level: oneOf("level", levels, level) }),
    ...(early !== undefined && early !== "take" && { early: oneOf("early access", earlyAccessWords, early) }),
  };
}

/**
 * Checks what people give of a rule.
 *
 * @throws {InputError} Naming what is wrong.
 */
export function checkedRule(
  { filters = {}, action = "queue", options = {}, schedule, timeZone, sinceMs, backlog = 0 }:
    & Omit<
      NewWatchRule,
      "target" | "schedule" | "timeZone"
    >
    & { readonly schedule?: string | null | undefined; readonly timeZone?: string | null | undefined },
  site: Partial<Site>,
): CheckedRule {
  try {
    noOthers<WatchOptions>("watch", options, optionNames);
  } catch (error) {
    throw refuse("options", Object.keys(options).join(), error instanceof Error ? error.message : "unknown");
  }
  const checked = {
    filters: checkedFilters(filters),
    action: oneOf("action", ["queue", "tell"] as const, action),
    // what the queue would refuse is refused now
    options: checkedJob({ reference: "version:1", options }, site).options as WatchOptions,
  };
  if (typeof schedule === "string") watchSchedule(schedule, timeZone ?? undefined);
  else if (typeof timeZone === "string") watchSchedule("daily", timeZone);
  if (sinceMs !== undefined && !Number.isFinite(sinceMs)) throw refuse("since", sinceMs, "a date is due");
  if (!Number.isInteger(backlog) || backlog < 0 || backlog > mostBacklog) {
    throw refuse("backlog", backlog, `a whole number from 0 to ${mostBacklog} is due`);
  }
  return checked;
}
