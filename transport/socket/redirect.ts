import type { ErrorCode, ErrorReason } from "../errors/codes.ts";
import { NetworkError } from "../errors/errors.ts";
import { isLoopback } from "../http/loopback.ts";
import { isNearer, reachOf } from "../http/reach.ts";
import { redactUrl } from "../http/redact.ts";

/** One request of a chain of redirects. */
export interface Hop {
  /** Where it goes. */
  url: string;
  /** Its method. */
  method: string;
  /** Its headers, names in lower case. */
  headers: Record<string, string>;
  /** Its body, read whole so that it can be sent again. */
  body: Uint8Array<ArrayBuffer> | null;
}

const describingBody = ["content-encoding", "content-language", "content-length", "content-location", "content-type"];

/** Tells whether `status` sends the client elsewhere (RFC 9110 section 15.4); 300 and 304 do not. */
export function isRedirect(status: number): boolean {
  return status === 307 || status === 302 || status === 301 || status === 308 || status === 303;
}

/** A redirect civikit refuses: the error names where it came from, never the whole of where it led. */
export function refuseRedirect(from: string, code: ErrorCode, state: string, reason?: ErrorReason): NetworkError {
  const url = redactUrl(from);
  return new NetworkError(`following the redirect of "${url}": ${state}`, { code, reason, url });
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A Location as its server means it: the platform gives each byte as a character, many servers send UTF-8. */
function readLocation(location: string): string {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(location)) return location;
  try {
    return utf8.decode(Uint8Array.from(location, (character) => character.charCodeAt(0)));
  } catch {
    return location;
  }
}

/**
 * The request that a redirect asks for: the Fetch standard's rules for method, body and fragment ("HTTP-redirect
 * fetch"), and stricter ones for secrets. A header named in `secrets` is dropped as soon as the origin changes and does
 * not come back, even when the chain does. Pure.
 *
 * @throws {NetworkError} `redirect_invalid` without a usable Location, `redirect_insecure` when it leads out of https or,
 * unless `allowHttp`, to plain http on another machine, or from further away to this machine or its network.
 */
export function nextHop(
  hop: Hop,
  status: number,
  location: string | null,
  { secrets, allowHttp }: { secrets: ReadonlySet<string>; allowHttp: boolean },
): Hop {
  if (location === null) throw refuseRedirect(hop.url, "redirect_invalid", `status ${status} without a Location`);
  location = readLocation(location);
  if (!URL.canParse(location, hop.url)) throw refuseRedirect(hop.url, "redirect_invalid", "Location is not a URL");
  const from = new URL(hop.url);
  const to = new URL(location, hop.url);
  if (to.protocol !== "https:" && to.protocol !== "http:") {
    throw refuseRedirect(hop.url, "redirect_invalid", `Location leads to "${to.protocol}"`);
  }
  if (to.hash === "") to.hash = from.hash;
  const url = to.href;
  const downgrade = to.protocol === "http:" &&
    (from.protocol === "https:" ? !(isLoopback(hop.url) && isLoopback(url)) : !allowHttp && !isLoopback(url));
  if (downgrade) throw refuseRedirect(hop.url, "redirect_insecure", `"${redactUrl(url)}" is not https`);
  if (isNearer(reachOf(url), reachOf(hop.url))) {
    const state = `"${redactUrl(url)}" is on this machine or network`;
    throw refuseRedirect(hop.url, "redirect_insecure", state, "near_address");
  }

  const { method } = hop;
  const becomesGet = status === 303 ? method !== "GET" && method !== "HEAD" : status < 303 && method === "POST";
  const dropped = (name: string) =>
    (from.origin !== to.origin && secrets.has(name)) || (becomesGet && describingBody.includes(name));
  const headers = Object.fromEntries(Object.entries(hop.headers).filter(([name]) => !dropped(name)));
  return { url, method: becomesGet ? "GET" : method, headers, body: becomesGet ? null : hop.body };
}
