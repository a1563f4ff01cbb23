import { HttpError, isCode, type Middleware } from "../../transport/mod.ts";

/**
 * Tries the other URLs of a file where the first answers 404, which some of the site's own links do. Another URL may
 * lead to another file: use it only where a hash decides.
 *
 * @param others Other URLs by URL.
 * @example
 * ```ts
 * import { otherUrls } from "@civikit/civikit/api";
 * import { compose } from "@civikit/civikit/transport";
 *
 * const fetch = ({ url }: Request) => Promise.resolve(new Response(null, { status: url.endsWith("b") ? 200 : 404 }));
 * const transport = compose({ fetch }, otherUrls(new Map([["https://civitai.com/a", ["https://civitai.com/b"]]])));
 * console.log((await transport.fetch(new Request("https://civitai.com/a"))).status); // 200
 * ```
 */
export function otherUrls(others: ReadonlyMap<string, readonly string[]>): Middleware {
  return async function otherUrls(request, next) {
    const urls = others.get(request.url) ?? [];
    if (urls.length === 0) return await next(request);
    let answer: Response | HttpError | undefined;
    for (const url of [request.url, ...urls]) {
      try {
        const response = await next(url === request.url ? request : new Request(url, request));
        if (response.status !== 404) {
          if (answer instanceof Response) await answer.body?.cancel();
          return response;
        }
        if (answer === undefined) answer = response;
        else await response.body?.cancel();
      } catch (error) {
        if (!(error instanceof HttpError) || !isCode(error, "not_found")) throw error;
        answer ??= error;
      }
    }
    if (answer instanceof Response) return answer;
    throw answer;
  };
}
