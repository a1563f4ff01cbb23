import { addModel, layout } from "../../api/mod.ts";
import { CivikitError } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import { fileFlags, searchFlags } from "../options/shared_flags.ts";
import { layoutWords } from "../settings/read_value.ts";
import type { Command, CommandContext } from "../command.ts";
import { withInstaller } from "../run/install_run.ts";
import { installFlags, keepOldFlags, layoutOption, projectOf } from "../options/project_options.ts";
import { projectWords } from "../terminal/project_words.ts";
import { printable } from "../terminal/text.ts";
import { addHelp, projectUsage } from "../texts/project.ts";
import { bilingual } from "../texts/texts.ts";
import { usageText } from "../texts/usage.ts";

const flags = {
  ...fileFlags,
  base: {
    ...searchFlags.base,
    type: "text",
    help: { ...searchFlags.base.help, en: 'with model:<id>: only versions for this base model, such as "SDXL 1.0"' },
  },
  folder: {
    type: "text",
    value: "FOLDER",
    help: { en: "folder below the root, in place of the layout's", "zh-TW": "根資料夾下的位置，取代版面的安排" },
  },
  layout: {
    type: "text",
    value: "NAME",
    suggests: layoutWords,
    usual: "flat",
    help: {
      en: "where models go, for a new manifest",
      "zh-TW": "模型放在根資料夾下的哪個資料夾（版面）",
    },
  },
  noInstall: { type: "switch", help: { en: "only write manifest and lock file", "zh-TW": "只寫清單檔與鎖定檔" } },
  ...keepOldFlags,
  ...installFlags,
} as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  if (args.operands.length === 0) {
    throw new UsageError(bilingual(projectUsage, (t) => t.nothingToAdd));
  }
  const { file, allFiles, base, folder, layout: layoutName, noInstall, keepOld } = args.flags;
  const name = layoutOption(layoutName);
  const all = allFiles || undefined;
  if (name !== undefined) layout(name);
  if (file !== undefined && all) throw new UsageError(bilingual(usageText, (t) => t.contradicts("all-files", "file")));
  const project = projectOf(args, context, true);
  if (name !== undefined && project.hasManifest && project.manifest.layout !== name) {
    throw new UsageError(
      bilingual(projectUsage, (t) => t.otherLayout(JSON.stringify(printable(project.manifest.layout)))),
    );
  }
  const words = projectWords(context.locale);
  const choice = { file, all, baseModel: base, folder };
  return await withInstaller(args, context, async ({ api, signal, emit, fail, install }) => {
    let added = 0;
    for (const text of args.operands) {
      try {
        const { wanted, files, wasThere } = await addModel(project, api, text, { ...choice, signal });
        const paths = files.map(({ path }) => printable(path)).join(", ");
        const word = wasThere ? words.there : project.isDry ? words.wouldAdd : words.added;
        emit({
          event: project.isDry ? "would_add" : "added",
          wanted,
          wasThere,
          files,
        }, `${word}: ${printable(wanted.air)}: ${paths}`);
        added++;
      } catch (error) {
        if (signal.aborted || !(error instanceof CivikitError)) throw error;
        fail(error, text);
      }
    }
    if (added > 0 && !noInstall) await install(project, { keepOld });
  });
}

/** `civikit add`: a model into manifest, lock file and folder. */
export const addCommand: Command = {
  usage: "add <what>... [options]",
  flags,
  help: addHelp,
  run,
};
