import type { Enums } from "../../api/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { siteFlags } from "../options/shared_flags.ts";
import { completionScript, shells } from "../run/completion/mod.ts";
import { openSession } from "../run/session.ts";
import { output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { completionHelp, completionText } from "../texts/completion.ts";

const flags = siteFlags satisfies Flags;

type CompletionArgs = Args<typeof flags>;

/** The words of the site are worth no long wait. */
const patienceMs = 5000;

/** What the site knows today; nothing where it does not say, which the user is told. */
async function siteWords(args: CompletionArgs, context: CommandContext): Promise<Enums> {
  using out = output(context, { json: false });
  using session = await openSession(args, context, out);
  const signal = AbortSignal.any([session.signal, AbortSignal.timeout(patienceMs)]);
  try {
    const lists = Object.entries(await session.api.enums({ signal })).filter(([, words]) => Array.isArray(words));
    return Object.fromEntries(lists);
  } catch (error) {
    session.signal.throwIfAborted();
    out.note(completionText[context.locale].siteSilent(printable(error instanceof Error ? error.message : `${error}`)));
    return {};
  }
}

async function run(args: CompletionArgs, context: CommandContext): Promise<number> {
  const shell = readAction(args.operands[0], shells);
  const [commands, site] = await Promise.all([context.loadCommands(), siteWords(args, context)]);
  context.io.stdout(completionScript(shell, { commands, site, locale: context.locale }));
  return ExitCode.ok;
}

/** `civikit completion`: what a shell needs to complete command lines. */
export const completionCommand: Command = {
  usage: "completion bash|zsh|fish|powershell [options]",
  flags,
  actions: shells,
  mostOperands: 1,
  help: completionHelp,
  run,
};
