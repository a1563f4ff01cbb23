import { apiCommand, type Asking, listFlags, listOptions, showList, wordsOf } from "./api_command.ts";
import type { Command } from "../command.ts";

const help = `actions:
  search [<words>]   tags that begin with the words; upper and lower case are
                     told apart

example:
  civikit tags search anime --all`;

async function search(asking: Asking): Promise<void> {
  const query = wordsOf(asking);
  const list = asking.api.tags.list(query === undefined ? {} : { query }, listOptions(asking));
  await showList(asking, list, ["TAG", "LINK"], ({ name, link }) => [name, link ?? ""]);
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
