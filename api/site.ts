import { isLoopback, redactUrl } from "../transport/mod.ts";

/** Where Civitai is. */
export interface Site {
  /** The origin (and path prefix, if any) asked for data and downloads, without a slash at the end. */
  readonly baseUrl: string;
  /** Host names whose page URLs are Civitai's, in lower case. */
  readonly trustedHosts: readonly string[];
}

/** The site as the world knows it. */
export const defaultSite: Site = { baseUrl: "https://civitai.com", trustedHosts: ["civitai.com", "civitai.red"] };

/**
 * Fills in the defaults and checks what was given.
 *
 * @throws {TypeError} When `baseUrl` is no https or loopback URL, or a trusted host is no host name.
 */
export function checkedSite(
  { baseUrl = defaultSite.baseUrl, trustedHosts = defaultSite.trustedHosts }: Partial<Site>,
): Site {
  const url = URL.parse(baseUrl);
  const isSafe = url !== null && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.href)));
  if (!isSafe || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError(
      `option baseUrl: an https or loopback URL without query is due, got ${JSON.stringify(redactUrl(baseUrl))}`,
    );
  }
  const hosts = trustedHosts.map((host) => {
    const name = URL.parse(`https://${host}`);
    if (name === null || name.host !== host.toLowerCase()) {
      throw new TypeError(`option trustedHosts: host names are due, got ${JSON.stringify(host)}`);
    }
    return name.host;
  });
  return { baseUrl: url.origin + url.pathname.replace(/\/+$/, ""), trustedHosts: hosts };
}
