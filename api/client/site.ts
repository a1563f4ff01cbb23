import { readBaseUrl, redactUrl, trustedHosts } from "../../transport/internal.ts";

/** Where Civitai is. */
export interface Site {
  /** The origin (and path prefix, if any) asked for data and downloads, without a slash at the end. */
  readonly baseUrl: string;
  /** Host names whose page URLs are Civitai's, in lower case. */
  readonly trustedHosts: readonly string[];
}

/** The site as the world knows it. */
export const defaultSite: Site = { baseUrl: "https://civitai.com", trustedHosts };

/**
 * Fills in the defaults and checks what was given.
 *
 * @throws {TypeError} When `baseUrl` is no https or loopback URL, or a trusted host is no host name.
 */
export function checkedSite(
  { baseUrl = defaultSite.baseUrl, trustedHosts = defaultSite.trustedHosts }: Partial<Site>,
): Site {
  let url: string;
  try {
    url = readBaseUrl(baseUrl);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TypeError(`option baseUrl: ${JSON.stringify(redactUrl(baseUrl))}: ${error.message}`);
  }
  const hosts = trustedHosts.map((host) => {
    const name = URL.parse(`https://${host}`);
    if (name === null || name.host !== host.toLowerCase()) {
      throw new TypeError(`option trustedHosts: host names are due, got ${JSON.stringify(host)}`);
    }
    return name.host;
  });
  return { baseUrl: url, trustedHosts: hosts };
}
