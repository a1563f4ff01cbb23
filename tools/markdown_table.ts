import { unicodeWidth } from "@std/cli/unicode-width";

/** Rows as a table of Markdown, aligned as `deno fmt` does it; the first row is its head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows as readonly [readonly string[], ...(readonly string[])[]];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => unicodeWidth(row[column]!))));
  const line = (row: readonly string[]) => {
    return `| ${row.map((cell, column) => cell + " ".repeat(widths[column]! - unicodeWidth(cell))).join(" | ")} |\n`;
  };
  return line(head) + line(widths.map((width) => "-".repeat(width))) + body.map(line).join("");
}

/** `text` with what stands between `<!-- NAME -->` and `<!-- /NAME -->` renewed. */
export function between(text: string, name: string, inner: string): string {
  const marks = new RegExp(`(<!-- ${name} -->\\n\\n).*?(\\n<!-- /${name} -->)`, "s");
  return text.replace(marks, (_, begin, end) => begin + inner + end);
}
