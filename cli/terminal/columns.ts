import { unicodeWidth } from "@std/cli/unicode-width";
import { fit, printable, truncate } from "./text.ts";
import { rowLines } from "./wrap.ts";

const gap = 2;
const leastWidth = 6;
/** What a column under a head has at least, before rows flow; more where lines lose little by it. */
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

/** A row as text that flows: whole cells one after the other, below the first line indented; empty ones keep their place. */
function flowing(row: readonly string[], columns: number): string {
  const last = row.findLastIndex((cell) => cell !== "");
  const cells = row.slice(0, last + 1).map((cell) => cell === "" ? "-" : cell);
  const lines: string[] = [];
  for (const [at, cell] of cells.entries()) {
    const longer = `${lines.at(-1)} · ${cell}`;
    if (at > 0 && unicodeWidth(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(at === 0 ? cell : `  ${cell}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * A table whose first row is its head: {@linkcode alignedRows}, or, where `columns` is too narrow for that, the head and
 * each row as a few lines of whole cells with dots between.
 *
 * @param isWhole No cell is cut at all. Default: false.
 */
export function tableText(rows: Rows, columns?: number, isWhole = false): string {
  const safe = rows.map((row) => row.map(printable));
  const least = isWhole ? Infinity : leastUnderHead(columns);
  if (columns === undefined || rows.length < 2 || measure(safe, columns, least).isFitting) {
    return alignedRows(safe, columns);
  }
  return safe.map((row) => flowing(row, columns)).join("");
}

/** A path is of use in one piece only, blanks and all. */
const isPath = (text: string) => /^(?:[A-Za-z]:)?[\\/]/.test(text);

/** What is said of one thing: names, and beside each its value, which goes on below itself where `columns` are too few. */
export function factText(rows: Rows, columns: number = Infinity): string {
  const safe = rows.map((row) => row.map(printable));
  const hang = gap + Math.max(0, ...safe.map(([name = ""]) => unicodeWidth(name)));
  const lines = safe.flatMap(([term = "", text = ""]) =>
    rowLines({ indent: 0, term, hang, text }, isPath(text) ? Infinity : columns)
  );
  return lines.map((line) => `${line}\n`).join("");
}
