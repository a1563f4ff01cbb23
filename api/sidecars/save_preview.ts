import { closeSync, existsSync, openSync, readSync, rmSync } from "node:fs";
import { redactUrl, renameDurably, wrapDiskError } from "../../transport/internal.ts";
import { ContentError, download, type DownloadOptions, HttpError, type Transport } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { imageUrl } from "../pictures/image_url.ts";
import { pictureRequest } from "../pictures/picture_request.ts";
import { sniffMedia } from "../pictures/sniff_media.ts";
import type { ModelImage } from "../resources/version_parts.ts";
import { sidecarPath } from "./names.ts";

const known = ["png", "jpg", "jpeg", "webp", "avif", "gif", "mp4", "webm"];

/** The preview beside a model file, whoever made it. */
export function findPreview(path: string): string | undefined {
  const endings = [...known.map((type) => `.preview.${type}`), ...known.map((type) => `.${type}`)];
  return endings.map((ending) => sidecarPath(path, ending)).find((candidate) => existsSync(candidate));
}

function startOf(path: string): Uint8Array {
  try {
    const file = openSync(path, "r");
    const bytes = new Uint8Array(64);
    try {
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw wrapDiskError(error, path, "reading");
  }
}

/** Pictures tried at most: where so many cannot be had, the next one cannot either. */
const mostTried = 5;

/** One way to get a preview. */
interface Candidate {
  readonly url: string;
  /** Whether a video will do where no picture comes. */
  readonly takesVideo: boolean;
}

const pictureOf = (url: string): Candidate => ({ url: imageUrl(url, { width: 450 }), takesVideo: false });
const stillOf = (url: string): Candidate => ({ url: imageUrl(url, { width: 450, still: true }), takesVideo: true });

/** The pictures of a model in the order in which they show it best: images, then still frames of videos. */
function candidatesOf(images: readonly ModelImage[]): Candidate[] {
  const urlsOf = (kind: string) => images.filter(({ type }) => (type ?? "image") === kind).map(({ url }) => url);
  return [...urlsOf("image").map(pictureOf), ...urlsOf("video").map(stillOf)];
}

function noPicture(url: string): ContentError {
  const shown = redactUrl(url);
  return new ContentError(`saving a preview from "${shown}": no picture came`, {
    code: "unexpected_content",
    url: shown,
  });
}

/** Tells whether another picture may well be had where this one could not. */
const isOfThisOne = (error: unknown) => error instanceof HttpError || error instanceof ContentError;

/**
 * Saves a model's first picture as `NAME.preview.<real type>`; the type is read from the bytes. What cannot be had, or
 * turns out to be no picture, is passed over for the next one; videos come last.
 *
 * @returns The path; undefined when there is nothing to show.
 */
export async function savePreview(
  transport: Transport,
  path: string,
  images: readonly ModelImage[],
  { asPng = false, signal }: CallOptions & { asPng?: boolean | undefined } = {},
): Promise<string | undefined> {
  const temporary = sidecarPath(path, ".preview.new");
  const options: DownloadOptions = { signal, replace: true, digests: [] };
  const candidates = candidatesOf(images).slice(0, mostTried);
  let failure: unknown;
  try {
    // a video that was called an image is tried once more, as its still frame, behind the others
    for (const { url, takesVideo } of candidates) {
      try {
        await download(transport, pictureRequest(url), temporary, options);
        const media = sniffMedia(startOf(temporary));
        if (media?.kind === "image" || takesVideo && media?.kind === "video") {
          const target = sidecarPath(path, `.preview.${asPng ? "png" : media.extension}`);
          renameDurably(temporary, target);
          return target;
        }
        if (media?.kind === "video") candidates.push(stillOf(url));
        throw noPicture(url);
      } catch (error) {
        if (signal?.aborted || !isOfThisOne(error)) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return undefined;
  } finally {
    rmSync(temporary, { force: true });
  }
}
