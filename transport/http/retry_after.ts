import { parseHttpDate } from "./http_date.ts";

/**
 * Reads Retry-After in both its forms, seconds and date (RFC 9110 section 10.2.3).
 *
 * @param value The header's value, or null when there is none.
 * @param now Milliseconds since the epoch, which a date is measured from.
 * @returns Milliseconds to wait, 0 for a date gone by; undefined when there is nothing to obey.
 * @example
 * ```ts
 * console.log(parseRetryAfter("120", Date.now())); // 120000
 * console.log(parseRetryAfter("Wed, 21 Oct 2015 07:28:00 GMT", Date.parse("2015-10-21T07:27:00Z"))); // 60000
 * ```
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
  const date = parseHttpDate(text, now);
  return date === undefined ? undefined : Math.max(0, date - now);
}
