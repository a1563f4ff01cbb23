import type { Ask } from "../ask.ts";
import { middlewareOf, type Send } from "../lane.ts";
import { holdWhileRead } from "../socket/abort.ts";
import { discard } from "../http/http_status.ts";
import { noOthers, wholeWithin } from "../errors/option.ts";
import { keepSource } from "../http/response_source.ts";
import { redactUrl } from "../http/redact.ts";
import { Follower, type Hold, type Stop } from "../socket/stop.ts";
import { type Context, isHeard, type Middleware } from "../transport.ts";

/** Options of {@linkcode dedupe}. */
export interface DedupeOptions {
  /** Largest body that is handed to joiners, in bytes; for a larger one they ask for themselves. Default 8 MiB. */
  maxBodyBytes?: number;
}

/** A copy of an answer, read whole. */
interface Copy {
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  readonly init: ResponseInit;
  /** Where it came from: a layer above may have to know of a redirect. */
  readonly source: Response;
}

/** What a fetch came to for those who joined it: a copy, `gone` (it was aborted), or `alone` (too large to share). */
type Outcome = Copy | "gone" | "alone";

/** A fetch under way, which is also what aborts it when nobody wants it any more. */
class Flight extends Follower {
  /** What is asked; until nobody may join any more. */
  ask: Ask | undefined;
  /** The next one of its chain. */
  other: Flight | undefined = undefined;
  joiners = 0;
  /** Whether the caller who came first has given up while others still wait. */
  hasLeadLeft = false;
  /** Rejects the first caller's call; while its headers are not there. */
  leave: ((reason: unknown) => void) | undefined = undefined;
  outcome: PromiseWithResolvers<Outcome> | undefined = undefined;

  constructor(ask: Ask) {
    super(ask.signal);
    this.ask = ask;
  }

  /** The caller who came first gives up. */
  override handleEvent(): void {
    if (this.leave === undefined || this.joiners === 0) return super.handleEvent();
    this.hasLeadLeft = true;
    this.leave(this.followed!.reason);
  }
}

