import type { Middleware } from "../../transport/mod.ts";

/**
 * A layer over the stack that watching asks through: a kept answer is not taken as it is, but asked for again with its
 * entity tag, so that what was published a minute ago is seen, and what has not changed costs no body.
 *
 * @example
 * ```ts
 * import { askAnew } from "@civikit/civikit/hub";
 * import { compose } from "@civikit/civikit/transport";
 *
 * const echo = { fetch: (request: Request) => Promise.resolve(new Response(request.headers.get("cache-control"))) };
 * const answer = await compose(echo, askAnew).fetch(new Request("https://civitai.com/api/v1/models"));
 * console.log(await answer.text()); // no-cache
 * ```
 */
export const askAnew: Middleware = async function askAnew(request, next): Promise<Response> {
  const fresh = new Request(request);
  fresh.headers.set("cache-control", "no-cache");
  return await next(fresh);
};
