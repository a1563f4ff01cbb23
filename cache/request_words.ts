import { Ask } from "../transport/internal.ts";

/** What the cache mode of a Request asks for, in HTTP's own words (Fetch standard, HTTP-network-or-cache fetch). */
const modeDirectives: Partial<Record<RequestCache, string>> = {
  "no-store": "no-store",
  "reload": "no-cache",
  "no-cache": "max-age=0",
  "force-cache": "max-stale",
  "only-if-cached": "only-if-cached, max-stale",
};

/** The ask with its cache mode said in Cache-Control, unless it says something there already. */
export function spelledOut(ask: Ask): Ask {
  const directives = modeDirectives[ask.cache];
  if (directives === undefined || ask.headers.has("cache-control")) return ask;
  const headers = new Headers(ask.request.headers);
  headers.set("cache-control", directives);
  return Ask.of(new Request(ask.request, { headers, cache: "default" }));
}

/** A URL as entries are filed under it. */
export function withoutFragment(url: string): string {
  const hash = url.indexOf("#");
  return hash < 0 ? url : url.slice(0, hash);
}
