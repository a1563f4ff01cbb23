import { version } from "../transport/http/version.ts";
import { ExitCode } from "./exit_codes.ts";
import { loadPart, MissingPartError } from "./missing_part.ts";
import { likelyLocale } from "./settings/locale.ts";
import { type Io, processIo } from "./terminal/io.ts";

const versionWords: ReadonlySet<string> = new Set(["--version", "-V", "version"]);
const helpOptionWords: ReadonlySet<string> = new Set(["--help", "-h"]);
const helpWords: ReadonlySet<string> = new Set([...helpOptionWords, "help"]);

/**
 * What is asked of the program as a whole, or for the help of one command, and takes nothing of what commands run on;
 * undefined for anything else.
 */
async function answerAtOnce([word, ...more]: readonly string[], io: Io): Promise<number | undefined> {
  if (word === undefined || more.length > 1) return undefined;
  if (more.length === 1) return await helpAtOnce(word, more[0]!, io);
  if (versionWords.has(word)) io.stdout(`civikit ${version}\n`);
  else if (helpWords.has(word)) {
    const { helpOptions, programHelp } = await loadPart(loadHelp);
    io.stdout(programHelp(helpOptions(io)));
  } else return undefined;
  return ExitCode.ok;
}

/** The help of one command, which has no other word before or behind it. */
async function helpAtOnce(first: string, second: string, io: Io): Promise<number | undefined> {
  const name = first === "help" ? second : helpOptionWords.has(second) ? first : undefined;
  if (name === undefined) return undefined;
  const { commandHelp, helpOptions, findCommand } = await loadPart(loadHelp);
  const entry = findCommand(name);
  if (entry === undefined) return undefined;
  io.stdout(commandHelp({ ...entry, ...await loadPart(entry.load) }, helpOptions(io)));
  return ExitCode.ok;
}

// Deno reads all that a program's imports lead to before its first line runs, also those that are made later. The casts
// hide these two from it; bundlers do not see casts.
const loadHelp = async () => await import("./help.ts" as string) as typeof import("./help.ts");
const loadDispatch = async () => await import("./dispatch.ts" as string) as typeof import("./dispatch.ts");

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
  // what goes wrong here goes wrong below again, where it can be described
  const code = await answerAtOnce(args, io).catch(() => undefined);
  if (code !== undefined) return code;
  try {
    const { dispatch } = await loadPart(loadDispatch);
    return await dispatch(args, io);
  } catch (error) {
    if (!(error instanceof MissingPartError)) throw error;
    io.stderr(`${error.texts[likelyLocale(io.env)]}\n`);
    return ExitCode.other;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
