import { isLoopback } from "./loopback.ts";

/** From where an address can be reached, nearest first: this machine alone, its own network, or anywhere. */
export type Reach = "machine" | "network" | "world";

const order: readonly Reach[] = ["machine", "network", "world"];
const ownMachine = /^(?:0|127)\./;
const ownNetwork = /^(?:10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
const ownNames = /(?:^[^.]+|\.(?:local|lan|internal|home\.arpa))$/;

/** The IPv4 address inside a mapped or a translated IPv6 one, as URLs write it. */
function embedded(address: string): string | undefined {
  const [, high, low] = /^(?:::ffff:|64:ff9b::)([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return [parseInt(high, 16), parseInt(low, 16)].flatMap((word) => [word >> 8, word & 255]).join(".");
}

/**
 * From where the address in `url` can be reached, by its text alone (RFC 1918, 3927, 4193, 4291, 6598, 6761, 6762): what
 * a name stands for, only the network knows.
 */
export function reachOf(url: string): Reach {
  const hostname = new URL(url).hostname.replace(/\.$/, "");
  if (hostname.startsWith("[")) {
    const address = hostname.slice(1, -1);
    const inner = embedded(address);
    if (inner !== undefined) return reachOf(`https://${inner}/`);
    if (address === "::1" || address === "::") return "machine";
    return /^f[cd]|^fe[89ab]/.test(address) ? "network" : "world";
  }
  if (/^\d+(?:\.\d+){3}$/.test(hostname)) {
    return ownMachine.test(hostname) ? "machine" : ownNetwork.test(hostname) ? "network" : "world";
  }
  return isLoopback(`https://${hostname}/`) ? "machine" : ownNames.test(hostname) ? "network" : "world";
}

/** Tells whether `one` is nearer than `other`. */
export function isNearer(one: Reach, other: Reach): boolean {
  return order.indexOf(one) < order.indexOf(other);
}

/** The nearest of all that `urls` name. */
export function nearestOf(urls: readonly string[]): Reach {
  return urls.map(reachOf).reduce((nearest, reach) => isNearer(reach, nearest) ? reach : nearest, "world");
}
