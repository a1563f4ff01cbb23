import { unicodeWidth } from "@std/cli/unicode-width";
import { fit, printable, truncate } from "./text.ts";

const gap = 2;
const leastWidth = 8;

/**
 * Rows as aligned columns. Where `columns` is given, the widest ones are cut until a row fits; texts from elsewhere are
 * made safe.
 */
export function alignedRows(rows: readonly (readonly string[])[], columns?: number): string {
  const safe = rows.map((row) => row.map(printable));
  const widths = safe.reduce<number[]>(
    (most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, unicodeWidth(cell))),
    [],
  );
  const total = () => widths.reduce((sum, width) => sum + width + gap, -gap);
  while (columns !== undefined && total() > columns) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= leastWidth) break;
    widths[widest]!--;
  }
  return safe.map((row) => {
    const cells = row.map((cell, index) => {
      return index === row.length - 1 ? truncate(cell, widths[index]!) : fit(cell, widths[index]!);
    });
    return `${cells.join(" ".repeat(gap)).trimEnd()}\n`;
  }).join("");
}
