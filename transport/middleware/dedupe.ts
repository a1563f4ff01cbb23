import { keepAbortable, onAbort, unlink, unlinkAfterBody } from "../socket/abort.ts";
import { discard } from "../http/http_status.ts";
import { noOthers, wholeWithin } from "../errors/option.ts";
import { keepSource } from "../http/response_source.ts";
import { redactUrl } from "../http/redact.ts";
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
  /** Where it came from: a layer above may have to know of a redirect. */
  readonly source: Response;
}

/** What a fetch came to for those who joined it: a copy, `gone` (it was aborted), or `alone` (too large to share). */
type Outcome = Copy | "gone" | "alone";

/** A fetch under way. */
interface Flight {
  readonly request: Request;
  /** Aborts the fetch itself, when nobody wants it any more. */
  readonly controller: AbortController;
  joiners: number;
  /** Whether the caller who came first has given up while others still wait. */
  hasLeadLeft: boolean;
  /** Rejects the first caller's call; while its headers are not there. */
  leave: ((reason: unknown) => void) | undefined;
  outcome: PromiseWithResolvers<Outcome> | undefined;
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
  const flights = new Map<string, Flight[]>();

  function lead(key: string, request: Request, next: Next): Promise<Response> {
    const { signal } = request;
    const controller = new AbortController();
    const flight: Flight = {
      request,
      controller,
      joiners: 0,
      hasLeadLeft: false,
      outcome: undefined,
      leave: undefined,
    };
    const others = flights.get(key);
    if (others === undefined) flights.set(key, [flight]);
    else others.push(flight);
    // out here, where nothing leads to the response: the link lives as long as the body and must not keep it alive
    const link = onAbort(signal, () => {
      if (flight.leave === undefined || flight.joiners === 0) return controller.abort(signal.reason);
      flight.hasLeadLeft = true;
      flight.leave(signal.reason);
    });
    return new Promise((resolve, reject) => {
      flight.leave = reject;
      const land = () => {
        flight.leave = undefined;
        remove(key, flight);
      };
      next(new Request(request, { signal: controller.signal })).then((response) => {
        land();
        unlinkAfterBody(response, link);
        if (flight.joiners > 0) flight.outcome!.resolve(copyOf(response, flight, maxBodyBytes));
        else {
          flight.outcome?.resolve("alone");
          if (flight.hasLeadLeft) discard(response);
        }
        resolve(keepAbortable(response));
      }, (error) => {
        land();
        unlink(link);
        if (controller.signal.aborted) flight.outcome?.resolve("gone");
        else flight.outcome?.reject(error);
        reject(error);
      });
    });
  }

  /** From now on nobody joins. */
  function remove(key: string, flight: Flight): void {
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
      if (flight.hasLeadLeft && flight.joiners === 0) flight.controller.abort(request.signal.reason);
    }
    if (outcome === "gone") return dedupe(request, next, context);
    if (outcome === "alone") return next(request);
    return keepSource(new Response(outcome.bytes?.slice() ?? null, outcome.init), outcome.source);
  }

  function dedupe(request: Request, next: Next, context: Context): Promise<Response> {
    const { method, url, headers } = request;
    if ((method !== "GET" && method !== "HEAD") || headers.has("range")) return next(request);
    if (/no-store|no-cache/i.test(headers.get("cache-control") ?? "")) return next(request);
    const key = `${method} ${url}`;
    const flight = flights.get(key)?.find((other) => hasSameHeaders(other.request, request));
    if (flight === undefined || flight.controller.signal.aborted) return lead(key, request, next);
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

/** Reads a second branch of the body, up to `maxBytes`; the first stays with the caller who came first, if still there. */
async function copyOf(response: Response, { controller, hasLeadLeft }: Flight, maxBytes: number): Promise<Outcome> {
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
    return controller.signal.aborted ? "gone" : "alone";
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
