import { version } from "../transport/http/version.ts";
import { ExitCode } from "./exit_codes.ts";
import { type Io, processIo } from "./terminal/io.ts";

const versionWords: ReadonlySet<string> = new Set(["--version", "-V", "version"]);
const helpWords: ReadonlySet<string> = new Set(["--help", "-h", "help"]);

/** What is asked of the program as a whole, which takes none of its parts; undefined for anything else. */
async function answerAtOnce([word, ...more]: readonly string[], io: Io): Promise<number | undefined> {
  if (word === undefined || more.length > 0) return undefined;
  if (versionWords.has(word)) io.stdout(`civikit ${version}\n`);
  else if (helpWords.has(word)) {
    const { helpOptions, programHelp } = await import("./help.ts");
    io.stdout(programHelp(helpOptions(io)));
  } else return undefined;
  return ExitCode.ok;
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
  // what goes wrong here goes wrong below again, where it can be described
  const code = await answerAtOnce(args, io).catch(() => undefined);
  if (code !== undefined) return code;
  const { dispatch } = await import("./dispatch.ts");
  return await dispatch(args, io);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
