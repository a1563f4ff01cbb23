/** What numbers from 9 * 10^15 on look like, which begins just below 2^53; hashes and names in quotes do not. */
const longNumber = /(?:^|[\s:,[])-?(?:9\d{15}|\d{17})/;

/** The digits of a whole number that lost some when it was read. */
function lostDigits(value: unknown, source: string | undefined): string | undefined {
  if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  return /^(-?\d+)(?:\.0+)?$/.exec(source ?? "")?.[1];
}

/** What most answers are passed by, at an eighth of the price. */
const manyDigits = /\d\d\d\d\d\d\d\d\d\d\d\d\d\d\d\d/;

function parse(text: string, keep: (digits: string) => unknown): unknown {
  if (!manyDigits.test(text) || !longNumber.test(text)) return JSON.parse(text);
  type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
  const revive: Reviver = (_key, value, { source }) => {
    const digits = lostDigits(value, source);
    return digits === undefined ? value : keep(digits);
  };
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

/**
 * Reads JSON so that no whole number loses digits: those beyond 2^53, such as seeds, become text. Costs next to nothing
 * where there are none.
 */
export function parseExactJson(text: string): unknown {
  return parse(text, (digits) => digits);
}

/** The same for what is written again: there, such numbers stay the numbers they are. */
export function parseForWriting(text: string): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return parse(text, rawJSON);
}
