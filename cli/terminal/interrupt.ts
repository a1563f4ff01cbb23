import { CivikitError } from "../../transport/mod.ts";
import { ExitCode } from "../exit_code.ts";
import type { Io } from "./io.ts";

/** The work was stopped by Ctrl-C or its kin: no failure, and nothing to describe. */
export class InterruptedError extends CivikitError {
  override name = "InterruptedError";
}

/** Ctrl-C and its kin, for as long as a command works. */
export interface Interrupt extends Disposable {
  /** Aborts at the first one. */
  readonly signal: AbortSignal;
}

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into an abort, and the second into an end at once.
 *
 * @param onFirst Tells the user that the work is being stopped.
 * @param onSecond Gives the terminal back.
 */
export function interrupt(io: Io, { onFirst, onSecond }: { onFirst: () => void; onSecond: () => void }): Interrupt {
  const controller = new AbortController();
  const remove = io.onInterrupt(() => {
    if (controller.signal.aborted) {
      onSecond();
      return io.exit(ExitCode.interrupted);
    }
    onFirst();
    controller.abort(new InterruptedError("running the command: interrupted", { code: "aborted" }));
  });
  return { signal: controller.signal, [Symbol.dispose]: remove };
}

/** `io`, and the exit code of a run on it: a terminal that was closed has a code of its own. */
export function withHangUps(io: Io): { io: Io; codeOf(code: number): number } {
  let isHungUp = false;
  const codeOf = (code: number) => isHungUp && code === ExitCode.interrupted ? ExitCode.hungUp : code;
  const watched: Io = {
    ...io,
    onInterrupt: (listener) =>
      io.onInterrupt((signal) => {
        isHungUp ||= signal === "SIGHUP";
        listener(signal);
      }),
    exit: (code) => io.exit(codeOf(code)),
  };
  return { io: watched, codeOf };
}
