import type { Ask } from "../ask.ts";
import { noOthers } from "../errors/option.ts";
import { InputError } from "../errors/errors.ts";
import { noteKey } from "../http/key_reason.ts";
import { trustedHosts } from "../http/civitai_hosts.ts";
import { rememberSecret } from "../http/known_secrets.ts";
import { hostList } from "../http/host_list.ts";
import { middlewareOf, type Send } from "../lane.ts";
import type { Context, Middleware } from "../transport.ts";

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
  let header: { key: string; fields: { authorization: string } } | undefined;

  /** The ask with the key; the same when there is none. */
  function signed(ask: Ask, found: string | undefined): Ask {
    const trimmed = found?.trim();
    if (!trimmed) return ask;
    if (header?.key !== trimmed) {
      if (!/^[\x21-\x7e]+$/.test(trimmed)) {
        throw new InputError("sending the API key: it has characters no header may hold", {
          code: "invalid_config",
          input: "[redacted]",
        });
      }
      rememberSecret(trimmed);
      header = { key: trimmed, fields: { authorization: `Bearer ${trimmed}` } };
    }
    return ask.withHeaders(header.fields);
  }

  function send(ask: Ask, derived: Ask, next: Send, context: Context): Promise<Response> {
    return next(derived, context).then((response) => {
      if (response.status === 401) {
        const isMeant = isTrusted(response.url || ask.url);
        noteKey(context, !isMeant ? "key_withheld" : derived === ask ? "key_missing" : "key_refused");
      }
      return response;
    });
  }

  async function sendLater(
    ask: Ask,
    found: Promise<string | undefined>,
    next: Send,
    context: Context,
  ): Promise<Response> {
    return await send(ask, signed(ask, await found), next, context);
  }

  return middlewareOf(function auth(ask, next, context) {
    if (ask.headers.has("authorization")) return next(ask, context);
    if (key === undefined) return send(ask, ask, next, context);
    try {
      const found = !isTrusted(ask.url) ? undefined : typeof key === "function" ? key(ask.host) : key;
      if (found instanceof Promise) return sendLater(ask, found, next, context);
      return send(ask, signed(ask, found), next, context);
    } catch (error) {
      return Promise.reject(error);
    }
  });
}
