/**
 * Renews the table of options in docs/user_guide.md from the tables of the commands.
 *
 * @module
 */
import { unicodeWidth } from "@std/cli/unicode-width";
import { commands } from "../cli/commands/commands.ts";
import { flagUsage, namedFlags } from "../cli/options/flags.ts";
import { commonFlags, versionFlags } from "../cli/options/shared_flags.ts";

const GUIDE = new URL("../docs/user_guide.md", import.meta.url);

/** Every option with its meaning, in the order of the commands, as a table of Markdown. */
function optionTable(): string {
  const all = [commonFlags, versionFlags, ...commands.map(({ flags }) => flags)].flatMap(namedFlags);
  const meanings = new Map(all.map((flag) => {
    return [`\`${flagUsage(flag).replaceAll("|", "\\|")}\``, flag.help["zh-TW"] ?? flag.help.en];
  }));
  const rows = [["選項", "意義"], ...meanings];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => unicodeWidth(row[column]!))));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const [head, ...body] = rows.map((row) =>
    line(row.map((cell, column) => cell + " ".repeat(widths[column]! - unicodeWidth(cell))))
  );
  return head + line(widths.map((width) => "-".repeat(width))) + body.join("");
}

/** The guide with its table renewed. */
export function withOptions(guide: string): string {
  return guide.replace(
    /(<!-- options -->\n\n).*?(\n<!-- \/options -->)/s,
    (_, begin, end) => begin + optionTable() + end,
  );
}

if (import.meta.main) await Deno.writeTextFile(GUIDE, withOptions(await Deno.readTextFile(GUIDE)));
