import { noOthers } from "../errors/option.ts";
import { InputError } from "../errors/errors.ts";
import { noteKey } from "../http/key_reason.ts";
import { trustedHosts } from "../http/civitai_hosts.ts";
import { rememberSecret } from "../http/known_secrets.ts";
import { hostList } from "../http/host_list.ts";
import type { Middleware } from "../transport.ts";
import { hostOf } from "../http/host.ts";

/** Options of {@linkcode auth}. */
export interface AuthOptions {
  /**
   * The key, or what finds it at each call for the host asked (with its port, where that is not the usual one); undefined
   * or empty means: none, and requests pass as they are.
   */
  key: string | undefined | ((host: string) => string | undefined | Promise<string | undefined>);
  /**
   * The hosts that may see the key, with an optional port. A name without a port stands for itself and its `www.` twin
   * on the default port, a loopback name without a port for every port. Default `civitai.com` and `civitai.red`.
   */
  hosts?: readonly string[];
}

/**
 * Sends `Authorization: Bearer` with the key, to the hosts on the list only, and only over https or to loopback. A
 * request that already has an Authorization header keeps its own. A key that was sent is cut out of every message and log
 * of the process, also where a server repeats it; one of fewer than 16 characters only from 8 on and with a digit in it.
 * It belongs above `httpCache` and `dedupe`, which tell callers apart by the credentials they see. Redirects are followed
 * below this layer, by `fetchTransport`, which drops the header on another origin.
 *
 * @throws {TypeError} when a host on the list is not a plain host name.
 * @throws {InputError} `invalid_config`, at the call, when the key cannot be a header; the key is not shown.
 * @example
 * ```ts
 * import { auth, compose } from "@civikit/civikit/transport";
 *
 * const echo = { fetch: (request: Request) => Promise.resolve(new Response(request.headers.get("authorization"))) };
 * const client = compose(echo, auth({ key: () => "k3y" }));
 * console.log(await (await client.fetch(new Request("https://civitai.com/api/v1/me"))).text()); // Bearer k3y
 * console.log(await (await client.fetch(new Request("https://other.example/"))).text()); // (nothing)
 * ```
 */
export function auth({ key, hosts = trustedHosts, ...others }: AuthOptions): Middleware {
  noOthers<AuthOptions>("auth", others, { key, hosts });
  const listed = hostList(hosts);
  const isTrusted = (url: string) => listed(url) !== undefined;
  let header: { key: string; value: string } | undefined;

  /** The request with the key; the same request when there is none. */
  function signed(request: Request, found: string | undefined): Request {
    const trimmed = found?.trim();
    if (!trimmed) return request;
    if (header?.key !== trimmed) {
      if (!/^[\x21-\x7e]+$/.test(trimmed)) {
        throw new InputError("sending the API key: it has characters no header may hold", {
          code: "invalid_config",
          input: "[redacted]",
        });
      }
      rememberSecret(trimmed);
      header = { key: trimmed, value: `Bearer ${trimmed}` };
    }
    const derived = new Request(request);
    derived.headers.set("authorization", header.value);
    return derived;
  }

  return async function auth(request, next, context) {
    if (request.headers.has("authorization")) return next(request);
    const found = !isTrusted(request.url) ? undefined : typeof key === "function" ? key(hostOf(request.url)) : key;
    const derived = signed(request, found instanceof Promise ? await found : found);
    const response = await next(derived);
    if (response.status === 401) {
      const isMeant = isTrusted(response.url || request.url);
      noteKey(context, !isMeant ? "key_withheld" : derived === request ? "key_missing" : "key_refused");
    }
    return response;
  };
}
