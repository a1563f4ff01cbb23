const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const imf = /^(?:mon|tue|wed|thu|fri|sat|sun), (\d\d) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) gmt$/;
const rfc850 = /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d\d)-([a-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) gmt$/;
const asctime = /^(?:mon|tue|wed|thu|fri|sat|sun) ([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

/** The numbers of a date, or undefined where one of them is out of range (31 February, hour 25). */
function instant(year: number, month: number, day: number, time: readonly string[]): number | undefined {
  const [hour = 0, minute = 0, second = 0] = time.map(Number);
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  const at = Date.UTC(year, month, day, hour, minute, second);
  const date = new Date(at - second * 1000);
  return date.getUTCMonth() === month && date.getUTCDate() === day ? at : undefined;
}

/**
 * Reads an HTTP-date in any of its three forms, whatever the case of its letters (RFC 9110 section 5.6.7, RFC 9111
 * section 4.2). A zone other than GMT, a missing part or a day that does not exist make it no date at all.
 *
 * @param text The field's value.
 * @param nowMs The present, in milliseconds since the epoch: it decides the century of a two-digit year.
 * @returns Milliseconds since the epoch; undefined when `text` is missing or no HTTP-date.
 * @example
 * ```ts
 * console.log(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", Date.now())); // 784111777000
 * console.log(parseHttpDate("0", Date.now())); // undefined
 * ```
 */
export function parseHttpDate(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  const lower = text.trim().toLowerCase();
  let match = imf.exec(lower);
  if (match) return instant(Number(match[3]), months.indexOf(match[2]!), Number(match[1]), match.slice(4));
  match = asctime.exec(lower);
  if (match) return instant(Number(match[6]), months.indexOf(match[1]!), Number(match[2]), match.slice(3, 6));
  match = rfc850.exec(lower);
  if (!match) return undefined;
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - thisYear % 100 + Number(match[3]);
  const [day, month, time] = [Number(match[1]), months.indexOf(match[2]!), match.slice(4)];
  const at = instant(year, month, day, time);
  if (at === undefined) return undefined;
  const fiftyYearsOn = new Date(nowMs).setUTCFullYear(thisYear + 50);
  return at > fiftyYearsOn ? instant(year - 100, month, day, time) : at;
}
