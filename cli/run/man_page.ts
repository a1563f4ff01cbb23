import type { Command } from "../command.ts";
import { environment } from "../options/environment.ts";
import { flagHelp, type Flags, flagUsage, namedFlags } from "../options/flags.ts";
import { commonFlags, versionFlags } from "../options/shared_flags.ts";
import { textBlocks, textPieces } from "../terminal/wrap.ts";
import { helpText } from "../texts/help.ts";
import { manText } from "../texts/man.ts";
import type { Bilingual } from "../texts/texts.ts";
import { type Locale, version } from "../../transport/mod.ts";

/** What roff would take for its own, or print as another character than the one that was meant. */
const special: Readonly<Record<string, string>> = {
  ...{ "\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti" },
};

const escaped = (text: string) => text.replace(/[\\'`^~-]/g, (character) => special[character]!);

/** A line of text: nothing in it is a request, and it may be broken where a terminal's would be, in Chinese too. */
function line(text: string): string {
  const words = textPieces(text.trim()).map(escaped);
  const joined = words.reduce((all, piece) => `${all}${/\s$/.test(all) || /^\s/.test(piece) ? "" : "\\:"}${piece}`);
  return joined.startsWith(".") ? `\\&${joined}` : joined;
}

const bold = (text: string) => `\\fB${escaped(text)}\\fR`;
const item = (term: string, text: string) => [".TP", bold(term), line(text)];
const example = (text: string) => [".RS 4", ".nf", line(text), ".fi", ".RE"];

/** A text of the help. */
function body(text: string): readonly string[] {
  return textBlocks(text.trim()).flatMap((block) => {
    if ("term" in block) return block.text === "" ? example(block.term) : item(block.term, block.text);
    return block.paragraph === "" ? [] : [".PP", line(block.paragraph)];
  });
}

const options = (flags: Flags, locale: Locale) =>
  namedFlags(flags).flatMap((flag) => item(flagUsage(flag), flagHelp(flag, locale)));

function section(title: string, lines: readonly string[]): readonly string[] {
  return [`.SH ${title}`, ...lines[0] === ".PP" ? lines.slice(1) : lines];
}

/** The manual page of the whole program, civikit(1), as roff: what the helps say, in one piece. */
export function manPage(
  commands: readonly (Command & { readonly name: string; readonly summary: Bilingual })[],
  locale: Locale,
): string {
  const help = helpText[locale];
  const text = manText[locale];
  /** A list under its own heading, which the page has already. */
  const below = (list: string) => body(list.slice(list.indexOf("\n")));
  const shown = commands.flatMap(({ name, usage, summary, help: more, flags, usualAction }) => [
    `.SS civikit ${name}`,
    line(summary[locale]),
    ...example(`civikit ${usage}`),
    ...usualAction === undefined ? [] : [".PP", line(help.usually(usualAction))],
    ...body(more[locale]),
    ...options(flags, locale),
  ]);
  return [
    // as `man` asks for: the encoding first; lines are ragged and words whole, for options are no prose
    "'\\\" -*- coding: UTF-8 -*-",
    `.TH CIVIKIT 1 "" "civikit ${version}" "civikit"`,
    ".nh",
    ".ad l",
    ...section(text.name, [`civikit \\- ${line(help.about.replace(/^civikit\s/, "").replace(/[.。]$/, ""))}`]),
    ...section(text.synopsis, [`${bold("civikit")} ${line(help.commandUsage)}`]),
    ...section(text.description, body(text.about)),
    ...section(text.options, options({ ...versionFlags, ...commonFlags }, locale)),
    ...section(text.commands, shown),
    ...section(text.environment, environment(locale).flatMap(([name, meaning]) => item(name, meaning))),
    ...section(text.exit, below(help.exitCodes)),
    ...section(text.examples, below(help.examples)),
  ].map((one) => `${one}\n`).join("");
}
