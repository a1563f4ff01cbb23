import { type Civitai, imageUrl, sniffMedia } from "../../api/mod.ts";
import { pictureRequest } from "../../api/pictures/picture_request.ts";
import { isLoopback, readAtMost } from "../../transport/internal.ts";
import type { Transport } from "../../transport/mod.ts";

/** A picture as it is handed on. */
export interface PreviewImage {
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the bytes say they are. */
  readonly contentType: string;
}

const hosts = ["image.civitai.com", "imagecache.civitai.com"];
const largestBytes = 4 * 1024 ** 2;
const patienceMs = 20_000;

/** Whether a picture of the site can be there: nobody makes the service look anywhere else. */
function isSites(url: URL, { baseUrl }: Pick<Civitai, "baseUrl">): boolean {
  if (url.username !== "" || url.password !== "") return false;
  const isCdn = url.protocol === "https:" && url.port === "" && hosts.includes(url.hostname);
  const isOwn = isLoopback(baseUrl) && url.origin === new URL(baseUrl).origin && !url.pathname.startsWith("/api/");
  return isCdn || isOwn;
}

/**
 * Fetches a picture of the site, small and still, through the service's own stack.
 *
 * @returns Undefined for an address that is none of the site's pictures, and for what is no picture or too large.
 * @throws {CivikitError} When it cannot be fetched.
 */
export async function previewImage(
  text: string,
  api: Pick<Civitai, "baseUrl">,
  transport: Transport,
): Promise<PreviewImage | undefined> {
  const url = URL.parse(text);
  if (url === null || !isSites(url, api)) return undefined;
  const small = imageUrl(url.href, { width: 450, still: true });
  const response = await transport.fetch(pictureRequest(small, { signal: AbortSignal.timeout(patienceMs) }));
  if (!response.ok) {
    await response.body?.cancel();
    return undefined;
  }
  const bytes = await readAtMost(response, largestBytes);
  const media = bytes && sniffMedia(bytes);
  if (bytes === undefined || media?.kind !== "image") return undefined;
  return { bytes: bytes as Uint8Array<ArrayBuffer>, contentType: media.contentType };
}
