import type { Locale } from "../transport/mod.ts";
import type { Command } from "./command.ts";
import { type CommandEntry, type CommandGroup, commands } from "./commands/commands.ts";
import { flagHelp, type Flags, flagUsage, type NamedFlag, namedFlags } from "./options/flags.ts";
import { environment } from "./options/environment.ts";
import { commonFlags, versionFlags } from "./options/shared_flags.ts";
import { likelyLocale } from "./settings/locale.ts";
import type { Io } from "./terminal/io.ts";
import { brokenLines, ownWidth, rowLines, wrapped } from "./terminal/wrap.ts";
import { helpText } from "./texts/help.ts";

/** How a help is to look. */
export interface HelpOptions {
  /** Its language. */
  readonly locale: Locale;
  /** Room it has; at most {@linkcode widest} is used. */
  readonly columns: number;
}

/** Lines that are longer are hard to read. */
const widest = 100;

/** The command of that name, not loaded yet. */
export function findCommand(name: string): CommandEntry | undefined {
  return commands.find((candidate) => candidate.name === name);
}

/** How the help looks for a person at `io`. */
export function helpOptions(io: Io, locale: Locale = likelyLocale(io.env)): HelpOptions {
  return { locale, columns: io.isTerminal ? io.size().columns : 80 };
}

/** Sections with an empty line between, broken for the terminal. */
function page(sections: readonly string[], columns: number): string {
  return `${sections.map((section) => wrapped(section, Math.min(widest, columns))).join("\n\n")}\n`;
}

/** A heading and its rows, already broken. */
function list(title: string, rows: readonly (readonly [string, string])[], { locale, columns }: HelpOptions): string {
  const hang = 4 + Math.max(...rows.map(([term]) => ownWidth(term)));
  const lines = rows.flatMap(([term, text]) => rowLines({ indent: 2, term, hang, text }, Math.min(widest, columns)));
  return [...brokenLines(helpText[locale].heading(title), columns), ...lines].join("\n");
}

/** The help of the whole program. */
export function programHelp({ locale, columns }: HelpOptions): string {
  const text = helpText[locale];
  const groups = Map.groupBy(commands, ({ group }: CommandEntry): CommandGroup => group);
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = (entries: readonly CommandEntry[]) =>
    entries.map(({ name, summary }) => [name.padEnd(width), summary[locale]] as const);
  const flags = { ...versionFlags, ...commonFlags };
  return [
    page([text.about, `${text.usage} ${text.commandUsage}`, text.examples], columns),
    ...[...groups].map(([group, entries]) => `${list(text.groups[group], rows(entries), { locale, columns })}\n`),
    `${flagList(flags, { locale, columns }, text.options)}\n`,
    `${list(text.environment, environment(locale), { locale, columns })}\n`,
    page([text.exitCodes, text.more], columns),
  ].join("\n");
}

/** What `civikit` alone prints. */
export function shortHelp({ locale, columns }: HelpOptions): string {
  const { about, usage, commandUsage, short } = helpText[locale];
  return page([about, `${usage} ${commandUsage}`, short], columns);
}

/** The options of a table in two columns, under the headings of their groups. */
function flagList(flags: Flags, { locale, columns }: HelpOptions, only?: string): string {
  const { options, site, output } = helpText[locale];
  const headings = only === undefined
    ? [[undefined, options], ["site", site], ["output", output]] as const
    : [[undefined, only]] as const;
  const all = namedFlags(flags);
  const left = (flag: NamedFlag) => `${flag.short ? "" : "    "}${flagUsage(flag)}`;
  const width = Math.max(...all.map((flag) => left(flag).length));
  return headings.flatMap(([group, title]) => {
    const rows = all.filter((flag) => only !== undefined || flag.group === group)
      .map((flag) => [left(flag).padEnd(width), flagHelp(flag, locale)] as const);
    return rows.length === 0 ? [] : [list(title, rows, { locale, columns })];
  }).join("\n\n");
}

type Described = Command & Pick<CommandEntry, "summary">;

/** What a command with actions prints where one is due: the help without options and exit codes. */
export function actionHelp({ usage, help, summary }: Described, { locale, columns }: HelpOptions): string {
  return page([summary[locale], `${helpText[locale].usage} ${usage}`, help[locale].trim()], columns);
}

/** The help of one command. */
export function commandHelp(
  { usage, flags, help, summary, usualAction }: Described,
  { locale, columns }: HelpOptions,
): string {
  const text = helpText[locale];
  const usual = usualAction === undefined ? [] : [text.usually(usualAction)];
  return [
    page([summary[locale], `${text.usage} ${usage}`, ...usual], columns),
    `${flagList({ ...flags, ...commonFlags }, { locale, columns })}\n`,
    page([help[locale].trim(), text.exitCodes], columns),
  ].join("\n");
}
