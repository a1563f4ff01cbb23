import { CivikitError } from "../../transport/mod.ts";
import { apiCommand, type ApiContext, showFacts } from "../run/api_command.ts";
import type { Command } from "../command.ts";
import { siteText, whoamiHelp } from "../texts/site.ts";

async function whoami(context: ApiContext): Promise<void> {
  if (context.keySource === undefined) {
    throw new CivikitError("looking for the API key: there is none", { code: "unauthorized", reason: "key_missing" });
  }
  const text = siteText[context.locale];
  const me = await context.api.me(context);
  showFacts(context, me, {
    user: me.id,
    name: me.username,
    status: me.status,
    tier: me.tier,
    member: me.isMember === true ? text.yes : text.no,
    subscriptions: me.subscriptions?.join(", "),
    key: text.keyFrom(context.keySource),
  });
}

/** `civikit whoami`: whose key is in use. */
export const whoamiCommand: Command = apiCommand({
  usage: "whoami [options]",
  flags: {},
  mostOperands: 0,
  help: whoamiHelp,
  actions: { "": whoami },
  isAboutKey: true,
});
