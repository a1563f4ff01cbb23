import { rememberHeader, rememberSecret } from "../http/known_secrets.ts";
import { hostList } from "../http/host_list.ts";
import { middlewareOf } from "../lane.ts";
import type { Middleware } from "../transport.ts";

/** For each host the headers that are sent to it, by name. */
export type HostHeaders = Readonly<Record<string, Readonly<Record<string, string>>>>;

function checked(host: string, headers: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(headers).map(([name, text]) => {
    const value = text.trim();
    try {
      new Headers([[name, value]]);
    } catch {
      throw new TypeError(
        `option headers: "${name}" for "${host}" is no header name, or its value none a header may hold`,
      );
    }
    rememberHeader(name, value);
    // the word before it says how it is meant, and is no secret
    rememberSecret(value.slice(value.lastIndexOf(" ") + 1));
    return [name.toLowerCase(), value];
  });
}

/**
 * Sends further headers to single hosts, such as the token of a site where a private file lies: over https or to loopback
 * only. A request that has such a header keeps its own. Values are cut out of every message and log of the process.
 *
 * Redirects are followed below this layer, by `fetchTransport`: name the headers among its `secretHeaders` (Authorization
 * and Cookie always are), and they are dropped on another origin.
 *
 * @param rules For each host, which is written as for `auth`, its headers.
 * @throws {TypeError} when a host is not a plain host name, or a header cannot be sent; its value is not shown.
 * @example
 * ```ts
 * import { compose, hostHeaders } from "@civikit/civikit/transport";
 *
 * const echo = { fetch: (request: Request) => Promise.resolve(new Response(request.headers.get("authorization"))) };
 * const client = compose(echo, hostHeaders({ "huggingface.co": { Authorization: "Bearer hf_example" } }));
 * console.log(await (await client.fetch(new Request("https://huggingface.co/a"))).text()); // Bearer hf_example
 * console.log(await (await client.fetch(new Request("https://other.example/"))).text()); // (nothing)
 * ```
 */
export function hostHeaders(rules: HostHeaders): Middleware {
  const listed = hostList(Object.keys(rules));
  const headersOf = new Map(Object.entries(rules).map(([host, headers]) => [host, checked(host, headers)]));
  return middlewareOf(function hostHeaders(ask, next, context) {
    const host = listed(ask.url);
    const wanted = host === undefined ? [] : headersOf.get(host)!.filter(([name]) => !ask.headers.has(name));
    return next(wanted.length === 0 ? ask : ask.withHeaders(Object.fromEntries(wanted)), context);
  });
}
