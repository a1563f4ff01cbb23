import type { Command } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { manPage } from "../run/man_page.ts";
import { manHelp } from "../texts/man.ts";

/** `civikit man`: the manual page. */
export const manCommand: Command = {
  usage: "man [options]",
  flags: {},
  mostOperands: 0,
  help: manHelp,
  async run(_args, { io, locale, loadCommands }) {
    io.stdout(manPage(await loadCommands(), locale));
    return ExitCode.ok;
  },
};
