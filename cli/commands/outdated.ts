import { outdated, type VersionStanding } from "../../api/mod.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { output } from "../terminal/output.ts";
import type { Command, CommandContext } from "../command.ts";
import { projectFlags, projectOf } from "../options/project_options.ts";
import { outputFlags, siteFlags } from "../options/shared_flags.ts";
import { openSession } from "../run/session.ts";
import { printable } from "../terminal/text.ts";
import { outdatedHelp, outdatedText } from "../texts/project.ts";
import { updateText } from "../texts/update.ts";

const flags = { ...projectFlags, json: outputFlags.json, ...siteFlags } as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { json } = args.flags;
  const words = outdatedText[context.locale];
  const project = projectOf(args, context);
  using out = output(context, { json, quiet: json });
  using session = await openSession(args, context, out);
  const { outdated: all, gone, failures } = await outdated(project, session.api, session);
  const stateOf = ({ state, until }: VersionStanding) => updateText[context.locale].state[state](until);
  // what is ignored is nothing to look after; it is told with --json
  const isQuiet = ({ state }: VersionStanding) => state.startsWith("ignored_");
  const found = all.filter(({ newest, newer, held }) => newest !== undefined || ![...newer, ...held].every(isQuiet));
  for (const { wanted, error } of failures) out.fail(error, wanted.air, { event: "error", air: wanted.air });
  for (const { wanted, modelId, versionId } of gone) {
    const text = updateText[context.locale].gone(printable(wanted.air));
    out.emit({ event: "gone", air: wanted.air, modelId, versionId }, text);
  }
  for (const { wanted, newest = null, ...facts } of all) {
    out.emit({ event: "outdated", air: wanted.air, ...facts, newest });
  }
  const rows = found.map(({ model, version, versionId, newest, newer, held, isPinned }) => {
    const shown = newest ?? newer.find((one) => !isQuiet(one)) ?? held[0]!;
    const next = `${shown.versionId} ${shown.versionName}`;
    return [model, `${versionId} ${version}`, next, stateOf(shown), isPinned ? words.pinned : words.follows];
  });
  if (rows.length > 0) out.table([["MODEL", "LOCKED", "NEWEST", "STATE", "ENTRY"], ...rows]);
  const text = rows.length > 0 ? "" : `${words.nothing}\n`;
  return out.finish({ outdated: found.length, gone: gone.length, failed: failures.length }, text);
}

/** `civikit outdated`: locked models with newer versions. */
export const outdatedCommand: Command = {
  usage: "outdated [options]",
  flags,
  mostOperands: 0,
  help: outdatedHelp,
  run,
};
