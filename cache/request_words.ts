/** What the cache mode of a Request asks for, in HTTP's own words (Fetch standard, HTTP-network-or-cache fetch). */
const modeDirectives: Partial<Record<RequestCache, string>> = {
  "no-store": "no-store",
  "reload": "no-cache",
  "no-cache": "max-age=0",
  "force-cache": "max-stale",
  "only-if-cached": "only-if-cached, max-stale",
};

/** The request with its cache mode said in Cache-Control, unless it says something there already. */
export function spelledOut(request: Request): Request {
  const directives = modeDirectives[request.cache];
  if (directives === undefined || request.headers.has("cache-control")) return request;
  const headers = new Headers(request.headers);
  headers.set("cache-control", directives);
  return new Request(request, { headers, cache: "default" });
}

/** A URL as entries are filed under it. */
export function withoutFragment(url: string): string {
  const hash = url.indexOf("#");
  return hash < 0 ? url : url.slice(0, hash);
}
