import { CivikitError, type ErrorCode, type ErrorReason } from "../../transport/mod.ts";
import { messageOf, ownError } from "../../transport/internal.ts";
import { exitCode } from "../exit_code.ts";
import type { Io } from "./io.ts";

/** What terminals obey or readers cannot see, and JSON allows all the same. */
const steering = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu;

function escaped(character: string): string {
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}

/** `value` as JSON that is safe to look at: nothing in it steers a terminal, and nothing is lost. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(steering, escaped);
}

/** Writes one object as one line on the standard output. */
export function jsonLine(io: Pick<Io, "stdout">, event: unknown): void {
  io.stdout(`${jsonText(event)}\n`);
}

/** The fields of a failure in such a line. */
export interface FailureFields {
  /** Stable name of the failure. */
  readonly code: ErrorCode | "unknown";
  /** What the code leaves open; null where it is not known. */
  readonly reason: ErrorReason | null;
  /** The exit code it stands for. */
  readonly exitCode: number;
  /** What failed, secrets cut. */
  readonly message: string;
}

/** The fields of a failure in such a line. */
export function failureFields(error: unknown): FailureFields {
  const own = ownError(error);
  const message = messageOf(own);
  const { code, reason = null } = own instanceof CivikitError ? own : { code: "unknown" as const };
  return { code, reason, exitCode: exitCode(own), message };
}
