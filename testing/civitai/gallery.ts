/**
 * The gallery: images with real bytes of the types their names do not tell, made on the fly from their ids.
 *
 * @module
 */
import { landscape } from "../files/landscape.ts";
import { bytesOf, gif, jpeg, pngText, u32, webp } from "../files/pictures.ts";

/** What an image really is, by the last digit of its id. */
const kinds = ["png", "jpeg", "webp", "gif", "avif", "png", "jpeg", "mp4", "webm", "mp3"] as const;

/** One image of the gallery. */
export interface GalleryEntry {
  readonly id: number;
  readonly uuid: string;
  readonly kind: typeof kinds[number];
  readonly postId: number;
  readonly modelVersionId: number;
  readonly modelId: number;
  readonly username: string | number;
  /** Bit mask. */
  readonly browsingLevel: number;
}

/** The prompt in every image that can carry one. */
export const galleryPrompt = "a paper lantern by the harbour, 夜";

/** The parameters text of image `id`. */
export function parametersOf(id: number): string {
  return `${galleryPrompt}\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: ${id}, Size: 512x768, ` +
    `Model hash: 0123456789, Model: harbourMix, Clip skip: 2, Version: v1.10.1`;
}

/** `count` images, ids from 7000000. */
export function gallery(count: number): readonly GalleryEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const id = 7_000_000 + index;
    const digits = String(id).padStart(12, "0");
    return {
      ...{ id, uuid: `00000000-0000-4000-8000-${digits}`, kind: kinds[id % 10]!, postId: 800 + Math.floor(index / 5) },
      ...{ modelId: 1001, modelVersionId: index % 2 === 0 ? 2001 : 2002, browsingLevel: index % 7 === 6 ? 8 : 1 },
      username: index % 11 === 10 ? 12345 : "lamplighter",
    };
  });
}

/** The bytes of an image, filled up with noise to at least `size`. */
export function imageBytes({ id, kind }: Pick<GalleryEntry, "id" | "kind">, size = 0): Uint8Array<ArrayBuffer> {
  const made = {
    png: () => landscape(id, [pngText("parameters", parametersOf(id), "iTXt")]),
    jpeg: () => jpeg(parametersOf(id)),
    webp: () => webp(parametersOf(id)),
    gif: () => gif(u32(id)),
    avif: () => bytesOf(u32(24), "ftypavif", u32(id), "avifmif1"),
    mp4: () => bytesOf(u32(24), "ftypisom", u32(id), "isommp42"),
    webm: () => bytesOf([0x1a, 0x45, 0xdf, 0xa3], "\x01\0\0\0\0\0\0\x1fB\x82\x84webm", u32(id)),
    mp3: () => bytesOf("ID3\x04\0\0\0\0\0\0", [0xff, 0xfb], u32(id)),
  }[kind]();
  if (made.length >= size) return made;
  const whole = new Uint8Array(size).fill(id % 251);
  whole.set(made);
  return whole;
}
