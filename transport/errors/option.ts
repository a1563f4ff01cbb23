import { closest } from "./closest.ts";

/** Checks a numeric option: RangeError names the option and the value. */
export function within(name: string, value: number, least: number, most: number = Infinity): void {
  if (value >= least && value <= most) return;
  throw new RangeError(`option ${name}: ${value} is not ${most === Infinity ? "" : "in "}${span(least, most)}`);
}

/** Checks a whole-number option: RangeError names the option and the value. */
export function wholeWithin(name: string, value: number, least: number, most: number = Infinity): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`option ${name}: ${value} is not a whole number, ${span(least, most)}`);
}

function span(least: number, most: number): string {
  return most === Infinity ? `${least} or more` : `${least} to ${most}`;
}

/**
 * Refuses options nobody reads: a slip of the pen would change nothing without a word.
 *
 * @param owner Whose options they are.
 * @param others The options, or what a parameter list left over.
 * @param known All names of `Options`; one that is forgotten does not compile.
 * @param mayHaveMore Whether only what looks like a slip is refused, since objects made for more are handed over whole.
 * @throws {TypeError} Naming the option, and the one that was probably meant.
 */
export function noOthers<Options>(
  owner: string,
  others: object,
  known: { readonly [Name in keyof Required<Options>]: unknown },
  mayHaveMore = false,
): void {
  for (const name of Object.keys(others)) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known);
    const near = names.find((one) => one.toLowerCase() === name.toLowerCase()) ?? closest(name, names);
    if (near === undefined && mayHaveMore) continue;
    throw new TypeError(`option ${name}: unknown to ${owner}()${near === undefined ? "" : `; did you mean ${near}?`}`);
  }
}
