import type { Command } from "./command.ts";
import { flagHelp, type Flags, flagUsage, type NamedFlag, namedFlags } from "./options/flags.ts";
import { commonFlags } from "./options/shared_flags.ts";

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
  CIVITAI_API_KEY      your key, from https://civitai.com/user/account; or run
                       civikit login once
  CIVIKIT_BASE_URL     another Civitai (default: https://civitai.com)
  CIVIKIT_LANG         language of the hints: en or zh-TW
  CIVIKIT_CACHE        on, off, or the file where answers are kept
  CIVIKIT_STATE_DIR    folder of the statistics and logs
  CIVIKIT_MONITOR      on or off: whether these are written
  CIVIKIT_LOG_FORMAT   text or json
  CIVIKIT_LOG_LEVEL    DEBUG, INFO, WARN or ERROR
  CIVIKIT_SERVE_TOKEN  what civikit serve asks of other machines
  NO_COLOR             no colours

${exitCodes}
`;
}

const headings = [
  { group: undefined, title: "options" },
  { group: "site", title: "Civitai" },
  { group: "output", title: "output" },
] as const;

/** The options of a table in two columns, under the headings of their groups. */
function flagList(flags: Flags): string {
  const all = namedFlags(flags);
  const left = (flag: NamedFlag) => `${flag.short ? "" : "    "}${flagUsage(flag)}`;
  const width = Math.max(...all.map((flag) => left(flag).length));
  return headings.flatMap(({ group, title }) => {
    const rows = all.filter((flag) => flag.group === group);
    const lines = rows.map((flag) => `  ${left(flag).padEnd(width)}  ${flagHelp(flag)}`);
    return lines.length === 0 ? [] : [`${title}:\n${lines.join("\n")}`];
  }).join("\n\n");
}

/** The help of one command. */
export function commandHelp({ usage, summary, flags, help }: Command): string {
  return `${summary}

usage: civikit ${usage}

${flagList({ ...flags, ...commonFlags })}

${help.trim()}

${exitCodes}
`;
}
