import { outdated } from "../../api/mod.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { output } from "../terminal/output.ts";
import type { Command, CommandContext } from "../command.ts";
import { projectFlags, projectOf } from "../options/project_options.ts";
import { outputFlags, siteFlags } from "../options/shared_flags.ts";
import { openSession } from "../run/session.ts";
import { outdatedHelp, outdatedText } from "../texts/project.ts";

const flags = { ...projectFlags, json: outputFlags.json, ...siteFlags } as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { json } = args.flags;
  const words = outdatedText[context.locale];
  const project = projectOf(args, context);
  using out = output(context, { json, quiet: json });
  using session = await openSession(args, context, out);
  const { outdated: found, failures } = await outdated(project, session.api, session);
  for (const { wanted, error } of failures) out.fail(error, wanted.air, { event: "error", air: wanted.air });
  for (const { wanted, newest = null, ...facts } of found) {
    out.emit({ event: "outdated", air: wanted.air, ...facts, newest });
  }
  const rows = found.map(({ model, version, versionId, newest, newer, isPinned }) => [
    model,
    `${versionId} ${version}`,
    newest === undefined
      ? words.none(`${newer[0]!.versionId} ${newer[0]!.versionName}`, newer[0]!.baseModel)
      : `${newest.versionId} ${newest.versionName}`,
    isPinned ? words.pinned : words.follows,
  ]);
  if (rows.length > 0) out.table([["MODEL", "LOCKED", "NEWEST", "ENTRY"], ...rows]);
  const text = rows.length > 0 ? "" : `${words.nothing}\n`;
  return out.finish({ outdated: found.length, failed: failures.length }, text);
}

/** `civikit outdated`: locked models with newer versions. */
export const outdatedCommand: Command = {
  usage: "outdated [options]",
  flags,
  mostOperands: 0,
  help: outdatedHelp,
  run,
};
