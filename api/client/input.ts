import { shownInput } from "../../transport/internal.ts";
import { type ErrorCode, InputError } from "../../transport/mod.ts";

const largestId = 2 ** 31 - 1;

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
