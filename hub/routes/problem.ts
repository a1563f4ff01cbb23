import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { messageOf } from "../../transport/internal.ts";
import { CivikitError, type ErrorCode, hint, InputError } from "../../transport/mod.ts";

/** What is told of anything that was not done. */
export interface Problem {
  /** The failure's stable name. */
  readonly code: string;
  /** What was not done, and why. */
  readonly message: string;
  /** What to do now. */
  readonly hint: string;
}

const statuses: Partial<Readonly<Record<ErrorCode, ContentfulStatusCode>>> = {
  not_found: 404,
  rate_limited: 503,
};

/** The status an error is answered with: 400 for what was asked wrongly, 500 and more for our own trouble. */
export function statusOf(error: unknown): ContentfulStatusCode {
  if (!(error instanceof CivikitError)) return 500;
  if (error.reason === "key_reused") return 422;
  return statuses[error.code] ?? (error instanceof InputError ? 400 : 503);
}

/** An error as it is told; of what is no {@linkcode CivikitError} nothing is said, as it may hold anything. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof CivikitError)) {
    return { code: "internal_error", message: "the service itself failed", hint: hint("internal_error").action };
  }
  return { code: error.code, message: messageOf(error), hint: hint(error).action };
}

/** Answers with a problem. */
export function refuse(c: Context, error: unknown): Response {
  return c.json(problemOf(error), statusOf(error));
}

/** Answers that something is not there. */
export function missing(c: Context, what: string): Response {
  return c.json({ code: "not_found", message: `${what}: there is none`, hint: hint("not_found").action }, 404);
}
