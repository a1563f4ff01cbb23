import { wholeWithin } from "../../transport/internal.ts";

/** How the image CDN is to hand an image out. */
export interface ImageSize {
  /** Width in pixels, up to 1800; the CDN has 96, 320, 450, 512, 800, 1200 and 1600, and the next larger is taken. */
  width?: number;
  /** Height in pixels, up to 1000. */
  height?: number;
  /** Quality of a re-coded image, 1 to 100. */
  quality?: number;
  /** How an image fits into width and height, such as `cover`. */
  fit?: string;
  /** A still picture of a video. */
  still?: boolean;
  /** Re-coded for quick display. */
  optimized?: boolean;
}

const hosts = ["image.civitai.com", "imagecache.civitai.com"];
const widths = [96, 320, 450, 512, 800, 1200, 1600];
const largestWidth = 1800;
const largestHeight = 1000;

function whole(name: string, value: number | undefined, most: number): number | undefined {
  if (value !== undefined) wholeWithin(name, value, 1, most);
  return value;
}

/** Whether `url` has the CDN's shape: bucket, image, options, name. Loopback stands for it in tests. */
function partsOf(url: URL): string[] | undefined {
  const parts = url.pathname.split("/").slice(1);
  const isImage = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(parts[1] ?? "");
  return isImage && (hosts.includes(url.hostname) || url.hostname === "127.0.0.1") ? parts : undefined;
}

/**
 * The same image in another size, as a still, or (without options) as it was uploaded: the CDN takes its options from the
 * URL's path. URLs of other hosts, such as old avatars, come back unchanged.
 *
 * @param url An image's `url`.
 * @param size See {@linkcode ImageSize}.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { imageUrl } from "@civikit/civikit/api";
 *
 * const image = "https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA/13744eea-8388-41c5-9f34-2fb155df2bea/original=true/1.jpeg";
 * console.log(imageUrl(image, { width: 400, still: true }));
 * // https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA/13744eea-8388-41c5-9f34-2fb155df2bea/width=450,anim=false/1.jpeg
 * ```
 */
export function imageUrl(url: string, { width, height, quality, fit, still, optimized }: ImageSize = {}): string {
  whole("width", width, largestWidth);
  if (fit !== undefined && !/^[a-z-]{1,20}$/.test(fit)) throw new RangeError(`option fit: a word is due, got "${fit}"`);
  const parsed = URL.parse(url);
  const parts = parsed && partsOf(parsed);
  if (!parsed || !parts) return url;
  const options = {
    width: width === undefined ? undefined : widths.find((step) => step >= width) ?? largestWidth,
    height: whole("height", height, largestHeight),
    quality: whole("quality", quality, 100),
    fit,
    anim: still ? false : undefined,
    optimized: optimized || undefined,
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined).map((pair) => pair.join("="));
  const [bucket, id, ...rest] = parts;
  const last = rest.at(-1);
  const name = last === undefined || last === "" || last.includes("=") ? `${id}.jpeg` : last;
  return `${parsed.origin}/${bucket}/${id}/${given.length === 0 ? "original=true" : given.join(",")}/${name}`;
}

/**
 * The id of an image, from its own field or from its URL, where the file name is the id; undefined when neither tells.
 *
 * @example
 * ```ts
 * import { imageId } from "@civikit/civikit/api";
 *
 * console.log(imageId({ url: "https://image.civitai.com/bucket/uuid/width=450/23868.jpeg" })); // 23868
 * ```
 */
export function imageId({ id, url }: { id?: number | null; url: string }): number | undefined {
  if (typeof id === "number") return id;
  const name = /\/(\d{1,15})(?:\.\w+)?$/.exec(URL.parse(url)?.pathname ?? "")?.[1];
  return name === undefined ? undefined : Number(name);
}
