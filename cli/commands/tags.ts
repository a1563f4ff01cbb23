import { apiCommand, type ApiContext, listOptions, showList, wordsOf } from "../run/api_command.ts";
import { listFlags } from "../options/shared_flags.ts";
import type { Command } from "../command.ts";

const help = `actions:
  search [<words>]   tags that begin with the words; upper and lower case are
                     told apart

example:
  civikit tags search anime --all`;

async function search(context: ApiContext<typeof listFlags>): Promise<void> {
  const query = wordsOf(context);
  const list = context.api.tags.list(query === undefined ? {} : { query }, listOptions(context));
  await showList(context, list, ["TAG", "LINK"], ({ name, link }) => [name, link ?? ""]);
}

/** `civikit tags`: search tags. */
export const tagsCommand: Command = apiCommand({
  name: "tags",
  summary: "Searches tags.",
  usage: "tags search [<words>] [options]",
  flags: listFlags,
  help,
  actions: { search },
});
