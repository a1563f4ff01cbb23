import { crc32 } from "node:zlib";

/** A finished span and the checksum of its bytes. */
export interface JournalSpan {
  /** First byte, from 0. */
  readonly start: number;
  /** The byte after the last one. */
  readonly end: number;
  /** CRC-32 of the bytes, as an unsigned number. */
  readonly crc32: number;
}

/** What was added to a journal. */
export interface JournalRecord {
  /** When, in milliseconds since the epoch. */
  readonly updated: number;
  /** Spans that were new, or longer, by then. */
  readonly spans: readonly JournalSpan[];
}

/** A line of what came to a journal: `CHECKSUM UPDATED START-END-CRC ...`, all in base 36. */
export function recordLine(spans: readonly JournalSpan[], updated: number): string {
  let text = updated.toString(36);
  for (const { start, end, crc32 } of spans) {
    text += ` ${start.toString(36)}-${end.toString(36)}-${crc32.toString(36)}`;
  }
  return `${crc32(text).toString(36)} ${text}\n`;
}

/** What a line says; undefined for half a line, and for anything else that is none. */
function readRecord(line: string): JournalRecord | undefined {
  const at = line.indexOf(" ");
  const text = line.slice(at + 1);
  if (at < 1 || line.slice(0, at) !== crc32(text).toString(36)) return undefined;
  const [updated, ...words] = text.split(" ");
  const spans = words.map((word) => {
    const [start, end, crc] = word.split("-").map((number) => parseInt(number, 36));
    return { start: start!, end: end!, crc32: crc! };
  });
  return { updated: parseInt(updated!, 36), spans };
}

/**
 * The lines that were added to a journal, in order. The first that is not whole ends them: of a process that was killed, or a
 * machine that lost its power, it was the last one.
 */
export function readRecords(text: string): JournalRecord[] {
  const records: JournalRecord[] = [];
  // what comes after the last line feed is half a line
  for (const line of text.split("\n").slice(0, -1)) {
    const record = readRecord(line);
    if (record === undefined) break;
    records.push(record);
  }
  return records;
}

/** Of spans of which later ones take the place of earlier ones that they cover, those that are left, in order. */
export function lastOf(spans: readonly JournalSpan[]): JournalSpan[] {
  const byStart = new Map<number, JournalSpan>();
  for (const span of spans) {
    byStart.delete(span.start);
    byStart.set(span.start, span);
  }
  const kept: JournalSpan[] = [];
  const order = new Map([...byStart.values()].map((span, index) => [span, index]));
  for (const span of [...byStart.values()].sort((a, b) => a.start - b.start)) {
    for (let last = kept.at(-1); last !== undefined && last.end > span.start; last = kept.at(-1)) {
      if (order.get(last)! > order.get(span)!) break;
      kept.pop();
    }
    if ((kept.at(-1)?.end ?? 0) <= span.start) kept.push(span);
  }
  return kept;
}
