import { noOthers } from "../errors/option.ts";
import type { Ask } from "../ask.ts";
import type { Clock } from "../clock.ts";
import type { Fields } from "../fields.ts";
import { type Classify, httpError } from "../http/http_status.ts";
import { middlewareOf } from "../lane.ts";
import type { Context, Middleware } from "../transport.ts";

/** Options of {@linkcode status}. */
export interface StatusOptions {
  /** Refines the code by the answer and the start of its text; undefined leaves it to the status. */
  classify?: Classify;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

/**
 * Turns answers outside 2xx into {@linkcode HttpError}, with at most 8 KiB of their text and at most two seconds spent on
 * reading it. Good answers pass as they are, and so does a 304 to a request that was conditional; for a caller who wants
 * responses (see `toFetch`), all do. Belongs outermost:
 * inner layers need to see 304, 412 and 416.
 *
 * @throws {HttpError} on any other answer.
 * @example
 * ```ts
 * import { compose, HttpError, status } from "@civikit/civikit/transport";
 *
 * const gone = { fetch: () => Promise.resolve(new Response("no", { status: 410 })) };
 * try {
 *   await compose(gone, status()).fetch(new Request("https://example.test/"));
 * } catch (error) {
 *   if (error instanceof HttpError) console.log(error.code); // gone
 * }
 * ```
 */
export function status(options: StatusOptions = {}): Middleware {
  noOthers<StatusOptions>("status", options, { classify: true, clock: true });

  async function refused(response: Response, ask: Ask, context: Context): Promise<Response> {
    if (context.refusals === "return") return response;
    if (response.status === 304 && isConditional(ask.headers)) return response;
    throw await httpError(response, ask, { ...options, context });
  }

  // no async function: on every good answer it would cost as much as all it does
  return middlewareOf(function status(ask, next, context) {
    return next(ask, context).then((response) => response.ok ? response : refused(response, ask, context));
  });
}

function isConditional(headers: Fields): boolean {
  return headers.has("if-none-match") || headers.has("if-modified-since");
}
