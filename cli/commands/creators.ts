import { apiCommand, type ApiContext, count, listOptions, showList, wordsOf } from "../run/api_command.ts";
import { listFlags } from "../options/shared_flags.ts";
import type { Command } from "../command.ts";
import { creatorsHelp, siteText } from "../texts/site.ts";

async function search(context: ApiContext<typeof listFlags>): Promise<void> {
  const query = wordsOf(context);
  const list = context.api.creators.list(query === undefined ? {} : { query }, listOptions(context));
  await showList(context, list, ["CREATOR", "MODELS", "LINK"], ({ username, modelCount, link }) => [
    String(username ?? siteText[context.locale].deleted),
    count(modelCount),
    link ?? "",
  ]);
}

/** `civikit creators`: search those who publish models. */
export const creatorsCommand: Command = apiCommand({
  usage: "creators [search] [<words>] [options]",
  flags: listFlags,
  help: creatorsHelp,
  actions: { search },
  usualAction: "search",
});
