import { BlockList, isIP } from "node:net";
import type { Context } from "hono";

/** Where the connection comes from; undefined when the server did not pass that on. */
function peerOf(c: Context): string | undefined {
  const address = (c.env as Partial<Deno.ServeHandlerInfo> | undefined)?.remoteAddr;
  return address !== undefined && "hostname" in address ? plain(address.hostname) : undefined;
}

/** An address in its one spelling: without port, brackets and zone, and as IPv4 where it is one in the clothes of IPv6. */
function plain(text: string): string {
  const inside = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const bare = inside.replace(/%.*$/s, "");
  if (isIP(bare) !== 6) return bare;
  const address = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  return [high, low].flatMap((half) => [parseInt(half, 16) >> 8, parseInt(half, 16) & 255]).join(".");
}

function listOf(trustedProxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of trustedProxies) {
    const [, address = "", prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const version = address.includes("%") ? 0 : isIP(address);
    const most = version === 4 ? 32 : 128;
    if (version === 0 || Number(prefix ?? most) > most) {
      throw new TypeError(`option trustedProxies: "${text}" is no address such as 127.0.0.1 or 10.89.0.0/16`);
    }
    list.addSubnet(address, Number(prefix ?? most), version === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

/**
 * Who asks: the address the connection comes from, or, where that is a trusted proxy, the last one its X-Forwarded-For
 * names that is no trusted proxy itself. What stands before that anybody may have made up.
 *
 * @param trustedProxies Addresses and networks, such as `127.0.0.1` and `10.89.0.0/16`.
 * @returns Its address in one spelling; undefined when the server did not pass on where a connection comes from.
 * @throws {TypeError} When one of them is no address.
 */
export function clientAddress(trustedProxies: readonly string[]): (c: Context) => string | undefined {
  const list = listOf(trustedProxies);
  const isTrusted = (address: string) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
  };
  return (c) => {
    let address = peerOf(c);
    if (address === undefined || trustedProxies.length === 0) return address;
    const named = (c.req.header("x-forwarded-for") ?? "").split(",").map((text) => plain(text.trim()));
    while (isTrusted(address)) {
      const before = named.pop();
      if (before === undefined || isIP(before) === 0) break;
      address = before;
    }
    return address;
  };
}
