import { apiCommand, type ApiContext, listOptions, showList, wordsOf } from "../run/api_command.ts";
import { listFlags } from "../options/shared_flags.ts";
import type { Command } from "../command.ts";
import { tagsHelp } from "../texts/site.ts";

async function search(context: ApiContext<typeof listFlags>): Promise<void> {
  const query = wordsOf(context);
  const list = context.api.tags.list(query === undefined ? {} : { query }, listOptions(context));
  await showList(context, list, ["TAG", "LINK"], ({ name, link }) => [name, link ?? ""]);
}

/** `civikit tags`: search tags. */
export const tagsCommand: Command = apiCommand({
  usage: "tags [search] [<words>] [options]",
  flags: listFlags,
  help: tagsHelp,
  actions: { search },
  usualAction: "search",
});
