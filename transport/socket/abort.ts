interface Link {
  readonly signal: AbortSignal;
  readonly abort: () => void;
  readonly finished: (() => void) | undefined;
}

const links = new FinalizationRegistry<Link>(unlink);
const owners = new WeakMap<ReadableStream, Response>();

function unlink({ signal, abort, finished }: Link): void {
  signal.removeEventListener("abort", abort);
  finished?.();
}

/**
 * Makes `controller` abort with `signal`. `AbortSignal.any` does that too, at many times the price: it is felt on every
 * request.
 */
export function follow(signal: AbortSignal, controller: AbortController, finished?: () => void): Link {
  return onAbort(signal, () => controller.abort(signal.reason), finished);
}

/** Calls `abort` when `signal` aborts, until the link is ended. */
export function onAbort(signal: AbortSignal, abort: () => void, finished?: () => void): Link {
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return { signal, abort, finished };
}

/** Ends a link at once: nothing is left to abort. */
export { unlink };

/**
 * Ends a link as soon as nobody can read the body any more. A body is not wrapped for this: its end is seen by the
 * garbage collector.
 */
export function unlinkAfterBody({ body }: Response, link: Link): void {
  if (body === null) unlink(link);
  else links.register(body, link);
}

/**
 * Keeps a response as long as its body. The platform lets go of the signal that aborts a body when the response itself is
 * collected, so a reader that only kept the stream could not be stopped any more (seen in Deno 2.9).
 */
export function keepAbortable(response: Response): Response {
  if (response.body !== null) owners.set(response.body, response);
  return response;
}
