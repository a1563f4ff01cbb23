import type { Clock } from "../clock.ts";
import { type CivikitError, isCode, NetworkError } from "../errors/errors.ts";

const longestDelayMs = 30_000;
/** How long a server may leave requests without the head of an answer, over all attempts in a row. */
const longestSilenceMs = 120_000;

/**
 * Attempts in a row that brought no new byte: so many are allowed, and none any more when the server has taken requests
 * and answered none for two minutes, however few attempts that were.
 */
export class Attempts {
  readonly #most: number;
  readonly #clock: Clock;
  #silentSince: number | undefined;
  /** How many failed. */
  count = 0;

  /** Allows `most` attempts to fail. */
  constructor(most: number, clock: Clock) {
    this.#most = most;
    this.#clock = clock;
  }

  /** An attempt begins. */
  begin(): void {
    this.#silentSince ??= this.#clock.now();
  }

  /** New bytes came. */
  reset(): void {
    this.count = 0;
    this.#silentSince = undefined;
  }

  /** An attempt failed; tells whether there may be another one. */
  mayGoOn(error: CivikitError): boolean {
    if (++this.count > this.#most) return false;
    const isSilent = isCode(error, "header_timeout");
    if (!isSilent) this.#silentSince = undefined;
    return !isSilent || this.#clock.now() - (this.#silentSince ?? Infinity) < longestSilenceMs;
  }

  /** The error to end with. */
  exhausted(url: string, cause: CivikitError): CivikitError {
    if (this.#most === 0) return cause;
    const count = Math.min(this.count, this.#most);
    return new NetworkError(`reading "${url}": ${count} attempts in a row brought no new byte: ${cause.message}`, {
      code: "no_progress",
      url,
      cause,
    });
  }
}

/** Equal-jitter exponential backoff: half fixed, half random. */
export function backoff(attempt: number, delayMs: number, random: () => number): number {
  const ceiling = Math.min(longestDelayMs, delayMs * 2 ** Math.max(0, attempt - 2));
  return ceiling / 2 + random() * ceiling / 2;
}
