import { commonFlags, flagHelp } from "./options/args.ts";
import type { Command } from "./command.ts";

const exitCodes = `exit codes:
  0 done             1 other, or several kinds of failure   2 wrong usage
  3 not authorised   4 not found                            5 network or server
  6 rate limited     7 verification failed                  8 disk
  129 its terminal was closed, 130 interrupted (run the same command again to go on)`;

/** The help of the whole program. */
export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length), "help".length);
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `civikit gets models out of Civitai, whole and verified.

usage: civikit <command> [options]

commands:
${lines.join("\n")}
  ${"help".padEnd(width)}  show the help of a command

options:
  -h, --help     show this help
  -V, --version  show the version

environment:
  CIVITAI_API_KEY   your key, from https://civitai.com/user/account; or put it
                    into ~/.config/civikit/key (mode 0600)
  CIVIKIT_BASE_URL  another Civitai (default: https://civitai.com)
  CIVIKIT_LANG      language of the hints: en or zh-TW
  NO_COLOR          no colours

${exitCodes}
`;
}

/** The help of one command. */
export function commandHelp({ usage, summary, flags, help }: Command): string {
  return `${summary}

usage: civikit ${usage}

options:
${flagHelp([...flags, ...commonFlags])}

${help.trim()}

${exitCodes}
`;
}
