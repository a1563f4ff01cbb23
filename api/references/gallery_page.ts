import { civitaiHosts } from "../../transport/internal.ts";
import { defaultSite, type Site } from "../client/site.ts";

/**
 * The id of the image whose page an address is, such as `https://civitai.com/images/98780806`; undefined for any other text.
 *
 * @param text What was written.
 * @param site `baseUrl` and `trustedHosts`, whose pages are Civitai's too; a {@linkcode Civitai} will do.
 * @example
 * ```ts
 * import { galleryImageId } from "@civikit/civikit/api";
 *
 * console.log(galleryImageId("https://civitai.com/images/98780806?period=Week")); // 98780806
 * ```
 */
export function galleryImageId(
  text: string,
  { baseUrl = defaultSite.baseUrl, trustedHosts = defaultSite.trustedHosts }: Partial<Site> = {},
): number | undefined {
  const url = URL.parse(text.trim());
  const host = url?.host.replace(/\.$/, "").replace(/^www\./, "") ?? "";
  if (url === null || ![URL.parse(baseUrl)?.host, ...trustedHosts, ...civitaiHosts].includes(host)) return undefined;
  const id = /^\/images\/(\d{1,10})\/?$/.exec(url.pathname)?.[1];
  return id === undefined ? undefined : Number(id);
}
