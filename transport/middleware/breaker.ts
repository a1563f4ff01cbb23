import type { Ask } from "../ask.ts";
import { type Clock, systemClock } from "../clock.ts";
import { errorIs, statusIs } from "../errors/error_traits.ts";
import { NetworkError } from "../errors/errors.ts";
import { noOthers, wholeWithin, within } from "../errors/option.ts";
import { redactUrl } from "../http/redact.ts";
import { middlewareOf } from "../lane.ts";
import type { Context, Middleware } from "../transport.ts";
import { hostOf } from "../http/host.ts";

/** What {@linkcode breaker} knows about a host. Hosts that never failed lately are not listed. */
export interface Circuit {
  /** `closed`: requests pass. `open`: they are refused. `half-open`: one of them is let through as a trial. */
  state: "closed" | "open" | "half-open";
  /** The last calls, newest in the lowest bit; 1 is a failure. */
  history: number;
  /** When the next trial may start, on the breaker's clock; only while open. */
  openUntil: number;
  /** Whether a trial is under way. */
  trial: boolean;
}

/** Options of {@linkcode breaker}. */
export interface BreakerOptions {
  /** The state by host: hand in your own map to look at it or to share it. */
  circuits?: Map<string, Circuit>;
  /** Failures among the last `window` calls that open a circuit, 1 to `window`. Default 5. */
  failures?: number;
  /** How many calls are looked back on, 1 to 30. Default 10. */
  window?: number;
  /** How long a circuit stays open before a trial, in milliseconds. Default 30000. */
  openMs?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

/** The host is in trouble, not the request: a refused redirect is an answer, and another host's fault is not ours. */
function isFailure(error: unknown, host: string): boolean {
  if (!(error instanceof NetworkError) || errorIs("withheld", error)) return false;
  return error.url === "" || hostOf(error.url) === host;
}

/**
 * Stops asking a host that keeps failing. After `failures` network errors or 5xx among the last `window` calls the
 * host's circuit opens: calls fail at once. After `openMs` one call goes through as a trial; its success closes the
 * circuit, its failure opens it again. What a redirect target on another host does wrong is not held against the host.
 *
 * @throws {NetworkError} `circuit_open` while the circuit is open.
 * @throws {RangeError} when an option is out of range.
 * @example
 * ```ts
 * import { breaker, type Circuit, compose, fetchTransport } from "@civikit/civikit/transport";
 *
 * const circuits = new Map<string, Circuit>();
 * const client = compose(fetchTransport(), breaker({ circuits, failures: 3 }));
 * console.log(typeof client.fetch, circuits.get("civitai.com")?.state ?? "closed");
 * ```
 */
export function breaker({
  circuits = new Map(),
  failures = 5,
  window = 10,
  openMs = 30_000,
  clock = systemClock,
  ...others
}: BreakerOptions = {}): Middleware {
  noOthers<BreakerOptions>("breaker", others, { circuits, failures, window, openMs, clock });
  wholeWithin("window", window, 1, 30);
  wholeWithin("failures", failures, 1, window);
  within("openMs", openMs, 0, Number.MAX_SAFE_INTEGER);
  const mask = 2 ** window - 1;

  function admit(circuit: Circuit, host: string, ask: Ask, context: Context): void {
    if (circuit.state === "closed") return;
    const waitMs = circuit.state === "open" ? circuit.openUntil - clock.now() : 0;
    if (waitMs > 0 || circuit.trial) {
      const when = circuit.trial ? "a trial is under way" : `next trial in ${Math.ceil(waitMs / 1000)} s`;
      const url = redactUrl(ask.url);
      throw new NetworkError(`${ask.method} "${url}": not sent, ${host} keeps failing, ${when}`, {
        code: "circuit_open",
        url,
      });
    }
    circuit.trial = true;
    move(circuit, host, "half-open", context);
  }

  function move(circuit: Circuit, host: string, state: Circuit["state"], context: Context): void {
    if (circuit.state === state) return;
    circuit.state = state;
    context.report({ type: "circuit", host, state });
  }

  function succeeded(host: string, trial: boolean, context: Context): void {
    const circuit = circuits.get(host);
    if (circuit === undefined || (circuit.state !== "closed" && !trial)) return;
    if (trial) circuit.trial = false;
    circuit.history = trial ? 0 : (circuit.history << 1) & mask;
    move(circuit, host, "closed", context);
    if (circuit.history === 0) circuits.delete(host);
  }

  function failed(host: string, trial: boolean, context: Context): void {
    let circuit = circuits.get(host);
    if (circuit === undefined) {
      circuits.set(host, circuit = { state: "closed", history: 0, openUntil: 0, trial: false });
    }
    if (circuit.state !== "closed" && !trial) return;
    if (trial) circuit.trial = false;
    circuit.history = ((circuit.history << 1) | 1) & mask;
    if (!trial && ones(circuit.history) < failures) return;
    circuit.openUntil = clock.now() + openMs;
    move(circuit, host, "open", context);
  }

  return middlewareOf(function breaker(ask, next, context) {
    const { host } = ask;
    const circuit = circuits.get(host);
    try {
      if (circuit !== undefined) admit(circuit, host, ask, context);
    } catch (error) {
      return Promise.reject(error);
    }
    const trial = circuit?.trial === true;
    return next(ask, context).then((response) => {
      const { status } = response;
      if (status >= 500 && statusIs("failing", status) && (response.url === "" || hostOf(response.url) === host)) {
        failed(host, trial, context);
      } else succeeded(host, trial, context);
      return response;
    }, (error) => {
      if (ask.signal?.aborted) {
        if (trial) circuit!.trial = false;
      } else if (isFailure(error, host)) failed(host, trial, context);
      else if (trial) circuit!.trial = false;
      throw error;
    });
  });
}

function ones(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
