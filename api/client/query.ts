import { type ErrorReason, InputError } from "../../transport/mod.ts";
import { idRule, isId, shownInput } from "./input.ts";

/** A query's parameters on the wire: undefined ones are left out, lists repeat the name. */
export type Query = Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>;

/** An error about a parameter the site would refuse, misread or ignore: said before anything is sent. */
export function badQuery(
  action: string,
  name: string,
  value: unknown,
  state: string,
  reason?: ErrorReason,
): InputError {
  const input = shownInput(typeof value === "string" ? value : JSON.stringify(value) ?? String(value));
  return new InputError(`${action}: ${name} ${JSON.stringify(input)}: ${state}`, {
    code: "invalid_argument",
    reason,
    input,
  });
}

const pageState =
  "has no effect here and would give the same rows again: take more rows from the list, or use max and from";

/**
 * Refuses parameters that are not `known`: the site ignores what it does not know, so a slip of the pen would give the
 * wrong rows without a word.
 *
 * @param reasons Why some parameters that exist cannot be used.
 */
export function checkNames(
  action: string,
  query: Readonly<Record<string, unknown>>,
  known: readonly string[],
  reasons: Readonly<Record<string, string>> = {},
): void {
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || known.includes(name)) continue;
    const why = reasons[name] ?? (name === "page" || name === "cursor" ? pageState : "no parameter of this list");
    throw badQuery(action, name, value, why);
  }
}

/** A whole number within limits, or undefined. */
export function checkWhole(action: string, name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw badQuery(action, name, value, `a whole number from ${least} to ${most} is due`);
}

/** Ids, each of them possible. */
export function checkIds(action: string, name: string, values: readonly number[] | undefined): void {
  for (const value of values ?? []) {
    if (!isId(value)) throw badQuery(action, name, value, idRule);
  }
}

/** Words that go out one by one: in a comma list the site would see one unknown word. */
export function checkWords(action: string, name: string, values: readonly string[] | undefined): void {
  for (const value of values ?? []) {
    if (value.trim() === "") throw badQuery(action, name, value, "a word is due");
    if (value.includes(",")) throw badQuery(action, name, value, "one word each is due, not a list with commas");
  }
}

/** Text that is not empty; the site takes an empty one as none. */
export function checkText(action: string, name: string, value: string | undefined): void {
  if (value !== undefined && value.trim() === "") throw badQuery(action, name, value, "some text is due");
}

/** Rows a page: no more than are wanted. */
export function pageSize(limit: number | undefined, max: number | undefined, most: number): number {
  return limit ?? Math.max(1, Math.min(most, max ?? most));
}
