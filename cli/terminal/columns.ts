import { unicodeWidth } from "@std/cli/unicode-width";
import { fit, printable, truncate } from "./text.ts";

const gap = 2;
const leastWidth = 6;
/** Ids, dates and counts: cut they would be others. */
const exact = /^[\d.,:-]*$/;

/**
 * Rows as aligned columns. Where `columns` is given, the widest ones are cut until a row fits, but for those of
 * ids, dates and counts; texts from elsewhere are made safe.
 */
export function alignedRows(rows: readonly (readonly string[])[], columns?: number): string {
  const safe = rows.map((row) => row.map(printable));
  const widths = safe.reduce<number[]>(
    (most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, unicodeWidth(cell))),
    [],
  );
  const total = () => widths.reduce((sum, width) => sum + width + gap, -gap);
  // below a head; the first column of facts is no number
  const isKept = widths.map((_, index) =>
    safe.length > 1 && safe.slice(1).every((row) => exact.test(row[index] ?? ""))
  );
  while (columns !== undefined && total() > columns) {
    const most = Math.max(...widths.filter((_, index) => !isKept[index]));
    if (most <= leastWidth) break;
    const widest = widths.findIndex((width, index) => width === most && !isKept[index]);
    widths[widest]!--;
  }
  return safe.map((row) => {
    const cells = row.map((cell, index) => {
      return index === row.length - 1 ? truncate(cell, widths[index]!) : fit(cell, widths[index]!);
    });
    return `${cells.join(" ".repeat(gap)).trimEnd()}\n`;
  }).join("");
}
