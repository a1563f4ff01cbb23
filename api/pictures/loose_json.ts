import { parseExactJson } from "../client/exact_json.ts";

/** Larger and deeper ones are made to take time, or to break something. */
const longestText = 4 * 1024 * 1024;
const deepest = 200;

function isDeep(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((part) => isDeep(part, left - 1));
}

/** Python writes these, and means that there is no number. */
const noNumber = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|-?\bInfinity\b|\bNaN\b/gs;

function read(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return parseExactJson(text.replace(noNumber, (found) => found.startsWith('"') ? found : "null"));
  }
}

/**
 * Reads JSON as programs write it into pictures: `NaN` and `Infinity` are null, whole numbers beyond 2^53 text.
 *
 * @param longest Characters at most; what is found in a picture may have fewer than a whole file.
 * @returns Undefined for anything else, also for JSON that is large or nested out of all reason.
 */
export function looseJson(text: string, longest: number = longestText): unknown {
  if (text.length > longest) return undefined;
  try {
    const value = read(text);
    return isDeep(value, deepest) ? undefined : value;
  } catch {
    return undefined; // a real one held `"workflow": undefined`
  }
}
