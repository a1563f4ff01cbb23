import { wholeWithin } from "../option.ts";
import { redactUrl } from "../redact.ts";
import type { Context, Middleware, Next } from "../transport.ts";

/** Options of {@linkcode dedupe}. */
export interface DedupeOptions {
  /** Largest body that is handed to joiners, in bytes; for a larger one they ask for themselves. Default 8 MiB. */
  maxBodyBytes?: number;
}

/** A copy of an answer, read whole. */
interface Copy {
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  readonly init: ResponseInit;
}

/** A fetch under way and what it came to: a copy, `lead` (its caller gave up), or `alone` (too large to share). */
interface Flight {
  readonly request: Request;
  joiners: number;
  outcome: PromiseWithResolvers<Copy | "lead" | "alone"> | undefined;
}

/**
 * Lets identical GET and HEAD requests that are under way at the same time share one fetch. Identical means: same method,
 * same URL, same headers, every one of them. Ranges, and requests with `cache-control: no-store` or `no-cache`, stay
 * alone. The caller who came first gets the answer just as it comes; joiners get a copy once its body is read whole, or
 * fetch for themselves when it is larger than `maxBodyBytes`. An error is everybody's.
 *
 * Callers abort for themselves: a joiner leaves, and when the first one gives up, the next one in line fetches anew.
 *
 * @throws {RangeError} when an option is out of range.
 * @throws The reason of `request.signal`, when it aborts while waiting.
 * @example
 * ```ts
 * import { compose, dedupe } from "@civikit/civikit/transport";
 *
 * let calls = 0;
 * const origin = { fetch: () => Promise.resolve(Response.json({ calls: ++calls })) };
 * const client = compose(origin, dedupe());
 * const ask = async () => (await client.fetch(new Request("https://example.test/"))).json();
 * console.log(await Promise.all([ask(), ask()])); // [ { calls: 1 }, { calls: 1 } ]
 * ```
 */
export function dedupe({ maxBodyBytes = 8 * 1024 * 1024 }: DedupeOptions = {}): Middleware {
  wholeWithin("maxBodyBytes", maxBodyBytes, 0, Number.MAX_SAFE_INTEGER);
  const flights = new Map<string, Flight[]>();

  async function lead(key: string, request: Request, next: Next): Promise<Response> {
    const flight: Flight = { request, joiners: 0, outcome: undefined };
    const others = flights.get(key);
    if (others === undefined) flights.set(key, [flight]);
    else others.push(flight);
    try {
      const response = await next(request);
      land(key, flight);
      if (flight.joiners > 0) flight.outcome!.resolve(copyOf(response, request, maxBodyBytes));
      else flight.outcome?.resolve("alone");
      return response;
    } catch (error) {
      land(key, flight);
      if (request.signal.aborted) flight.outcome?.resolve("lead");
      else flight.outcome?.reject(error);
      throw error;
    }
  }

  /** From now on nobody joins. */
  function land(key: string, flight: Flight): void {
    const left = flights.get(key)!.filter((other) => other !== flight);
    if (left.length === 0) flights.delete(key);
    else flights.set(key, left);
  }

  async function join(flight: Flight, request: Request, next: Next, context: Context): Promise<Response> {
    flight.joiners++;
    if (flight.outcome === undefined) {
      flight.outcome = Promise.withResolvers();
      // when every joiner has left, nobody listens
      flight.outcome.promise.catch(() => {});
    }
    context.report({ type: "dedupe", url: redactUrl(request.url) });
    let outcome;
    try {
      outcome = await unlessAborted(flight.outcome.promise, request.signal);
    } finally {
      flight.joiners--;
    }
    if (outcome === "lead") return dedupe(request, next, context);
    if (outcome === "alone") return next(request);
    return new Response(outcome.bytes?.slice() ?? null, outcome.init);
  }

  function dedupe(request: Request, next: Next, context: Context): Promise<Response> {
    const { method, url, headers } = request;
    if ((method !== "GET" && method !== "HEAD") || headers.has("range")) return next(request);
    if (/no-store|no-cache/i.test(headers.get("cache-control") ?? "")) return next(request);
    const key = `${method} ${url}`;
    const flight = flights.get(key)?.find((other) => hasSameHeaders(other.request, request));
    if (flight === undefined || flight.request.signal.aborted) return lead(key, request, next);
    return join(flight, request, next, context);
  }

  return dedupe;
}

function hasSameHeaders(one: Request, other: Request): boolean {
  const theirs = [...other.headers];
  let index = 0;
  for (const [name, value] of one.headers) {
    const pair = theirs[index++];
    if (pair === undefined || pair[0] !== name || pair[1] !== value) return false;
  }
  return index === theirs.length;
}

/** Reads a second branch of the body, up to `maxBytes`; the first stays with whoever holds `response`. */
async function copyOf(response: Response, request: Request, maxBytes: number): Promise<Copy | "lead" | "alone"> {
  const { status, statusText, headers } = response;
  const init = { status, statusText, headers };
  if (response.body === null) return { bytes: null, init };
  if (Number(headers.get("content-length") ?? 0) > maxBytes) return "alone";
  const reader = response.clone().body!.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()), init };
      chunks.push(value);
      length += value.byteLength;
      if (length > maxBytes) {
        reader.cancel().catch(() => {});
        return "alone";
      }
    }
  } catch {
    return request.signal.aborted ? "lead" : "alone";
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
