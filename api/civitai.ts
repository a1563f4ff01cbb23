import { noOthers } from "../transport/internal.ts";
import { compose, status, type Transport } from "../transport/mod.ts";
import { type Articles, articles } from "./resources/articles.ts";
import { createCall } from "./client/call.ts";
import { type Collections, collections } from "./resources/collections.ts";
import { type Creators, creators } from "./resources/creators.ts";
import { enums, type EnumsCall } from "./resources/enums.ts";
import { classifyCivitai } from "./client/errors.ts";
import { type Files, files } from "./resources/files.ts";
import { type Images, images } from "./resources/images.ts";
import { type KeyCheck, keyCheck, me, type MeCall } from "./resources/me.ts";
import { type Models, models } from "./resources/models.ts";
import { createOrNull, type OnError, type OrNull } from "./client/or_null.ts";
import { type Permissions, permissions } from "./resources/permissions.ts";
import { type Posts, posts } from "./resources/posts.ts";
import { checkedSite, type Site } from "./client/site.ts";
import { type Tags, tags } from "./resources/tags.ts";
import { type Users, users } from "./resources/users.ts";
import { type Vault, vault } from "./resources/vault.ts";
import { type Versions, versions } from "./resources/versions.ts";

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
  /** Files of versions. */
  readonly files: Files;
  /** The gallery. */
  readonly images: Images;
  /** Posts. */
  readonly posts: Posts;
  /** Creators. */
  readonly creators: Creators;
  /** Tags. */
  readonly tags: Tags;
  /** Users. */
  readonly users: Users;
  /** Collections. */
  readonly collections: Collections;
  /** Articles. */
  readonly articles: Articles;
  /** The key owner's vault. */
  readonly vault: Vault;
  /** What users may do. */
  readonly permissions: Permissions;
  /**
   * The API on the trusted host whose URL a reference was, over the same transport: some models are on civitai.red alone.
   * Undefined when it is the host that is asked anyway.
   */
  readonly elsewhere: (reference: { host?: string }) => Civitai | undefined;
  /** The words the site knows. */
  readonly enums: EnumsCall;
  /** The owner of the key. */
  readonly me: MeCall;
  /** Tells whether the key is accepted. */
  readonly checkKey: KeyCheck;
  /** Lets any call answer null after a failure, which is told to `onError`: `api.orNull(api.me())`. */
  readonly orNull: OrNull;
}

function logToConsole(error: Error & { code: string }): void {
  // deno-lint-ignore no-console -- the default of someone who gave no `onError`: never a silent failure
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
export function civitai(transport: Transport, { onError = logToConsole, ...options }: CivitaiOptions = {}): Civitai {
  noOthers<CivitaiOptions>("civitai", options, { onError, baseUrl: true, trustedHosts: true });
  const { baseUrl, trustedHosts } = checkedSite(options);
  const call = createCall(compose(transport, status({ classify: classifyCivitai })), baseUrl);
  const orNull = createOrNull(onError);
  const owner = me(call);
  const words = enums(call);
  const allTags = tags(call);
  return {
    baseUrl,
    trustedHosts,
    models: models(call, orNull, allTags, words),
    versions: versions(call, orNull, baseUrl),
    files: files(call),
    images: images(call),
    posts: posts(call),
    creators: creators(call),
    tags: allTags,
    users: users(call),
    collections: collections(call),
    articles: articles(call),
    vault: vault(call),
    permissions: permissions(call),
    enums: words,
    me: owner,
    checkKey: keyCheck(owner),
    elsewhere({ host }) {
      if (host === undefined || host === new URL(baseUrl).host || !trustedHosts.includes(host)) return undefined;
      return civitai(transport, { baseUrl: `https://${host}`, trustedHosts, onError });
    },
    orNull,
  };
}
