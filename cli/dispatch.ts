import { CivikitError, type Locale, version } from "../transport/mod.ts";
import { closest, cutSecrets, wrapDiskError } from "../transport/internal.ts";
import type { Command } from "./command.ts";
import { lostAbilities } from "./run/abilities.ts";
import { type Args, firstOperand, splitArgs } from "./options/args.ts";
import type { Flags } from "./options/flags.ts";
import { givenSettings, withSettings } from "./options/read_flags.ts";
import { commonFlags, versionFlags } from "./options/shared_flags.ts";
import { ActionMissingError, UsageError } from "./options/usage_error.ts";
import { type CommandEntry, commands, loadCommands } from "./commands/commands.ts";
import { elsewhere } from "./options/elsewhere.ts";
import { ExitCode, exitCode } from "./exit_code.ts";
import { describeFailure } from "./terminal/failure.ts";
import { actionHelp, commandHelp, findCommand, helpOptions, programHelp, shortHelp } from "./help.ts";
import { loadPart, MissingPartError } from "./missing_part.ts";
import { InterruptedError, withHangUps } from "./terminal/interrupt.ts";
import type { Io } from "./terminal/io.ts";
import { readSettings } from "./settings/read_settings.ts";
import { chooseLocale } from "./settings/choose_locale.ts";
import { likelyLocale, localeNamed } from "./settings/locale.ts";
import { ring } from "./terminal/ring.ts";
import { chooseStyle, type Style } from "./terminal/style.ts";
import { printable, withColons } from "./terminal/text.ts";
import { ringText } from "./texts/ring.ts";
import { bilingual } from "./texts/texts.ts";
import { usageText } from "./texts/usage.ts";

/** Commands that change what is there: never what another word is taken for. */
const changing: ReadonlySet<string> = new Set(["add", "remove", "update"]);

function hintFor(name: string): Record<Locale, string> | undefined {
  const known = elsewhere.get(name.toLowerCase());
  if (known !== undefined) return known;
  if (/^(?:\d+$|https?:|urn:|air:|civitai:|model:)/i.test(name)) {
    return bilingual(usageText, (t) => t.didYouMean(`civikit download ${printable(name)}`));
  }
  const near = closest(name, [...commands.map((candidate) => candidate.name), "help"]);
  return near === undefined || changing.has(near) ? undefined : bilingual(usageText, (t) => t.near(near));
}

function find(name: string): CommandEntry {
  const command = findCommand(name);
  if (command) return command;
  const hint = hintFor(name);
  throw new UsageError({
    en: usageText.en.unknownCommand(printable(name), hint?.en ?? ""),
    "zh-TW": usageText["zh-TW"].unknownCommand(printable(name), hint?.["zh-TW"] ?? ""),
  });
}

type Leading = Flags & typeof commonFlags & typeof versionFlags;

/** Options that may stand before a command: those of all commands where there are others than the common ones. */
async function leadingFlags(args: readonly string[]): Promise<Leading> {
  const common = { ...commonFlags, ...versionFlags };
  try {
    firstOperand(args, common);
    return common;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return Object.assign({}, common, ...(await loadCommands()).map(({ flags }) => flags)) as Leading;
  }
}

function atMost(most: number, { operands }: Pick<Args<Flags>, "operands">): void {
  if (operands.length <= most) return;
  throw new UsageError(bilingual(usageText, (t) => t.operand(printable(operands[most]!))));
}

async function showHelp(io: Io, name: string | undefined, locale: Locale): Promise<number> {
  const options = helpOptions(io, locale);
  const entry = name === undefined ? undefined : find(name);
  io.stdout(
    entry === undefined ? programHelp(options) : commandHelp({ ...entry, ...await loadPart(entry.load) }, options),
  );
  return ExitCode.ok;
}

/** What a command can do, where it was not told which: as wrong as no command at all, and as little of a surprise. */
function showActions(command: Command & CommandEntry, io: Io, locale: Locale): number {
  io.stderr(`${actionHelp(command, helpOptions(io, locale))}\n${usageText[locale].see(`civikit ${command.name}`)}\n`);
  return ExitCode.usage;
}

function showVersion(io: Io): number {
  io.stdout(`civikit ${version}\n`);
  return ExitCode.ok;
}

