import { closeSync, existsSync, openSync, readSync, rmSync } from "node:fs";
import {
  ContentError,
  download,
  type DownloadOptions,
  redactUrl,
  renameDurably,
  type Transport,
  wrapDiskError,
} from "../../transport/mod.ts";
import type { CallOptions } from "../call.ts";
import { imageUrl, sniffMedia } from "../images/mod.ts";
import type { ModelImage } from "../types.ts";
import { sidecarPath } from "./names.ts";

const known = ["png", "jpg", "jpeg", "webp", "avif", "gif", "mp4", "webm"];

/** The preview beside a model file, whoever made it. */
export function findPreview(path: string): string | undefined {
  const endings = [...known.map((type) => `.preview.${type}`), ...known.map((type) => `.${type}`)];
  return endings.map((ending) => sidecarPath(path, ending)).find((candidate) => existsSync(candidate));
}

function startOf(path: string): Uint8Array {
  try {
    const file = openSync(path, "r"), bytes = new Uint8Array(64);
    try {
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw wrapDiskError(error, path, "reading");
  }
}

/** The picture that shows a model best: the first that is one; of a video, its still frame. */
function choose(images: readonly ModelImage[]): ModelImage | undefined {
  return images.find(({ type }) => (type ?? "image") === "image") ?? images.find(({ type }) => type === "video");
}

/**
 * Saves a model's first picture as `NAME.preview.<real type>`; the type is read from the bytes.
 *
 * @returns The path; undefined when there is nothing to show.
 */
export async function savePreview(
  transport: Transport,
  path: string,
  images: readonly ModelImage[],
  { asPng = false, signal }: CallOptions & { asPng?: boolean | undefined } = {},
): Promise<string | undefined> {
  const image = choose(images);
  if (image === undefined) return undefined;
  const temporary = sidecarPath(path, ".preview.new");
  const options: DownloadOptions = { signal, replace: true, digests: [] };
  const url = imageUrl(image.url, { width: 450, still: image.type === "video" });
  try {
    await download(transport, url, temporary, options);
    const media = sniffMedia(startOf(temporary));
    if (media === undefined || media.kind === "audio") {
      const shown = redactUrl(url);
      throw new ContentError(`saving a preview from "${shown}": no picture came`, {
        code: "unexpected_content",
        url: shown,
      });
    }
    const target = sidecarPath(path, `.preview.${asPng ? "png" : media.extension}`);
    renameDurably(temporary, target);
    return target;
  } finally {
    rmSync(temporary, { force: true });
  }
}
