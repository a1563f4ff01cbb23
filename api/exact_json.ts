/** Looks for whole numbers that were rounded when they were read. */
function isRounded(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === "object" && value !== null && Object.values(value).some(isRounded);
}

/**
 * Reads JSON so that no whole number loses digits: those beyond 2^53, such as seeds, become text. Costs nothing more
 * where there are none.
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!isRounded(value)) return value;
  type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
  const keepDigits: Reviver = (_key, value, { source }) => {
    return typeof value === "number" && isRounded(value) && /^-?\d+$/.test(source ?? "") ? source : value;
  };
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
}
