import { unicodeWidth } from "@std/cli/unicode-width";
import { fit, printable, truncate } from "./text.ts";

const gap = 2;
const leastWidth = 6;
/** What a column under a head has at least, before the row is shown as lines; more where lines lose little by it. */
const leastUnderHead = (columns = Infinity) => columns < 60 ? 16 : 8;
/** Ids, dates, counts and sizes: cut they would be others. */
const exact = /^(?:[\d.,:-]*|[\d-]+ [\d:]+|[\d.,]+ ?[KMGT]?B|\d+x\d+)$/;

/** Such as «due» among dates: cutting starts later. */
const isShort = (cell: string) => unicodeWidth(cell) < leastWidth;

type Rows = readonly (readonly string[])[];

/** How wide the columns are, and whether a row fits `columns` so; the widest are cut first, to `least`. */
function measure(safe: Rows, columns: number | undefined, least: number): { widths: number[]; isFitting: boolean } {
  const widths = safe.reduce<number[]>(
    (most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, unicodeWidth(cell))),
    [],
  );
  const total = () => widths.reduce((sum, width) => sum + width + gap, -gap);
  // below a head; the first column of facts is no number
  const isKept = widths.map((_, index) =>
    safe.length > 1 && safe.slice(1).every((row) => exact.test(row[index] ?? "") || isShort(row[index] ?? ""))
  );
  while (columns !== undefined && total() > columns) {
    const most = Math.max(...widths.filter((_, index) => !isKept[index]));
    if (most <= least) break;
    const widest = widths.findIndex((width, index) => width === most && !isKept[index]);
    widths[widest]!--;
  }
  return { widths, isFitting: columns === undefined || total() <= columns };
}

/**
 * Rows as aligned columns. Where `columns` is given, the widest ones are cut until a row fits, but for those of
 * ids, dates, counts and sizes; texts from elsewhere are made safe.
 */
export function alignedRows(rows: Rows, columns?: number): string {
  const safe = rows.map((row) => row.map(printable));
  const { widths } = measure(safe, columns, leastWidth);
  return safe.map((row) => {
    const cells = row.map((cell, index) => {
      return index === row.length - 1 ? truncate(cell, widths[index]!) : fit(cell, widths[index]!);
    });
    return `${cells.join(" ".repeat(gap)).trimEnd()}\n`;
  }).join("");
}

/**
 * A table whose first row is its head: {@linkcode alignedRows}, or, where `columns` is too narrow for that, each row as
 * lines of head and cell, whole.
 *
 * @param isWhole No cell is cut at all. Default: false.
 */
export function tableText([head = [], ...rows]: Rows, columns?: number, isWhole = false): string {
  const safe = [head, ...rows].map((row) => row.map(printable));
  const least = isWhole ? Infinity : leastUnderHead(columns);
  if (rows.length === 0 || measure(safe, columns, least).isFitting) return alignedRows(safe, columns);
  const [heads = [], ...cells] = safe;
  return cells.map((row) =>
    alignedRows(heads.map((name, at) => [name, row[at] ?? ""]).filter(([, cell]) => cell !== ""))
  )
    .join("\n");
}
