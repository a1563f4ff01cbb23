import { compose, status, type Transport } from "../transport/mod.ts";
import { createCall } from "./call.ts";
import { classifyCivitai } from "./errors.ts";
import { me, type MeCall } from "./me.ts";
import { type Models, models } from "./models.ts";
import { createOrNull, type OnError, type OrNull } from "./or_null.ts";
import { checkedSite, type Site } from "./site.ts";
import { type Versions, versions } from "./versions.ts";

/** Settings of {@linkcode civitai}. */
export interface CivitaiOptions extends Partial<Site> {
  /** Takes the errors of the calls that answer null; `console.error`, one line each, if not given. */
  onError?: OnError;
}

/** The Civitai REST API. */
export interface Civitai extends Site {
  /** Models. */
  readonly models: Models;
  /** Model versions. */
  readonly versions: Versions;
  /** The owner of the key. */
  readonly me: MeCall;
  /** Lets any call answer null after a failure, which is told to `onError`: `api.orNull(api.me())`. */
  readonly orNull: OrNull;
}

function tellConsole(error: Error & { code: string }): void {
  console.error(`civikit: ${error.code}: ${error.message}`);
}

/**
 * The Civitai REST API over any transport. Calls throw typed errors; their `…OrNull` twins answer null and tell `onError`.
 *
 * @param transport What answers. Statuses outside 2xx become {@linkcode HttpError}s here if no layer in it saw to that.
 * @param options `baseUrl` (`https://civitai.com`): whom to ask, https or loopback; `trustedHosts` (`civitai.com`,
 * `civitai.red`): whose page URLs are understood; `onError`: takes what the `…OrNull` calls swallow.
 * @throws {TypeError} When `baseUrl` is no https or loopback URL, or a trusted host is no host name.
 * @example
 * ```ts
 * import { civitai } from "@civikit/civikit/api";
 *
 * const answer = { id: 5, name: "Example", type: "LORA", modelVersions: [] };
 * const api = civitai({ fetch: () => Promise.resolve(Response.json(answer)) });
 * const model = await api.models.get(5);
 * console.log(model.name); // Example
 * ```
 */
export function civitai(transport: Transport, { onError = tellConsole, ...options }: CivitaiOptions = {}): Civitai {
  const { baseUrl, trustedHosts } = checkedSite(options);
  const call = createCall(compose(transport, status({ classify: classifyCivitai })), baseUrl);
  const orNull = createOrNull(onError);
  return {
    baseUrl,
    trustedHosts,
    models: models(call, orNull),
    versions: versions(call, orNull),
    me: me(call),
    orNull,
  };
}
