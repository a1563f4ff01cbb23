import { CivikitError, redactText } from "../transport/mod.ts";
import { exitCode } from "./exit_code.ts";
import type { Io } from "./io.ts";

/** Writes one object as one line on the standard output. */
export function jsonLine(io: Pick<Io, "stdout">, event: Record<string, unknown>): void {
  io.stdout(`${JSON.stringify(event)}\n`);
}

/** The fields of a failure in such a line. */
export function failureFields(error: unknown): { code: string; exitCode: number; message: string } {
  const message = redactText(error instanceof Error ? error.message : String(error));
  return { code: error instanceof CivikitError ? error.code : "unknown", exitCode: exitCode(error), message };
}
