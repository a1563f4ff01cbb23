import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { withInstaller } from "../run/install_run.ts";
import { installFlags, oldFlags, projectOf } from "../options/project_options.ts";
import { installHelp } from "../texts/project.ts";

const flags = {
  frozen: {
    type: "switch",
    help: {
      en: "fail when manifest and lock file differ, instead of asking Civitai",
      "zh-TW": "清單檔與鎖定檔不一致就回報錯誤",
    },
  },
  ...oldFlags,
  ...installFlags,
} as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const project = projectOf(args, context);
  return await withInstaller(args, context, async (installer) => {
    await installer.install(project, { isFrozen: args.flags.frozen, old: args.flags.old });
  });
}

/** `civikit install`: a folder exactly as its lock file says. */
export const installCommand: Command = {
  usage: "install [options]",
  flags,
  mostOperands: 0,
  help: installHelp,
  run,
};
