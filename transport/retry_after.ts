const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const fixdate = /^(?:mon|tue|wed|thu|fri|sat|sun), (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/i;
const rfc850 = /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/i;
const asctime = /^(?:mon|tue|wed|thu|fri|sat|sun) ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i;

/** Two digits mean the last year with them that is at most 50 years ahead (RFC 9110 section 5.6.7). */
function wholeYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

/**
 * Reads an HTTP-date in any of its three forms (RFC 9110 section 5.6.7), always as UTC.
 *
 * @param text The header's value.
 * @param now Milliseconds since the epoch: decides the century of a two-digit year.
 * @returns Milliseconds since the epoch; undefined when it is not a date.
 * @example
 * ```ts
 * import { parseHttpDate } from "@civikit/civikit/transport";
 *
 * console.log(parseHttpDate("Sun Nov  6 08:49:37 1994", Date.now())); // 784111777000
 * ```
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  let match = fixdate.exec(text);
  let parts: (string | undefined)[] | undefined;
  if (match) parts = [match[3], match[2], match[1], match[4], match[5], match[6]];
  else if ((match = rfc850.exec(text))) {
    parts = [String(wholeYear(Number(match[3]), now)), match[2], match[1], match[4], match[5], match[6]];
  } else if ((match = asctime.exec(text))) parts = [match[6], match[1], match[2], match[3], match[4], match[5]];
  if (parts === undefined) return undefined;
  const [year, name, day, hour, minute, second] = parts;
  const month = months.indexOf(name!.toLowerCase());
  if (month < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const time = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  return new Date(time).getUTCDate() === Number(day) || Number(second) === 60 ? time : undefined;
}

/**
 * Reads Retry-After in both its forms, seconds and date (RFC 9110 section 10.2.3).
 *
 * @param value The header's value, or null when there is none.
 * @param now Milliseconds since the epoch, which a date is measured from.
 * @returns Milliseconds to wait, 0 for a date gone by; undefined when there is nothing to obey.
 * @example
 * ```ts
 * import { parseRetryAfter } from "@civikit/civikit/transport";
 *
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
