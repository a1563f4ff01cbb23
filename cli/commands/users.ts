import { CivikitError } from "../../transport/mod.ts";
import { apiCommand, type ApiContext, showFacts, wordsOf } from "../run/api_command.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command } from "../command.ts";
import { siteText, usersHelp } from "../texts/site.ts";
import { bilingual } from "../texts/texts.ts";

async function search(context: ApiContext): Promise<void> {
  const words = wordsOf(context);
  if (words === undefined) throw new UsageError(bilingual(siteText, (text) => text.wordsDue));
  const { out } = context;
  const users = await context.api.users.search(words, context);
  for (const user of users) out.emit(user);
  if (out.isJson) return;
  if (users.length === 0) out.note(siteText[context.locale].nothing);
  else out.table([["ID", "NAME"], ...users.map(({ id, username }) => [String(id), String(username ?? "")])]);
}

async function get(context: ApiContext): Promise<void> {
  const [name, ...more] = context.operands;
  if (name === undefined || more.length > 0) throw new UsageError(bilingual(siteText, (text) => text.nameDue));
  const user = await context.api.users.find(/^\d{1,10}$/.test(name) ? Number(name) : name, context);
  if (user === null) {
    throw new CivikitError(`asking for user "${name}": there is none`, { code: "not_found", reason: "user_missing" });
  }
  showFacts(context, user, {
    user: user.id,
    name: user.username,
    avatar: user.avatarUrl,
    page: `${context.api.baseUrl}/user/${user.username}`,
  });
}

/** `civikit users`: search and look at users. */
export const usersCommand: Command = apiCommand({
  usage: "users search|get <words|name|id> [options]",
  flags: {},
  help: usersHelp,
  actions: { search, get },
});
