import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { withInstaller } from "../run/install_run.ts";
import { installFlags, keepOldFlags, projectOf } from "../options/project_options.ts";

const help = `Makes the folder exactly what civikit.lock.json says: fetches what is missing, in
parallel and verified, and takes away what earlier installs put there and nobody
wants any more (unless it was changed since, or --keep-old is given). A file goes
when the one in its place is verified and there. Entries of civikit.models.json the
lock file does not know yet are looked up and locked; with --frozen that is an
error instead. When everything is there, no network is needed.

Killed or interrupted? Run it again. Keep both files in git: everybody who runs
"civikit install" then has the same models, bit for bit.

examples:
  civikit install
  civikit install --frozen --root ~/ComfyUI`;

const flags = {
  frozen: {
    type: "switch",
    help: {
      en: "fail when manifest and lock file differ, instead of asking Civitai",
      "zh-TW": "清單檔與鎖定檔不一致就回報錯誤",
    },
  },
  ...keepOldFlags,
  ...installFlags,
} as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const project = projectOf(args, context);
  return await withInstaller(args, context, async (installer) => {
    await installer.install(project, { isFrozen: args.flags.frozen, keepOld: args.flags.keepOld });
  });
}

/** `civikit install`: a folder exactly as its lock file says. */
export const installCommand: Command = {
  name: "install",
  summary: "Makes a folder of models exactly what its lock file says.",
  usage: "install [options]",
  flags,
  mostOperands: 0,
  help,
  run,
};
