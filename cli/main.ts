import { type Locale, version } from "../transport/mod.ts";
import { commonFlags, readArgs, UsageError } from "./args.ts";
import type { Command } from "./command.ts";
import { commands } from "./commands.ts";
import { ExitCode, exitCode } from "./exit_code.ts";
import { describeFailure } from "./failure.ts";
import { commandHelp, programHelp } from "./help.ts";
import { type Io, processIo } from "./io.ts";
import { chooseLocale } from "./settings.ts";
import { chooseStyle } from "./style.ts";
import { closest, printable } from "./text.ts";

function find(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  if (/^(?:\d+$|https?:|urn:|air:|civitai:|model:)/i.test(name)) {
    throw new UsageError(`command "${printable(name)}": unknown; did you mean: civikit download ${printable(name)}`);
  }
  const near = closest(name, [...commands.map((candidate) => candidate.name), "help"]);
  throw new UsageError(`command "${printable(name)}": unknown${near ? `; did you mean "${near}"?` : ""}`);
}

function showHelp(io: Io, name: string | undefined): number {
  io.stdout(name === undefined ? programHelp(commands) : commandHelp(find(name)));
  return ExitCode.ok;
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) {
    io.stderr(programHelp(commands));
    return ExitCode.usage;
  }
  if (first.startsWith("-")) {
    const parsed = readArgs([first], [
      { name: "help", short: "h", about: "" },
      { name: "version", short: "V", about: "" },
    ]);
    if (parsed.has("help")) return showHelp(io, undefined);
    if (parsed.has("version")) io.stdout(`civikit ${version}\n`);
    return parsed.has("version") ? ExitCode.ok : dispatch(rest, io);
  }
  if (first === "help") return showHelp(io, rest.find((word) => !word.startsWith("-")));
  if (first === "version") return dispatch(["--version"], io);
  const command = find(first);
  try {
    const parsed = readArgs(rest, [...command.flags, ...commonFlags]);
    if (parsed.has("help")) return showHelp(io, command.name);
    const wanted = parsed.has("no-color") ? false : parsed.has("color") ? true : undefined;
    const locale = chooseLocale(io.env, parsed.value("lang"));
    return await command.run(parsed, { io, locale, style: chooseStyle(io, wanted) });
  } catch (error) {
    if (error instanceof UsageError) error.message += `\nSee: civikit ${command.name} --help`;
    throw error;
  }
}

function safeLocale(io: Io): Locale {
  try {
    return chooseLocale(io.env);
  } catch {
    return "en";
  }
}

/**
 * The whole `civikit` command.
 *
 * @param args What follows `civikit` on the command line.
 * @param io Streams, terminal, environment and signals; the process's own by default.
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
export async function main(args: readonly string[], io: Io = processIo()): Promise<number> {
  try {
    return await dispatch(args, io);
  } catch (error) {
    const style = chooseStyle(io);
    if (error instanceof UsageError) {
      io.stderr(`${style.bad("error")}: ${error.message}\n`);
      return ExitCode.usage;
    }
    io.stderr(describeFailure(error, "civikit", safeLocale(io), style));
    return exitCode(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
