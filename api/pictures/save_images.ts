import { closeSync, openSync, readdirSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, parse } from "node:path";
import {
  ensureFolder,
  isPlain,
  openFresh,
  readAtMost,
  redactUrl,
  shownInput,
  wholeWithin,
  wrapBodyError,
  wrapDiskError,
} from "../../transport/internal.ts";
import {
  CivikitError,
  ContentError,
  type DiskError,
  download,
  type DownloadOptions,
  isCode,
  safeFileName,
  type Transport,
} from "../../transport/mod.ts";
import { atOnce } from "../client/at_once.ts";
import { type Generation, generationOf, generationOfTexts } from "./generation.ts";
import { imageTexts } from "./image_texts.ts";
import { imageId, type ImageSize, imageUrl } from "./image_url.ts";
import { pictureRequest } from "./picture_request.ts";
import { type MediaType, sniffBytes, sniffMedia } from "./sniff_media.ts";

/** What is needed to save an image: any image of the API will do. */
export interface ImageSource {
  /** Names it; else the file name in `url` does. */
  id?: number | null;
  /** Where it is. */
  url: string;
  /** `image`, `video` or `audio`. */
  type?: string | null;
  /** Generation data. */
  meta?: Record<string, unknown> | null;
}

/** Settings of {@linkcode saveImages}. */
export interface SaveImagesOptions extends ImageSize {
  /** Images at once, 1 to 32 (5). */
  concurrency?: number;
  /** Gives everything up; what is finished stays. */
  signal?: AbortSignal | undefined;
  /** What to do with videos: save them, save a still picture, or leave them out (`save`). */
  videos?: "save" | "still" | "skip";
  /** Beside each image a `.json` with the image as the API sent it and how it was made; one that is there stays. */
  sidecar?: boolean;
  /** How large ones are fetched: see {@linkcode DownloadOptions}. The throttle holds for small ones, too. */
  download?: Pick<DownloadOptions, "maxAttempts" | "delayMs" | "resume" | "throttle">;
  /** The name without ending; the image's id if not given. Made safe. */
  name?: (image: ImageSource) => string;
}

/** What became of one image. */
export interface ImageOutcome<Image extends ImageSource = ImageSource> {
  /** The image as it was given. */
  readonly image: Image;
  /** `saved` now, `exists` from an earlier run, `skipped` as asked, or `failed`. */
  readonly state: "saved" | "exists" | "skipped" | "failed";
  /** Where it is. */
  readonly path?: string;
  /** Its size. */
  readonly bytes?: number;
  /** What its bytes say it is. */
  readonly media?: MediaType;
  /** How it was made: from the file, else from `meta`; only with `sidecar`. */
  readonly generation?: Generation | null;
  /** Why it failed. */
  readonly error?: unknown;
}

const endings = "png|jpeg|webp|gif|avif|mp4|webm|mp3";
const finished = new RegExp(`^(.+)\\.(?:${endings})$`);
/** Larger ones go the way of model files: in parts, resumable by another run. */
const largestInMemory = 4 * 1024 * 1024;
const unsniffed = ".download";
const unwritten = ".saving";

function notMedia(url: string, head: Uint8Array): ContentError {
  const shown = redactUrl(url);
  const text = shownInput(new TextDecoder().decode(head.subarray(0, sniffBytes)));
  return new ContentError(`saving image "${shown}": no picture, video or sound came: ${text}`, {
    code: "unexpected_content",
    url: shown,
  });
}

function unpacksTooFar(url: string): ContentError {
  const shown = redactUrl(url);
  return new ContentError(`saving image "${shown}": a coded answer becomes more than ${largestInMemory} bytes`, {
    code: "unexpected_content",
    url: shown,
  });
}

function diskFailure(error: unknown, path: string): CivikitError | DiskError {
  return error instanceof CivikitError ? error : wrapDiskError(error, path, "saving image");
}

function writeFresh(path: string, bytes: Uint8Array): void {
  const file = openFresh(path);
  try {
    writeFileSync(file, bytes);
  } finally {
    closeSync(file);
  }
}

