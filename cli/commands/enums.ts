import { closest } from "../../transport/internal.ts";
import { apiCommand, type ApiContext } from "../run/api_command.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command } from "../command.ts";
import { printable } from "../terminal/text.ts";
import { enumsHelp, siteText } from "../texts/site.ts";
import { bilingual } from "../texts/texts.ts";

async function enums(context: ApiContext): Promise<void> {
  const { api, operands, out } = context;
  const all = await api.enums(context);
  const [name] = operands;
  const lists = Object.entries(all).filter((entry): entry is [string, string[]] => Array.isArray(entry[1]));
  if (name === undefined) {
    out.emit(all);
    return out.table([["NAME", "WORDS"], ...lists.map(([name, words]) => [name, String(words.length)])]);
  }
  const list = lists.find(([key]) => key.toLowerCase() === name.toLowerCase());
  if (list === undefined) {
    const near = closest(name, lists.map(([key]) => key));
    throw new UsageError(bilingual(siteText, ({ noList }) => noList(printable(name), near)));
  }
  out.show(list[1], list[1].map((word) => `${printable(word)}\n`).join(""));
}

/** `civikit enums`: the words Civitai knows. */
export const enumsCommand: Command = apiCommand({
  usage: "enums [<name>] [options]",
  operands: "list",
  flags: {},
  mostOperands: 1,
  help: enumsHelp,
  actions: { "": enums },
});
