import { findWanted, movePins, outdated } from "../api/mod.ts";
import { type ParsedArgs, UsageError } from "./args.ts";
import type { Command, Surroundings } from "./command.ts";
import { withInstaller } from "./install_run.ts";
import { installFlags, projectOf } from "./project_options.ts";
import { printable } from "./text.ts";

const help = `Takes the entries that follow a model (model:<id>) to its newest version, writes the
lock file and installs. Entries that name a version stay, unless --latest moves
them in civikit.models.json to the newest version for the same base model.
Without <what>, everything is updated.

examples:
  civikit update
  civikit update model:1001
  civikit update --latest`;

async function run(args: ParsedArgs, surroundings: Surroundings): Promise<number> {
  const project = projectOf(args, surroundings);
  return await withInstaller(args, surroundings, async ({ api, signal, say, fail, install }) => {
    const meant = args.operands.map((text) => {
      const found = findWanted(project, api, text);
      if (found.length === 0) throw new UsageError(`"${printable(text)}": the manifest has no such model`);
      return found;
    });
    const wanted = new Set(args.operands.length === 0 ? project.manifest.models : meant.flat());
    const report = await outdated(project, api, { signal });
    for (const { wanted: entry, error } of report.failures) if (wanted.has(entry)) fail(error, entry.air);
    const newer = report.outdated.filter((one) => wanted.has(one.wanted));
    const followed = newer.filter(({ isPinned }) => !isPinned).map((one) => one.wanted);
    if (args.has("latest")) {
      for (const wanted of movePins(project, newer)) {
        say(`moved: ${printable(wanted.air)}`, { event: "moved", wanted });
      }
    } else {
      const pinned = newer.filter(({ isPinned, newest }) => isPinned && newest !== undefined).length;
      if (pinned > 0) say(`${pinned} pinned entries have newer versions; --latest moves them`);
    }
    await install(project, { again: followed });
  });
}

/** `civikit update`: followed models to their newest versions. */
export const updateCommand: Command = {
  name: "update",
  summary: "Takes a project's models to their newest versions.",
  usage: "update [<what>...] [options]",
  flags: [{ name: "latest", about: "move entries that name a version, too" }, ...installFlags],
  help,
  run,
};