function headOf(path: string): Uint8Array {
  const bytes = new Uint8Array(largestInMemory);
  const file = openSync(path, "r");
  try {
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** Lets whoever waits have a turn: Ctrl-C, another picture. */
async function yieldTurn(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
}

/** Fetches to memory; undefined when it is too large for that. */
async function fetchSmall(transport: Transport, url: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const response = await transport.fetch(pictureRequest(url, { signal }));
  if (!response.ok) {
    response.body?.cancel().catch(() => {});
    return undefined; // the longer way says why
  }
  try {
    const bytes = await readAtMost(response, largestInMemory);
    // pictures are compressed as they are: nobody honest sends a large one coded once more
    if (bytes === undefined && !isPlain(response.headers)) throw unpacksTooFar(url);
    return bytes;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof CivikitError ? error : wrapBodyError(error, url);
  }
}

/**
 * Saves images to a folder, a few at once: each id once, those of an earlier run left alone, the ending by what the bytes
 * are, never half a file under a final name. One that fails stops no other.
 *
 * @param transport What fetches; the same stack as for everything else.
 * @param images Images of the gallery or of versions, also as they come from a list.
 * @param folder Where to; made when missing.
 * @param options See {@linkcode SaveImagesOptions} and {@linkcode ImageSize}.
 * @returns Outcomes as they come.
 * @throws {RangeError} When an option is out of range.
 * @throws {DiskError} When the folder cannot be made or read.
 * @throws Whatever `images` throws, and the reason of `signal`.
 * @example
 * ```ts
 * import { saveImages } from "@civikit/civikit/api";
 *
 * const folder = await Deno.makeTempDir();
 * const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
 * const transport = { fetch: () => Promise.resolve(new Response(png, { headers: { "content-length": "8" } })) };
 * const images = [{ id: 7, url: "https://image.civitai.com/bucket/uuid/original=true/7.jpeg" }];
 * for await (const { state, path } of saveImages(transport, images, folder)) console.log(state, path); // saved .../7.png
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function* saveImages<Image extends ImageSource>(
  transport: Transport,
  images: Iterable<Image> | AsyncIterable<Image>,
  folder: string,
  { concurrency = 5, signal, videos = "save", sidecar = false, name, download: how = {}, ...size }: SaveImagesOptions =
    {},
): AsyncGenerator<ImageOutcome<Image>, void, undefined> {
  wholeWithin("concurrency", concurrency, 1, 32);
  ensureFolder(folder);
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const there = new Map(
    readdirSync(folder).flatMap((file) => {
      const base = finished.exec(file)?.[1];
      return base === undefined ? [] : [[base, file] as const];
    }),
  );
  const taken = new Set<string>();

  function baseOf(image: Image): string {
    const id = imageId(image);
    const path = URL.parse(image.url)?.pathname ?? "";
    const fallback = id === undefined ? parse(path).name : String(id);
    return safeFileName(name?.(image) ?? fallback, { fallback, maxBytes: 200 });
  }

  function finish(base: string, bytes: Uint8Array, from: string, url: string): { path: string; media: MediaType } {
    const media = sniffMedia(bytes);
    if (media === undefined) {
      rmSync(from, { force: true });
      throw notMedia(url, bytes);
    }
    const path = join(folder, `${base}.${media.extension}`);
    renameSync(from, path);
    return { path, media };
  }

  function writeSidecar(image: Image, base: string, head: Uint8Array, file: string): Generation | null {
    const texts = imageTexts(head);
    const generation = generationOfTexts(texts) ?? generationOf(image);
    const content = JSON.stringify({ id: imageId(image) ?? null, file, generation, texts, image }, null, 2);
    try {
      writeFileSync(join(folder, `${base}.json`), `${content}\n`, { flag: "wx" });
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
    return generation;
  }

  async function save(image: Image, base: string): Promise<ImageOutcome<Image>> {
    const isVideo = image.type === "video";
    if (isVideo && videos === "skip") return { image, state: "skipped" };
    const known = there.get(base);
    if (known !== undefined) return { image, state: "exists", path: join(folder, known) };
    const isStill = isVideo && videos === "still";
    const wanted = isStill ? { ...size, still: true } : size;
    const url = Object.keys(wanted).length === 0 ? image.url : imageUrl(image.url, wanted);
    const isLarge = isVideo && !isStill && Object.keys(size).length === 0;
    let head = isLarge ? undefined : await fetchSmall(transport, url, either);
    let bytes = head?.byteLength ?? 0;
    await how.throttle?.take(bytes, either);
    // reading the texts of a sidecar takes its time; once a picture has its name, the sidecar has to follow
    if (sidecar) await yieldTurn(either);
    const temporary = join(folder, `${base}${head === undefined ? unsniffed : unwritten}`);
    try {
      if (head === undefined) {
        // a finished one has not got its ending yet: an earlier run was ended just then
        const result = await download(transport, url, temporary, { ...how, signal: either, verify: false }).catch(
          (error) => {
            if (!isCode(error, "target_exists")) throw error;
          },
        );
        head = headOf(temporary);
        bytes = result?.bytes ?? Deno.statSync(temporary).size;
      } else writeFresh(temporary, head);
      const { path, media } = finish(base, head, temporary, url);
      const generation = sidecar ? writeSidecar(image, base, head, parse(path).base) : undefined;
      return { image, state: "saved", path, bytes, media, ...(generation !== undefined && { generation }) };
    } catch (error) {
      if (either.aborted) throw either.reason;
      throw diskFailure(error, temporary);
    }
  }

  async function outcome(image: Image): Promise<ImageOutcome<Image> | undefined> {
    const base = baseOf(image);
    const key = base.toLowerCase();
    if (taken.has(key)) return undefined;
    taken.add(key);
    try {
      return await save(image, base);
    } catch (error) {
      if (either.aborted) throw either.reason;
      return { image, state: "failed", error };
    }
  }

  yield* atOnce(images, concurrency, stop, outcome);
}
