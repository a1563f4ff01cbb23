import { type Clock, sleep } from "../clock.ts";
import { type CivikitError, isCode, NetworkError } from "../errors/errors.ts";

const longestDelayMs = 30_000;
/** How long a server may leave requests without the head of an answer, over all attempts in a row. */
const longestSilenceMs = 120_000;

/** How hard to try. */
export interface PersistenceOptions {
  /** Attempts in a row that may bring no new byte. */
  readonly maxAttempts: number;
  /** Pause after the first fruitless attempt in milliseconds; doubles up to 30 s, half of it jitter. */
  readonly delayMs: number;
  readonly clock: Clock;
  /** Source of jitter: a number in [0, 1). */
  readonly random: () => number;
}

/**
 * Attempts in a row that brought no new byte: so many are allowed, and none any more when the server has taken requests
 * and answered none for two minutes, however few attempts that were.
 */
export class Persistence {
  readonly #options: PersistenceOptions;
  #silentSince: number | undefined;
  /** How many failed. */
  count = 0;

  /** Begins with no failure. */
  constructor(options: PersistenceOptions) {
    this.#options = options;
  }

  /** An attempt begins. */
  begin(): void {
    this.#silentSince ??= this.#options.clock.now();
  }

  /** New bytes came. */
  reset(): void {
    this.count = 0;
    this.#silentSince = undefined;
  }

  /** An attempt failed; tells whether there may be another one. */
  mayGoOn(error: CivikitError): boolean {
    if (++this.count > this.#options.maxAttempts) return false;
    const isSilent = isCode(error, "header_timeout");
    if (!isSilent) this.#silentSince = undefined;
    return !isSilent || this.#options.clock.now() - (this.#silentSince ?? Infinity) < longestSilenceMs;
  }

  /** The same for the body of `url`. @throws {NetworkError} `no_progress` when there may be no other attempt. */
  goOn(error: CivikitError, url: string): void {
    if (this.mayGoOn(error)) return;
    const { maxAttempts } = this.#options;
    if (maxAttempts === 0) throw error;
    const count = Math.min(this.count, maxAttempts);
    throw new NetworkError(`reading "${url}": ${count} attempts in a row brought no new byte: ${error.message}`, {
      code: "no_progress",
      url,
      cause: error,
    });
  }

  /** Waits after `fruitless` attempts in a row: half of the pause is fixed, half random; at least `leastMs`. */
  async pause(fruitless: number, signal: AbortSignal, leastMs: number = 0): Promise<void> {
    if (fruitless <= 0 && leastMs <= 0) return;
    const { delayMs, clock, random } = this.#options;
    const ceiling = fruitless <= 0 ? 0 : Math.min(longestDelayMs, delayMs * 2 ** (fruitless - 1));
    await sleep(clock, Math.max(ceiling / 2 + random() * ceiling / 2, leastMs), signal);
  }
}
