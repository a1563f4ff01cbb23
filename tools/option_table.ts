/**
 * Renews the table of options in both user guides from the tables of the commands.
 *
 * @module
 */
import { loadCommands } from "../cli/commands/commands.ts";
import { flagUsage, namedFlags } from "../cli/options/flags.ts";
import { commonFlags, versionFlags } from "../cli/options/shared_flags.ts";
import type { Locale } from "../transport/mod.ts";
import { between, markdownTable } from "./markdown_table.ts";

/** A guide that has the table. */
export interface OptionGuide {
  /** Where it is. */
  readonly url: URL;
  /** Its language. */
  readonly lang: Locale;
  /** The head of its table. */
  readonly head: readonly [string, string];
}

/** All of them. */
export const optionGuides: readonly OptionGuide[] = [
  { url: new URL("../docs/user_guide.md", import.meta.url), lang: "zh-TW", head: ["選項", "意義"] },
  { url: new URL("../docs/user_guide.en.md", import.meta.url), lang: "en", head: ["option", "meaning"] },
];

/** What the commands say of one option, each thing once; `add: ` before it names the action that takes it. */
function meaningOf(texts: readonly string[]): string {
  const once = new Map<string, string>();
  for (const text of texts) {
    const plain = text.replace(/^\w+: /, "");
    if (text === plain || !once.has(plain)) once.set(plain, text);
  }
  return [...once.values()].join("; ");
}

/** Every option with its meaning, in the order of the commands, as a table of Markdown. */
async function optionTable({ lang, head }: OptionGuide): Promise<string> {
  const commands = await loadCommands();
  const all = [commonFlags, versionFlags, ...commands.map(({ flags }) => flags)].flatMap(namedFlags);
  const usages = Map.groupBy(all, (flag) => `\`${flagUsage(flag).replaceAll("|", "\\|")}\``);
  const rows = [...usages].map(([usage, flags]) => [usage, meaningOf(flags.map(({ help }) => help[lang]))]);
  return markdownTable([head, ...rows]);
}

/** The text of a guide with its table renewed. */
export async function withOptions(text: string, guide: OptionGuide): Promise<string> {
  return between(text, "options", await optionTable(guide));
}

if (import.meta.main) {
  for (const guide of optionGuides) {
    await Deno.writeTextFile(guide.url, await withOptions(await Deno.readTextFile(guide.url), guide));
  }
}
