import { statSync } from "node:fs";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { installFlags, isProject, oldFlags, projectOf } from "../options/project_options.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command, CommandContext } from "../command.ts";
import { updateFolders } from "../run/update_folders.ts";
import { updateProject } from "../run/update_project.ts";
import { updateRules } from "../run/update_rules.ts";
import { output } from "../terminal/output.ts";
import { bilingual } from "../texts/texts.ts";
import { printable } from "../terminal/text.ts";
import { updateHelp, updateText } from "../texts/update.ts";

const flags = {
  all: {
    type: "switch",
    help: { en: "everything that can be newer", "zh-TW": "全部，一個都不省略" },
  },
  latest: {
    type: "switch",
    help: { en: "move entries that name a version, too", "zh-TW": "固定版本的項目也更新" },
  },
  anyBase: {
    type: "switch",
    help: { en: "newer versions for other base models too, this once", "zh-TW": "也看其他基礎模型的版本" },
  },
  ignore: {
    type: "list",
    value: "WHAT",
    help: {
      en: "never take these for updates: version ids, model:<id>, base:<name>, with commas between",
      "zh-TW": "從此不把這些當作更新：版本編號、`model:<編號>`、`base:<名稱>`，以逗號分隔",
    },
  },
  unignore: {
    type: "list",
    value: "WHAT",
    help: { en: "take them for updates again", "zh-TW": "又把它們當作更新" },
  },
  otherBase: {
    type: "list",
    value: "WHAT",
    help: {
      en: "versions of these for other base models are updates: model:<id>, or all",
      "zh-TW": "這些模型的其他基礎模型版本也算更新：`model:<編號>`，或 `all`",
    },
  },
  sameBase: {
    type: "list",
    value: "WHAT",
    help: { en: "they are not any more", "zh-TW": "又不算了" },
  },
  rules: { type: "switch", help: { en: "list the rules", "zh-TW": "列出規則" } },
  ...oldFlags,
  ...installFlags,
} as const satisfies Flags;

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { all, latest, anyBase, old, rules, ignore, unignore, otherBase, sameBase, json, project = "." } = args.flags;
  const folders = args.operands.filter(isFolder);
  if ([ignore, unignore, otherBase, sameBase].some((one) => one !== undefined) || rules) {
    using out = output(context, { json });
    const isOfProject = folders.length === 0 && (args.flags.project !== undefined || isProject(project));
    updateRules(isOfProject ? project : undefined, { ignore, unignore, otherBase, sameBase }, context, out);
    return out.finish({}, "");
  }
  if (folders.length === 0) {
    const [first] = args.operands;
    if (first !== undefined && !isProject(project)) {
      throw new UsageError(bilingual(updateText, (t) => t.noFolder(printable(first))));
    }
    const options = { old: old ?? "replace", latest, anyBase } as const;
    return await updateProject(projectOf(args, context), args, options, context);
  }
  if (latest) throw new UsageError(bilingual(updateText, (t) => t.onlyFolders("latest")));
  const only = args.operands.filter((text) => !folders.includes(text));
  return await updateFolders(args, { folders, only, all, anyBase, old: old ?? "keep" }, context);
}

/** `civikit update`: models to their newest versions. */
export const updateCommand: Command = {
  usage: "update [<what or folder>...] [options]",
  operands: "folder",
  flags,
  help: updateHelp,
  run,
};
