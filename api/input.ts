import { type ErrorCode, InputError, redactText } from "../transport/mod.ts";

const longestShown = 200;
const largestId = 2 ** 31 - 1;

/** What was given, fit to be shown: cut to 200 characters, secrets cut. */
export function shownInput(text: string): string {
  return redactText(text.length > longestShown ? `${text.slice(0, longestShown)}…` : text);
}

/** An error about something given: `reading "<input>": <reason>`. */
export function badInput(text: string, reason: string, code: ErrorCode): InputError {
  const input = shownInput(text);
  return new InputError(`reading ${JSON.stringify(input)}: ${reason}`, { code, input });
}

/** Tells whether `value` can be an id of the site: a whole number from 1 to 2147483647. */
export function isId(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= largestId;
}

/** The id written in `digits`, which are ASCII digits; undefined when out of range. */
export function readId(digits: string): number | undefined {
  const value = Number(digits);
  return isId(value) ? value : undefined;
}

/** Says what an id is, for messages. */
export const idRule: string = `an id is a whole number from 1 to ${largestId}`;
