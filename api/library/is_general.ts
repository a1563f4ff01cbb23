import { type CivikitError, type ErrorCode, HttpError } from "../../transport/mod.ts";

const general: ReadonlySet<ErrorCode> = new Set([
  "circuit_open",
  "dns_failed",
  "connect_failed",
  "unauthorized",
  "region_blocked",
]);
/** A shorter pause is waited for by the next question. */
const longPauseMs = 120_000;

/** Tells whether a failure will meet the next question as well, so that there is no use in asking it. */
export function isGeneral(error: CivikitError): boolean {
  if (error.code !== "rate_limited") return general.has(error.code);
  return error instanceof HttpError && (error.retryAfterMs ?? 0) > longPauseMs;
}
