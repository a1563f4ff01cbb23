import { removeModel } from "../../api/mod.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { withInstaller } from "../run/install_run.ts";
import { installFlags, projectOf } from "../options/project_options.ts";
import { projectWords } from "../terminal/project_words.ts";
import { printable, withColons } from "../terminal/text.ts";
import { projectUsage, removeHelp } from "../texts/project.ts";
import { bilingual } from "../texts/texts.ts";

const flags = {
  keepFiles: {
    type: "switch",
    help: { en: "leave the files where they are; the project forgets them", "zh-TW": "檔案留在原地，專案不再管它們" },
  },
  trash: {
    type: "switch",
    help: { en: "put the files into the trash, with their sidecars", "zh-TW": "丟進垃圾桶，之後可以還原" },
  },
  ...installFlags,
} as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  if (args.operands.length === 0) throw new UsageError(bilingual(projectUsage, (t) => t.nothingToRemove));
  const project = projectOf(args, context);
  return await withInstaller(args, context, async ({ api, emit, install }) => {
    const keepOld = args.flags.keepFiles;
    const { isDry } = project;
    const words = projectWords(context.locale);
    for (const text of args.operands) {
      for (const wanted of removeModel(project, api, text, { keepOld })) {
        const word = isDry ? words.wouldUnwant : words.unwanted;
        emit({ event: isDry ? "would_unwant" : "unwanted", wanted }, withColons(word, printable(wanted.air)));
      }
    }
    if (!keepOld) await install(project, args.flags.trash ? { old: "trash", why: "removed" } : {});
  });
}

/** `civikit remove`: a model out of manifest, lock file and folder. */
export const removeCommand: Command = {
  usage: "remove <what>... [options]",
  flags,
  help: removeHelp,
  run,
};
