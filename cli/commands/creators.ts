import { apiCommand, type ApiContext, count, listOptions, showList, wordsOf } from "../run/api_command.ts";
import { listFlags } from "../options/shared_flags.ts";
import type { Command } from "../command.ts";

const help = `actions:
  search [<words>]   creators whose name holds the words; upper and lower case
                     are told apart, and there is no promised order

example:
  civikit creators search lamp --limit 5`;

async function search(context: ApiContext<typeof listFlags>): Promise<void> {
  const query = wordsOf(context);
  const list = context.api.creators.list(query === undefined ? {} : { query }, listOptions(context));
  await showList(context, list, ["CREATOR", "MODELS", "LINK"], ({ username, modelCount, link }) => [
    String(username ?? "(deleted)"),
    count(modelCount),
    link ?? "",
  ]);
}

/** `civikit creators`: search those who publish models. */
export const creatorsCommand: Command = apiCommand({
  name: "creators",
  summary: "Searches those who publish models.",
  usage: "creators search [<words>] [options]",
  flags: listFlags,
  help,
  actions: { search },
});
