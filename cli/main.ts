import { type Locale, version } from "../transport/mod.ts";
import { closest, cutSecrets } from "../transport/internal.ts";
import { lostAbilities } from "./run/abilities.ts";
import { type Args, firstOperand, splitArgs } from "./options/args.ts";
import { type Flags, givenSettings, withSettings } from "./options/flags.ts";
import { commonFlags, versionFlags } from "./options/shared_flags.ts";
import { UsageError } from "./options/usage_error.ts";
import type { Command } from "./command.ts";
import { commands } from "./commands/commands.ts";
import { elsewhere } from "./options/elsewhere.ts";
import { ExitCode, exitCode } from "./exit_code.ts";
import { describeFailure } from "./terminal/failure.ts";
import { commandHelp, programHelp } from "./help.ts";
import { InterruptedError, withHangUps } from "./terminal/interrupt.ts";
import { type Io, processIo } from "./terminal/io.ts";
import { ring } from "./terminal/ring.ts";
import { ringText } from "./texts/ring.ts";
import { readSettings } from "./settings/read_settings.ts";
import { chooseLocale } from "./settings/settings.ts";
import { chooseStyle, type Style } from "./terminal/style.ts";
import { printable } from "./terminal/text.ts";

function find(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  const isReference = /^(?:\d+$|https?:|urn:|air:|civitai:|model:)/i.test(name);
  const advice = isReference ? `did you mean: civikit download ${printable(name)}` : elsewhere.get(name);
  const near = closest(name, [...commands.map((candidate) => candidate.name), "help"]);
  const hint = advice ? `; ${advice}` : near ? `; did you mean "${near}"?` : "";
  throw new UsageError(`command "${printable(name)}": unknown${hint}`);
}

/** Every option there is; as each means one thing, they can be told from the command before the command is known. */
const everyFlag = Object.assign({}, commonFlags, versionFlags, ...commands.map(({ flags }) => flags)) as
  & Flags
  & typeof commonFlags
  & typeof versionFlags;

function atMost(most: number, { operands }: Pick<Args<Flags>, "operands">): void {
  if (operands.length > most) throw new UsageError(`operand "${printable(operands[most]!)}": not expected`);
}

function showHelp(io: Io, name: string | undefined): number {
  io.stdout(name === undefined ? programHelp(commands) : commandHelp(find(name)));
  return ExitCode.ok;
}

function showVersion(io: Io): number {
  io.stdout(`civikit ${version}\n`);
  return ExitCode.ok;
}

function describe(error: unknown, io: Io, locale: Locale, style: Style): number {
  if (error instanceof InterruptedError) return ExitCode.interrupted;
  if (error instanceof UsageError) {
    const see = error.message.includes("\nSee: ") ? "" : "\nSee: civikit --help";
    io.stderr(`${style.bad("error")}: ${error.message}${see}\n`);
    return ExitCode.usage;
  }
  io.stderr(describeFailure(error, undefined, locale, style));
  return exitCode(error);
}

async function runCommand(command: Command, args: readonly string[], io: Io): Promise<number> {
  try {
    const table: Flags & typeof commonFlags = { ...command.flags, ...commonFlags };
    const parsed = splitArgs(args, table);
    if (parsed.has("help")) return showHelp(io, command.name);
    atMost(command.mostOperands ?? Infinity, parsed);
    const { operands } = parsed;
    const typed = parsed.read();
    const given = givenSettings(table, typed, parsed.has);
    const settings = await readSettings({ env: io.env, flags: given, configPath: typed.config });
    const flags = withSettings(table, typed, settings);
    const locale = chooseLocale(io.env, flags.lang);
    const style = chooseStyle(io, flags.noColor ? false : flags.color ? true : undefined);
    const [fault] = command.isForgiving ? [] : settings.faults;
    if (fault !== undefined) return describe(fault, io, locale, style);
    if (!flags.quiet) {
      for (const warning of settings.warnings) io.stderr(`${style.warn("warning")}: ${warning[locale]}\n`);
    }
    const lost = flags.quiet ? undefined : lostAbilities(flags, io.env, locale);
    if (lost !== undefined) io.stderr(`${printable(lost)}\n`);
    const startedMs = io.now();
    const code = await command.run({ operands, flags }, { io, locale, style, settings, command: command.name }).catch(
      (error) => {
        if (error instanceof UsageError) throw error;
        return describe(error, io, locale, style);
      },
    );
    const isLong = io.now() - startedMs >= settings.value("notifications.after") * 1000;
    if (isLong && settings.value("notifications.terminal")) ring({ io, text: ringText[locale](command.name, code) });
    return code;
  } catch (error) {
    if (error instanceof UsageError) error.message += `\nSee: civikit ${command.name} --help`;
    throw error;
  }
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const at = firstOperand(args, everyFlag);
  const leading = splitArgs(at < 0 ? args : args.slice(0, at), everyFlag);
  if (leading.has("version")) return showVersion(io);
  if (at < 0 && leading.has("help")) return showHelp(io, undefined);
  if (at < 0) {
    io.stderr(programHelp(commands));
    return ExitCode.usage;
  }
  const name = args[at]!;
  const rest = args.toSpliced(at, 1);
  if (name !== "help" && name !== "version") return await runCommand(find(name), rest, io);
  const parsed = splitArgs(rest, commonFlags);
  atMost(name === "help" ? 1 : 0, parsed);
  return name === "help" ? showHelp(io, parsed.operands[0]) : showVersion(io);
}

function safeLocale(io: Io): Locale {
  try {
    return chooseLocale(io.env);
  } catch {
    return "en";
  }
}

/** The last gate: whatever a server repeats of a key, no command prints it. */
function withoutSecrets(io: Io): Io {
  return { ...io, stdout: (text) => io.stdout(cutSecrets(text)), stderr: (text) => io.stderr(cutSecrets(text)) };
}

/**
 * The whole `civikit` command.
 *
 * @param args What follows `civikit` on the command line.
 * @param own Streams, terminal, environment and signals; the process's own by default.
 * @returns The exit code; nothing is thrown.
 * @example
 * ```ts
 * import { main, processIo } from "@civikit/civikit/cli";
 *
 * let text = "";
 * const code = await main(["help", "download"], { ...processIo(), stdout: (more) => text += more });
 * console.log(code, text.includes("--dry-run")); // 0 true
 * ```
 */
export async function main(args: readonly string[], own: Io = processIo()): Promise<number> {
  const { io, codeOf } = withHangUps(withoutSecrets(own));
  try {
    return codeOf(await dispatch(args, io));
  } catch (error) {
    return codeOf(describe(error, io, safeLocale(io), chooseStyle(io)));
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
