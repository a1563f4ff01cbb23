import { hostOf } from "./host.ts";
import { isLoopback } from "./loopback.ts";

const maxRemembered = 1000;

/**
 * Finds the host of a list that a URL is at, over https or on this machine; undefined for every other URL. A name without
 * a port stands for itself and its `www.` twin on the default port, a loopback name without a port for every port.
 *
 * @throws {TypeError} when a host on the list is not a plain host name.
 */
export function hostList(hosts: readonly string[]): (url: string) => string | undefined {
  const listed = new Map(hosts.map((host) => [normalised(host), host]));
  // by scheme and authority, so that a URL is parsed once for each origin
  const found = new Map<string, string | undefined>();

  function find(url: string): string | undefined {
    const { protocol, hostname, host, port } = new URL(url);
    const isLocal = isLoopback(url);
    if (protocol !== "https:" && !(protocol === "http:" && isLocal)) return undefined;
    if (listed.has(host)) return listed.get(host);
    if (isLocal) return listed.get(hostname);
    return port === "" && hostname.startsWith("www.") ? listed.get(hostname.slice(4)) : undefined;
  }

  return function listedHost(url) {
    const origin = url.slice(0, url.indexOf("://") + 3) + hostOf(url);
    if (!found.has(origin)) {
      if (found.size >= maxRemembered) found.clear();
      found.set(origin, find(url));
    }
    return found.get(origin);
  };
}

/** A host as URLs spell it: lower case, punycode, without the default port. */
function normalised(host: string): string {
  const url = `https://${host}/`;
  if (URL.canParse(url)) {
    const parsed = new URL(url);
    if (parsed.href === `https://${parsed.host}/`) return parsed.host;
  }
  throw new TypeError(`option hosts: "${host}" is not a host name`);
}