function describe(error: unknown, io: Io, locale: Locale, style: Style): number {
  if (error instanceof InterruptedError) return ExitCode.interrupted;
  if (error instanceof UsageError) {
    const command = error.command === undefined ? "civikit" : `civikit ${error.command}`;
    const label = locale === "en" ? "error" : "錯誤";
    io.stderr(`${withColons(style.bad(label), error.texts[locale])}\n${usageText[locale].see(command)}\n`);
    return ExitCode.usage;
  }
  if (error instanceof MissingPartError) {
    io.stderr(`${printable(error.texts[locale])}\n`);
    return ExitCode.other;
  }
  io.stderr(describeFailure(error, undefined, locale, style));
  return exitCode(error);
}

async function runCommand(entry: CommandEntry, args: readonly string[], io: Io): Promise<number> {
  try {
    const command = await loadPart(entry.load);
    const table: Flags & typeof commonFlags = { ...command.flags, ...commonFlags };
    const parsed = splitArgs(args, table);
    if (parsed.has("help")) return await showHelp(io, entry.name, asked(args, io));
    atMost(command.mostOperands ?? Infinity, parsed);
    const { usualAction } = command;
    const operands = parsed.operands.length === 0 && usualAction !== undefined ? [usualAction] : parsed.operands;
    const typed = parsed.read();
    const given = givenSettings(table, typed, parsed.has);
    const settings = await readSettings({ env: io.env, flags: given, configPath: typed.config });
    const flags = withSettings(table, typed, settings);
    const locale = chooseLocale(io.env, flags.lang);
    const style = chooseStyle(io, flags.noColor ? false : flags.color ? true : undefined);
    const [fault] = command.isForgiving ? [] : settings.faults;
    if (fault !== undefined) return describe(fault, io, locale, style);
    if (!flags.quiet) {
      const label = locale === "en" ? "warning: " : "警告：";
      for (const warning of settings.warnings) io.stderr(`${style.warn(label)}${warning[locale]}\n`);
    }
    const lost = flags.quiet ? undefined : lostAbilities(flags, io.env, locale);
    if (lost !== undefined) io.stderr(`${printable(lost)}\n`);
    const context = { io, locale, style, settings, command: entry.name, loadCommands };
    const startedMs = io.now();
    const code = await command.run({ operands, flags }, context).catch((error) => {
      if (error instanceof ActionMissingError) return showActions({ ...entry, ...command }, io, locale);
      if (error instanceof UsageError) throw error;
      return describe(error, io, locale, style);
    });
    const isLong = io.now() - startedMs >= settings.value("notifications.after") * 1000;
    if (isLong && settings.value("notifications.terminal")) ring({ io, text: ringText[locale](entry.name, code) });
    return code;
  } catch (error) {
    if (error instanceof UsageError) error.command = entry.name;
    throw error;
  }
}

async function act(args: readonly string[], io: Io): Promise<number> {
  const flags = await leadingFlags(args);
  const at = firstOperand(args, flags);
  const leading = splitArgs(at < 0 ? args : args.slice(0, at), flags);
  if (leading.has("version")) return showVersion(io);
  if (at < 0 && leading.has("help")) return await showHelp(io, undefined, asked(args, io));
  if (at < 0) {
    io.stderr(shortHelp(helpOptions(io, asked(args, io))));
    return ExitCode.usage;
  }
  const name = args[at]!;
  const rest = args.toSpliced(at, 1);
  if (name !== "help" && name !== "version") return await runCommand(find(name), rest, io);
  const parsed = splitArgs(rest, commonFlags);
  atMost(name === "help" ? 1 : 0, parsed);
  return name === "help" ? await showHelp(io, parsed.operands[0], asked(rest, io)) : showVersion(io);
}

/** The language that was asked for, as far as it can be told from a line that may be wrong. */
function asked(args: readonly string[], io: Io): Locale {
  const at = args.findLastIndex((arg) => arg === "--lang" || arg.startsWith("--lang="));
  const text = at < 0 ? "" : args[at]!.slice("--lang=".length) || args[at + 1] || "";
  return localeNamed(text) ?? likelyLocale(io.env);
}

/** The last gate: whatever a server repeats of a key, no command prints it. */
function guarded(io: Io): Io {
  return {
    ...io,
    stdout(text) {
      try {
        io.stdout(cutSecrets(text));
      } catch (error) {
        throw error instanceof CivikitError ? error : wrapDiskError(error, "standard output", "writing");
      }
    },
    stderr: (text) => io.stderr(cutSecrets(text)),
  };
}

/** Everything `civikit` does but what {@linkcode main} answers at once. Resolves with the exit code; nothing is thrown. */
export async function dispatch(args: readonly string[], own: Io): Promise<number> {
  const { io, codeOf } = withHangUps(guarded(own));
  try {
    return codeOf(await act(args, io));
  } catch (error) {
    return codeOf(describe(error, io, asked(args, io), chooseStyle(io)));
  }
}