/**
 * Lets identical GET and HEAD requests that are under way at the same time share one fetch. Identical means: same method,
 * same URL, same headers, every one of them: so it belongs below `auth` and whatever else adds credentials. Ranges, and requests with `cache-control: no-store` or `no-cache`, stay
 * alone. The caller who came first gets the answer just as it comes; joiners get a copy once its body is read whole, or
 * fetch for themselves when it is larger than `maxBodyBytes`. An error is everybody's.
 *
 * Callers abort for themselves: the fetch goes on while anyone waits for its headers, also when the first one gives up,
 * and is aborted with the last.
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
export function dedupe({ maxBodyBytes = 8 * 1024 * 1024, ...others }: DedupeOptions = {}): Middleware {
  noOthers<DedupeOptions>("dedupe", others, { maxBodyBytes });
  wholeWithin("maxBodyBytes", maxBodyBytes, 0, Number.MAX_SAFE_INTEGER);
  // a Map of URLs that come and go is made anew every few calls, which takes as long as all else here
  const chains = new Array<Flight | undefined>(mostChains).fill(undefined);

  function lead(ask: Ask, next: Send, context: Context): Promise<Response> {
    const chain = chainOf(ask.url);
    const flight = new Flight(ask);
    flight.other = chains[chain];
    chains[chain] = flight;
    // what layers below want to do after the body is done here, where its end is seen anyway
    const isPromised = ask.ends !== undefined;
    const ends: Hold[] = ask.ends ?? [];
    return new Promise((resolve, reject) => {
      flight.leave = reject;
      next(ask.withSignal(flight, ends), context).then((response) => {
        land(chain, flight);
        const held = holdWhileRead(response, flight, ends, isPromised);
        if (flight.joiners > 0) flight.outcome!.resolve(copyOf(response, flight, maxBodyBytes));
        else {
          flight.outcome?.resolve("alone");
          if (flight.hasLeadLeft) discard(response);
        }
        resolve(held);
      }, (error) => {
        land(chain, flight);
        flight.release();
        if (flight.aborted) flight.outcome?.resolve("gone");
        else flight.outcome?.reject(error);
        reject(error);
      });
    });
  }

  /** From now on nobody joins. */
  function land(chain: number, flight: Flight): void {
    flight.leave = undefined;
    flight.ask = undefined;
    if (chains[chain] === flight) chains[chain] = flight.other;
    else before(chains[chain]!, flight).other = flight.other;
    flight.other = undefined;
  }

  async function join(flight: Flight, ask: Ask, next: Send, context: Context): Promise<Response> {
    flight.joiners++;
    if (flight.outcome === undefined) {
      flight.outcome = Promise.withResolvers();
      // when every joiner has left, nobody listens
      flight.outcome.promise.catch(() => {});
    }
    if (isHeard(context)) context.report({ type: "dedupe", url: redactUrl(ask.url) });
    let outcome;
    try {
      outcome = await unlessAborted(flight.outcome.promise, ask.signal);
    } finally {
      flight.joiners--;
      if (flight.hasLeadLeft && flight.joiners === 0) flight.abort(ask.signal?.reason);
    }
    if (outcome === "gone") return await dedupe(ask, next, context);
    if (outcome === "alone") return await next(ask, context);
    return keepSource(new Response(outcome.bytes?.slice() ?? null, outcome.init), outcome.source);
  }

  function dedupe(ask: Ask, next: Send, context: Context): Promise<Response> {
    const { method, headers } = ask;
    if ((method !== "GET" && method !== "HEAD") || headers.has("range")) return next(ask, context);
    const wish = headers.get("cache-control");
    if (wish !== null && /no-store|no-cache/i.test(wish)) return next(ask, context);
    let flight = chains[chainOf(ask.url)];
    while (flight !== undefined && !isSame(flight.ask!, ask)) flight = flight.other;
    return flight === undefined || flight.aborted ? lead(ask, next, context) : join(flight, ask, next, context);
  }

  return middlewareOf(dedupe);
}

const mostChains = 256;

/** Which chain a URL belongs to, by its end: pages, cursors and ids stand there. */
function chainOf(url: string): number {
  const { length } = url;
  let hash = length;
  for (let at = Math.max(0, length - 6); at < length; at++) hash = (hash * 31 + url.charCodeAt(at)) | 0;
  return hash & (mostChains - 1);
}

/** The one whose other one is `flight`. */
function before(first: Flight, flight: Flight): Flight {
  let found = first;
  while (found.other !== flight) found = found.other!;
  return found;
}

function isSame(one: Ask, other: Ask): boolean {
  if (one.url !== other.url || one.method !== other.method || one.redirect !== other.redirect) return false;
  const [{ record }, { record: others }] = [one.headers, other.headers];
  const names = Object.keys(record);
  return names.length === Object.keys(others).length && names.every((name) => record[name] === others[name]);
}

/** Reads a second branch of the body, up to `maxBytes`; the first stays with the caller who came first, if still there. */
async function copyOf(response: Response, flight: Flight, maxBytes: number): Promise<Outcome> {
  const { hasLeadLeft } = flight;
  const { status, statusText, headers } = response;
  const init = { status, statusText, headers };
  if (response.body === null) return { bytes: null, init, source: response };
  if (Number(headers.get("content-length") ?? 0) > maxBytes) {
    if (hasLeadLeft) discard(response);
    return "alone";
  }
  const reader = (hasLeadLeft ? response : response.clone()).body!.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()), init, source: response };
      chunks.push(value);
      length += value.byteLength;
      if (length > maxBytes) {
        reader.cancel().catch(() => {});
        return "alone";
      }
    }
  } catch {
    return flight.aborted ? "gone" : "alone";
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: Stop | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
