import { civitaiHosts, isSecretName } from "../../transport/internal.ts";

/** The part of the cache's options that says what Civitai's answers are. */
export interface CivitaiPolicy {
  /** Whether an answer that names no freshness is everyone's, so that the default lifetime holds. */
  isPublic: (request: Request, response: Response) => boolean;
  /** Whether an answer is worth keeping, and harmless to keep. */
  shouldStore: (request: Request, response: Response) => boolean;
}

/** Options of {@linkcode civitaiPolicy}. */
export interface CivitaiPolicyOptions {
  /** Hosts of the API. Default civitai.com, civitai.red, civitai.green, and api.civitai.com. */
  hosts?: readonly string[];
}

/** Routes that answer everybody alike, with or without a key. */
const publicRoute =
  /^\/api\/v1\/(?:models\/\d+|model-versions\/by-hash\/\w+|images|creators|tags|users|collections|articles|permissions\/check|enums)\/?$/;
const downloadRoute = /^\/api\/download\//;

/** A key or a signature, or what looks like one. */
function hasSecret(url: string): boolean {
  return [...new URL(url).searchParams.keys()].some((name) => isSecretName(name, "query"));
}

/**
 * What the cache has to know about Civitai: only good answers are kept, JSON of the API and pictures and videos from
 * anywhere. Downloads, parts of files, HTML where JSON is due (login and error pages), and URLs with a key or a signature in
 * them are not.
 *
 * @param options See {@linkcode CivitaiPolicyOptions}.
 * @example
 * ```ts
 * import { civitaiPolicy } from "@civikit/civikit/api";
 * import { httpCache, memoryStore } from "@civikit/civikit/cache";
 *
 * const layer = httpCache({ store: memoryStore(), ...civitaiPolicy() });
 * console.log(typeof layer); // function
 * ```
 */
export function civitaiPolicy({ hosts = civitaiHosts }: CivitaiPolicyOptions = {}): CivitaiPolicy {
  const known = new Set(hosts);
  return {
    isPublic(request) {
      const { hostname, host, pathname } = new URL(request.url);
      return (known.has(hostname) || known.has(host)) && publicRoute.test(pathname);
    },
    shouldStore(request, response) {
      if (response.status !== 200 || request.headers.has("range") || hasSecret(request.url)) return false;
      if (/^\s*attachment/i.test(response.headers.get("content-disposition") ?? "")) return false;
      const type = response.headers.get("content-type") ?? "";
      if (/^(?:image|video)\//i.test(type)) return true;
      return /[/+]json\b/i.test(type) && !downloadRoute.test(new URL(request.url).pathname);
    },
  };
}
