import { dirname } from "node:path";
import { checkClient, type ClientTask, type TrialResult } from "../../../testing/mod.ts";
import { missingRight } from "../../../transport/internal.ts";
import { CivikitError, InputError } from "../../../transport/mod.ts";
import type { CommandContext } from "../../command.ts";
import { interrupt } from "../../terminal/interrupt.ts";
import { printable } from "../../terminal/text.ts";

/** What is asked. */
export interface CheckCommandOptions {
  /** The program and its arguments, with places. */
  readonly command: readonly string[];
  /** Trials by name; undefined for all. */
  readonly only: readonly string[] | undefined;
  /** Longest time for one trial, in milliseconds. */
  readonly limitMs: number;
}

/** The command with address, file, hash and header in their places. */
export function fillIn(
  command: readonly string[],
  { url, path, sha256, headers }: Omit<ClientTask, "signal">,
): string[] {
  const [[name, value] = ["accept", "*/*"]] = Object.entries(headers);
  const places: Record<string, string> = { url, out: path, sha256, header: `${name}: ${value}` };
  return command.map((word) => word.replace(/\{(url|out|sha256|header)\}/g, (_, place: string) => places[place]!));
}

/** The program could not be started: not the client's failure, but the end of the check. */
function startError(error: unknown, program: string): Error {
  const right = missingRight(error);
  const shown = printable(program);
  if (right !== undefined) {
    return new CivikitError(`running "${shown}": ${right.state}; --allow-run=${shown} grants it`, {
      ...{ code: "permission_denied", reason: right.reason, cause: error },
    });
  }
  return new InputError(`running "${shown}": cannot be started; is it there, and may it be run?`, {
    ...{ code: "invalid_argument", input: program, cause: error },
  });
}

/** Puts a program through the trials. Rights: to run it, beside those of `checkClient()`. */
export async function* checkCommand(
  { command, only, limitMs }: CheckCommandOptions,
  { io }: CommandContext,
): AsyncGenerator<TrialResult> {
  using stop = interrupt(io, { onFirst: () => {}, onSecond: () => {} });
  let refused: Error | undefined;
  async function run(task: ClientTask): Promise<number> {
    stop.signal.throwIfAborted();
    const [program = "", ...args] = fillIn(command, task);
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(program, {
        ...{ args, cwd: dirname(task.path), stdin: "null", stdout: "null", stderr: "null", detached: true },
      }).spawn();
    } catch (error) {
      throw refused = startError(error, program);
    }
    const kill = () => {
      try {
        // with what it started, where the system knows groups of processes
        if (Deno.build.os === "windows") child.kill("SIGKILL");
        else Deno.kill(-child.pid, "SIGKILL");
      } catch {
        // it ended by itself
      }
    };
    for (const signal of [task.signal, stop.signal]) signal.addEventListener("abort", kill, { once: true });
    const { code } = await child.status;
    stop.signal.removeEventListener("abort", kill);
    return code;
  }
  const directory = await Deno.makeTempDir({ prefix: "civikit_check_" });
  const sendsHeaders = command.some((word) => word.includes("{header}"));
  try {
    for await (const result of checkClient(run, { directory, limitMs, sendsHeaders, ...(only && { only }) })) {
      if (refused) throw refused;
      stop.signal.throwIfAborted();
      yield result;
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
