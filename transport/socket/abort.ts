import { type Aborter, type Stop, Switch } from "./stop.ts";

/** What aborts with a signal, until it is ended. */
export interface Link {
  readonly signal: Stop | undefined;
  readonly abort: () => void;
  readonly finished: (() => void) | undefined;
}

const links = new FinalizationRegistry<Link>(unlink);
/** Leads from a body to its response. A WeakMap would do the same, and keep both until the next great collection. */
const owner = Symbol("owner");
/** Leads from a body to what is garbage when the body is: were the body itself registered, it would be kept as long, too. */
const token = Symbol("token");

type Body = ReadableStream & { [owner]?: Response; [token]?: object };

/** Ends a link at once: nothing is left to abort. */
export function unlink({ signal, abort, finished }: Link): void {
  signal?.removeEventListener("abort", abort);
  finished?.();
}

/**
 * Makes `aborter` abort with `signal`. `AbortSignal.any` does that too, at many times the price: it is felt on every
 * request.
 */
export function follow(signal: Stop | undefined, aborter: Aborter, finished?: () => void): Link {
  return onAbort(signal, () => aborter.abort(signal!.reason), finished);
}

/** Calls `abort` when `signal` aborts, until the link is ended. */
export function onAbort(signal: Stop | undefined, abort: () => void, finished?: () => void): Link {
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return { signal, abort, finished };
}

/**
 * Ends a link as soon as nobody can read the body any more: when its reader says so, where one promised to in `ends`. Else
 * its end is seen by the garbage collector, for a body is not wrapped for this.
 */
export function unlinkAfterBody(response: Response, link: Link, ends: (() => void)[] | undefined): void {
  // a switch is its call's own, and goes when the call does
  if (link.finished === undefined && (link.signal === undefined || link.signal instanceof Switch)) return;
  if (ends !== undefined) return void ends.push(() => unlink(link));
  const body = response.body as Body | null;
  if (body === null) unlink(link);
  else links.register(body[token] ??= {}, link);
}

/**
 * Keeps a response as long as its body. The platform lets go of the signal that aborts a body when the response itself is
 * collected, so a reader that only kept the stream could not be stopped any more (seen in Deno 2.9).
 */
export function keepAbortable(response: Response): Response {
  const body = response.body as Body | null;
  if (body !== null) body[owner] = response;
  return response;
}
