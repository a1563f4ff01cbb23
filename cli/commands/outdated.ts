import { outdated } from "../../api/mod.ts";
import type { Args } from "../options/args.ts";
import { alignedRows } from "../terminal/columns.ts";
import type { Flags } from "../options/flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode, exitCode, sharedExitCode } from "../exit_code.ts";
import { describeFailure } from "../terminal/failure.ts";
import { failureFields, jsonLine } from "../terminal/json_line.ts";
import { projectFlags, projectOf } from "../options/project_options.ts";
import { outputFlags, siteFlags } from "../options/shared_flags.ts";
import { openSession } from "../run/session.ts";

const help = `Shows the locked models that have newer versions; changes nothing. NEWEST is the
newest version for the same base model. "follows" entries move with "civikit
update", "pinned" ones with "civikit update --latest".

With --json every line is an object with "event": outdated, error or summary.`;

const flags = { ...projectFlags, json: outputFlags.json, ...siteFlags } as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, style, locale } = context;
  const { json } = args.flags;
  const project = projectOf(args, context);
  const say = (text: string) => json ? undefined : io.stderr(`${text}\n`);
  using session = await openSession(args, context, { say, close: () => {} });
  try {
    const { outdated: found, failures } = await outdated(project, session.api, session);
    for (const { wanted, error } of failures) {
      if (json) jsonLine(io, { event: "error", air: wanted.air, ...failureFields(error) });
      else io.stderr(describeFailure(error, wanted.air, locale, style));
    }
    const code = sharedExitCode(failures.map(({ error }) => exitCode(error)));
    if (json) {
      for (const { wanted, newest = null, ...facts } of found) {
        jsonLine(io, { event: "outdated", air: wanted.air, ...facts, newest });
      }
      jsonLine(io, { event: "summary", outdated: found.length, failed: failures.length, exitCode: code });
      return code;
    }
    const rows = found.map(({ model, version, versionId, newest, newer, isPinned }) => [
      model,
      `${versionId} ${version}`,
      newest === undefined
        ? `none (${newer[0]!.versionId} ${newer[0]!.versionName} is for ${newer[0]!.baseModel ?? "another base model"})`
        : `${newest.versionId} ${newest.versionName}`,
      isPinned ? "pinned" : "follows",
    ]);
    if (rows.length > 0) {
      const width = io.isTerminal ? io.size().columns : undefined;
      io.stdout(alignedRows([["MODEL", "LOCKED", "NEWEST", "ENTRY"], ...rows], width));
    } else io.stdout("everything is up to date\n");
    return code;
  } catch (error) {
    if (!session.signal.aborted || error !== session.signal.reason) throw error;
    return ExitCode.interrupted;
  }
}

/** `civikit outdated`: locked models with newer versions. */
export const outdatedCommand: Command = {
  name: "outdated",
  summary: "Shows which of a project's models have newer versions.",
  usage: "outdated [options]",
  flags,
  mostOperands: 0,
  help,
  run,
};
