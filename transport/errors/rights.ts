import type { ErrorReason } from "./codes.ts";
import { CivikitError } from "./errors.ts";

/** A right that Deno did not give. */
export interface MissingRight {
  /** Which one. */
  readonly reason: ErrorReason;
  /** Deno's words, without its advice: how the program was started is not for the user to repeat. */
  readonly state: string;
}

/**
 * The right whose lack `error` tells of; undefined when it tells of something else. Deno's own modules throw NotCapable,
 * its SQLite and its `node:` modules an error with other names, all with the same words.
 */
export function missingRight(error: unknown): MissingRight | undefined {
  const message = error instanceof Error ? error.message : "";
  const [, kind] = /^Requires (net|read|write|env|sys|run|ffi|import) access\b/.exec(message) ?? [];
  if (kind === undefined) return undefined;
  const state = message.replace(/^R/, "r").replace(/, (?:run again|specify the required permissions) [^"]*$/, "");
  return { reason: `${kind}_right` as ErrorReason, state };
}

/** What was thrown; a missing right that nobody has told of yet as an error of ours, `permission_denied`. */
export function ownError(error: unknown): unknown {
  const right = error instanceof CivikitError ? undefined : missingRight(error);
  if (right === undefined) return error;
  return new CivikitError(`working: ${right.state}`, {
    code: "permission_denied",
    reason: right.reason,
    cause: error,
  });
}
