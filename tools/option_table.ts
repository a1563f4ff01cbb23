/**
 * Renews the table of options in docs/user_guide.md from the tables of the commands.
 *
 * @module
 */
import { loadCommands } from "../cli/commands/commands.ts";
import { flagUsage, namedFlags } from "../cli/options/flags.ts";
import { commonFlags, versionFlags } from "../cli/options/shared_flags.ts";
import { between, markdownTable } from "./markdown_table.ts";

const GUIDE = new URL("../docs/user_guide.md", import.meta.url);

/** Every option with its meaning, in the order of the commands, as a table of Markdown. */
async function optionTable(): Promise<string> {
  const commands = await loadCommands();
  const all = [commonFlags, versionFlags, ...commands.map(({ flags }) => flags)].flatMap(namedFlags);
  const meanings = new Map(all.map((flag) => {
    return [`\`${flagUsage(flag).replaceAll("|", "\\|")}\``, flag.help["zh-TW"]];
  }));
  return markdownTable([["選項", "意義"], ...meanings]);
}

/** The guide with its table renewed. */
export async function withOptions(guide: string): Promise<string> {
  return between(guide, "options", await optionTable());
}

if (import.meta.main) await Deno.writeTextFile(GUIDE, await withOptions(await Deno.readTextFile(GUIDE)));
