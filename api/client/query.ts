import { shownInput } from "../../transport/internal.ts";
import { type ErrorReason, InputError } from "../../transport/mod.ts";
import { idRule, isId } from "./input.ts";

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

/** Makes the error about the value in hand, or about the part of it that is `shown`. */
export type Refuse = (state: string, shown?: unknown) => InputError;

/** Checks the value of a parameter and gives what goes on the wire; undefined leaves the parameter out. */
export type Parameter<T> = (value: T, bad: Refuse) => Query[string];

/** All parameters of a list, each with its check: one that is added to the query alone does not compile. */
export type QueryTable<Q> = { readonly [Name in keyof Required<Q>]: Parameter<NonNullable<Q[Name]>> };

/** Checks one value and gives what goes on the wire. */
export function checked<T>(action: string, name: string, value: T, check: Parameter<T>): Query[string] {
  return check(value, (state, shown = value) => badQuery(action, name, shown, state));
}

/**
 * Checks a query and gives what goes on the wire. Parameters that are not in the table are refused: the site ignores what
 * it does not know, so a slip of the pen would give the wrong rows without a word.
 *
 * @param page `most`: rows a page, if no other `limit` is asked for; no more than the `max` that are wanted.
 * @param reasons Why some parameters that exist cannot be used.
 */
export function readQuery<Q extends { limit?: number }>(
  action: string,
  query: Q,
  table: QueryTable<Q>,
  { most, max = most }: { most: number; max: number | undefined },
  reasons: Readonly<Record<string, string>> = {},
): Query & { limit: number } {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (Object.hasOwn(table, name)) continue;
    const state = reasons[name] ?? (name === "page" || name === "cursor" ? pageState : "no parameter of this list");
    throw badQuery(action, name, value, state);
  }
  const checks = table as Readonly<Record<string, Parameter<unknown>>>;
  const wire = given.map(([name, value]) => [name, checked(action, name, value, checks[name]!)]);
  return { ...Object.fromEntries(wire), limit: query.limit ?? Math.max(1, Math.min(most, max)) };
}

/** What the site takes as it is. */
export const asIs = <T extends Query[string]>(value: T): T => value;

/** A switch that is left out when it is off: the site reads any text as true, even "false", or the mere name as on. */
export const onOnly: Parameter<boolean> = (value) => value || undefined;

/** A whole number within limits. */
export function whole(least: number, most: number): Parameter<number> {
  return (value, bad) => {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw bad(`a whole number from ${least} to ${most} is due`);
  };
}

/** An id that is possible. */
export const id: Parameter<number> = (value, bad) => {
  if (!isId(value)) throw bad(idRule);
  return value;
};

/** Ids, each of them possible. */
export const ids: Parameter<readonly number[]> = (values, bad) => {
  for (const value of values) id(value, (state) => bad(state, value));
  return values;
};

/** Words that go out one by one: in a comma list the site would see one unknown word. */
export const words: Parameter<readonly string[]> = (values, bad) => {
  for (const value of values) {
    if (value.trim() === "") throw bad("a word is due", value);
    if (value.includes(",")) throw bad("one word each is due, not a list with commas", value);
  }
  return values;
};

/** Text that is not empty; the site takes an empty one as none. */
export const someText: Parameter<string> = (value, bad) => {
  if (value.trim() === "") throw bad("some text is due");
  return value;
};

/** The same list as one value with commas; left out when it is empty. */
export function joined<T extends string | number>(check: Parameter<readonly T[]>): Parameter<readonly T[]> {
  return (values, bad) => {
    check(values, bad);
    return values.join(",") || undefined;
  };
}

/** The same list, which has to hold something. */
export function filled<T>(check: Parameter<readonly T[]>): Parameter<readonly T[]> {
  return (values, bad) => {
    if (values.length === 0) throw bad("empty, which the site would take for no filter at all");
    return check(values, bad);
  };
}
