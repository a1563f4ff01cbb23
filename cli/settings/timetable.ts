import { parseSize } from "../terminal/text.ts";

const leastRate = 1024;
const dayMinutes = 24 * 60;

/** From this minute of the day on, so many bytes a second; Infinity is no limit. */
interface Entry {
  readonly minute: number;
  readonly bytesPerSecond: number;
}

function readRate(text: string): number {
  if (/^off$/i.test(text)) return Infinity;
  const bytes = parseSize(text) ?? 0;
  if (bytes >= leastRate) return bytes;
  throw new TypeError("not a rate of at least 1K, such as 500K or 5M, nor off");
}

function readEntry(text: string): Entry {
  const [, hours, minutes, rate] = /^(\d{1,2}):(\d{2}),(\S+)$/.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  if (rate === undefined || Number(minutes) > 59 || !(minute < dayMinutes)) {
    throw new TypeError('not a timetable such as "08:00,512k 23:00,off"');
  }
  return { minute, bytesPerSecond: readRate(rate) };
}

/**
 * Reads a limit of the rate: one for the whole day (`5M`, `off`), or a timetable such as `08:00,512k 23:00,off`, whose last
 * entry goes on past midnight until its first.
 *
 * @returns Tells the bytes per second allowed at a time, by the clock on the wall; Infinity is no limit.
 * @throws {TypeError} When it is neither; the message says what is wrong, and leaves it to the caller to say where.
 */
export function timetable(text: string): (now: Date) => number {
  const words = text.trim().split(/\s+/);
  if (words.length === 1 && !words[0]!.includes(",")) {
    const rate = readRate(words[0]!);
    return () => rate;
  }
  const entries = words.map(readEntry).sort((a, b) => a.minute - b.minute);
  const twice = entries.find(({ minute }, at) => minute === entries[at + 1]?.minute);
  if (twice !== undefined) throw new TypeError("a time stands there twice");
  return (now) => {
    const minute = now.getHours() * 60 + now.getMinutes();
    return (entries.findLast((entry) => entry.minute <= minute) ?? entries.at(-1)!).bytesPerSecond;
  };
}
