import { applyUpdate, findWanted, type LockedFile, planUpdate } from "../../api/mod.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { withInstaller } from "../run/install_run.ts";
import { installFlags, keepOldFlags, projectOf } from "../options/project_options.ts";
import { moveText, projectWords, stayText } from "../terminal/project_words.ts";
import { printable } from "../terminal/text.ts";
import { projectUsage, updateHelp } from "../texts/project.ts";
import { bilingual } from "../texts/texts.ts";

const flags = {
  latest: {
    type: "switch",
    help: { en: "move entries that name a version, too", "zh-TW": "固定版本的項目也更新" },
  },
  ...keepOldFlags,
  ...installFlags,
} as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const project = projectOf(args, context);
  const { keepOld, latest } = args.flags;
  const words = projectWords(context.locale);
  return await withInstaller(args, context, async ({ api, signal, emit, fail, install }) => {
    const entries = args.operands.map((text) => {
      const found = findWanted(project, api, text);
      if (found.length === 0) throw new UsageError(bilingual(projectUsage, (t) => t.noSuchModel(printable(text))));
      return found;
    });
    const only = args.operands.length === 0 ? undefined : entries.flat();
    const plan = await planUpdate(project, api, { only, latest, signal });
    applyUpdate(project, plan, { keepOld });
    for (const { wanted, error } of plan.failures) fail(error, wanted.air);
    for (const move of plan.moves) {
      const { from, to, before, after } = move;
      const paths = (files: readonly LockedFile[]) => files.map(({ path }) => path);
      const facts = { wanted: to, from, to, fromPaths: paths(before), toPaths: paths(after) };
      const [word, event] = project.isDry ? [words.wouldMove, "would_move"] : [words.moved, "moved"];
      emit({ event, ...facts }, `${word}: ${moveText(move)}`);
    }
    for (const stay of plan.stays) {
      const { wanted, reason, error, newest = null } = stay;
      if (reason === "failed") fail(error, wanted.air);
      else {
        const text = `${words.stays}: ${printable(wanted.air)}: ${stayText(stay, words)}`;
        emit({ event: "stays", wanted, reason, newest }, text);
      }
    }
    await install(project, { keepOld });
  });
}

/** `civikit update`: followed models to their newest versions. */
export const updateCommand: Command = {
  usage: "update [<what>...] [options]",
  flags,
  help: updateHelp,
  run,
};
