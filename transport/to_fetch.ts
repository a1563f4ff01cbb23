import { CivikitError, HttpError } from "./errors/errors.ts";
import { isNullBodyStatus } from "./http/http_status.ts";
import { platformFetch } from "./socket/platform_fetch.ts";
import { type Context, newContext, type Transport } from "./transport.ts";

/** What is left of an answer that a layer made an error of, or gave in a server's stead. */
function responseOf({ status, body, retryAfterMs }: HttpError, url: string): Response {
  const response = new Response(isNullBodyStatus(status) ? null : body, { status });
  if (retryAfterMs !== undefined) response.headers.set("retry-after", String(Math.ceil(retryAfterMs / 1000)));
  return Object.defineProperty(response, "url", { value: url });
}

/** Lets a response that a layer made anew, and its clones, be told from the platform's no more than need be. */
function asFetched(response: Response, { url, redirected }: Response = response): Response {
  return Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: "basic" },
    clone: { value: () => asFetched(Response.prototype.clone.call(response), response) },
  });
}

const isMadeAnew = (response: Response) => Object.hasOwn(response, "url") || Object.hasOwn(response, "redirected");

/**
 * Lends a stack to any library that wants a `fetch`, with a fetch's manners: every status is a response, whatever stack
 * is behind it; a failure of the network rejects with a TypeError, whose `cause` is the error that tells more; an abort
 * rejects with the caller's own reason. It may be put in the place of the global `fetch`. `data:` and `blob:` URLs, which
 * need no network, are the platform's.
 *
 * What a stack does by itself it still does: `createTransport()` refuses plain http to other machines and stops asking a
 * host that keeps failing, and headers of a response whose body it heals can be changed.
 *
 * @param transport What answers.
 * @returns A function with the signature of the platform's `fetch`.
 * @example
 * ```ts
 * import { toFetch } from "@civikit/civikit/transport";
 *
 * const fetch = toFetch({ fetch: (request) => Promise.resolve(new Response(request.url)) });
 * console.log(await (await fetch("https://example.test/a")).text()); // https://example.test/a
 * ```
 */
export function toFetch(transport: Transport): typeof fetch {
  return async function fetch(input, init) {
    const request = new Request(input, init);
    if (/^(?:data|blob):/.test(request.url)) return await platformFetch(request);
    const context: Context = { ...newContext(), refusals: "return" };
    try {
      const response = await transport.fetch(request, context);
      return isMadeAnew(response) ? asFetched(response) : response;
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason;
      if (error instanceof HttpError) return responseOf(error, request.url);
      throw error instanceof CivikitError ? new TypeError(error.message, { cause: error }) : error;
    }
  };
}
