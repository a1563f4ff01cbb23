import { isRedirect, nextHop } from "../transport/internal.ts";

/** Redirects followed at most, as the Fetch standard has it. */
const maxRedirects = 20;
const secrets: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** The answer as `fetch` hands it out: it knows where it came from. */
function named(response: Response, url: string, redirected: boolean): Response {
  Object.defineProperty(response, "url", { value: url.split("#")[0] });
  if (redirected) Object.defineProperty(response, "redirected", { value: true });
  return response;
}

/**
 * Plays the platform's `fetch` over `answer`: redirects are followed, refused or handed out as `request.redirect` says,
 * and secrets do not go along to another origin (Fetch standard, "HTTP-redirect fetch").
 *
 * @throws {TypeError} For a redirect that `fetch` would refuse.
 */
export async function inProcess(request: Request, answer: (request: Request) => Promise<Response>): Promise<Response> {
  const { redirect, signal } = request;
  signal.throwIfAborted();
  let response = await answer(request);
  if (!isRedirect(response.status) || redirect === "manual") return named(response, request.url, false);
  if (redirect === "error") throw new TypeError(`fetching "${request.url}": it redirects, which the request forbids`);
  const body = request.body === null || request.bodyUsed ? null : await request.bytes();
  let hop = { url: request.url, method: request.method, headers: Object.fromEntries(request.headers), body };
  for (let count = 1; isRedirect(response.status); count++) {
    if (count > maxRedirects) throw new TypeError(`fetching "${request.url}": more than ${maxRedirects} redirects`);
    const location = response.headers.get("location");
    await response.body?.cancel();
    hop = nextHop(hop, response.status, location, { secrets, allowHttp: true });
    response = await answer(new Request(hop.url, { ...hop, redirect: "manual", signal }));
  }
  return named(response, hop.url, true);
}
