/**
 * The gallery: images with real bytes of the types their names do not tell, made on the fly from their ids.
 *
 * @module
 */
import { crc32, deflateSync } from "node:zlib";

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

const text = new TextEncoder();

function joined(...parts: (Uint8Array | string | number[])[]): Uint8Array<ArrayBuffer> {
  const arrays = parts.map((part) =>
    typeof part === "string" ? Uint8Array.from(part, (c) => c.charCodeAt(0)) : Uint8Array.from(part)
  );
  const whole = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}

function u32(value: number, littleEndian = false): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, littleEndian);
  return bytes;
}

/** One chunk of a PNG. */
export function pngChunk(kind: string, data: Uint8Array): Uint8Array {
  const body = joined(kind, data);
  return joined(u32(data.length), body, u32(crc32(body)));
}

/** A text chunk of a PNG. */
export function pngText(name: string, value: string, how: "tEXt" | "iTXt" | "zTXt"): Uint8Array {
  const bytes = text.encode(value);
  if (how === "tEXt") return pngChunk("tEXt", joined(name, [0], bytes));
  if (how === "zTXt") return pngChunk("zTXt", joined(name, [0, 0], deflateSync(bytes)));
  return pngChunk("iTXt", joined(name, [0, 0, 0, 0, 0], bytes));
}

/** A valid PNG of one grey pixel with `texts` (name, text) in iTXt chunks; `zTXt` compresses them into that instead. */
export function png(
  texts: Readonly<Record<string, string>>,
  how: "tEXt" | "iTXt" | "zTXt" = "iTXt",
): Uint8Array<ArrayBuffer> {
  return pngOf(Object.entries(texts).map(([name, value]) => pngText(name, value, how)));
}

/** A valid PNG of one grey pixel with `chunks` before the pixels. */
export function pngOf(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const head = joined(u32(1), u32(1), [8, 0, 0, 0, 0]);
  return joined(
    "\x89PNG\r\n\x1a\n",
    pngChunk("IHDR", head),
    ...chunks,
    pngChunk("IDAT", deflateSync(new Uint8Array([0, 128]))),
    pngChunk("IEND", new Uint8Array()),
  );
}

/** An EXIF block with a UserComment, big-endian or little-endian. */
export function exif(comment: string, littleEndian = false): Uint8Array<ArrayBuffer> {
  const utf16 = new Uint8Array(comment.length * 2);
  const view = new DataView(utf16.buffer);
  for (let at = 0; at < comment.length; at++) view.setUint16(at * 2, comment.charCodeAt(at), littleEndian);
  const value = joined("UNICODE\0", utf16);
  const u16 = (number: number) => {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, number, littleEndian);
    return bytes;
  };
  const long = (number: number) => u32(number, littleEndian);
  const entry = (tag: number, type: number, count: number, data: number) =>
    joined(u16(tag), u16(type), long(count), long(data));
  return joined(
    littleEndian ? "II" : "MM",
    ...[u16(42), long(8), u16(1), entry(0x8769, 4, 1, 26), long(0)],
    ...[u16(1), entry(0x9286, 7, value.length, 44), long(0), value],
  );
}

/** As much of a JPEG as a reader of metadata looks at, with an EXIF comment. */
export function jpeg(comment: string): Uint8Array<ArrayBuffer> {
  const block = joined("Exif\0\0", exif(comment));
  const size = block.length + 2;
  return joined([0xff, 0xd8, 0xff, 0xe1, size >> 8, size & 255], block, [0xff, 0xda, 0, 2, 0, 0xff, 0xd9]);
}

/** The same for WebP. */
export function webp(comment: string): Uint8Array<ArrayBuffer> {
  const block = exif(comment, true);
  const chunk = joined("EXIF", u32(block.length, true), block, block.length % 2 ? [0] : []);
  return joined("RIFF", u32(chunk.length + 4, true), "WEBP", chunk);
}

/** The bytes of an image, filled up with noise to at least `size`. */
export function imageBytes({ id, kind }: Pick<GalleryEntry, "id" | "kind">, size = 0): Uint8Array<ArrayBuffer> {
  const made = {
    png: () => png({ parameters: parametersOf(id) }),
    jpeg: () => jpeg(parametersOf(id)),
    webp: () => webp(parametersOf(id)),
    gif: () => joined("GIF89a", u32(id)),
    avif: () => joined(u32(24), "ftypavif", u32(id), "avifmif1"),
    mp4: () => joined(u32(24), "ftypisom", u32(id), "isommp42"),
    webm: () => joined([0x1a, 0x45, 0xdf, 0xa3], "\x01\0\0\0\0\0\0\x1fB\x82\x84webm", u32(id)),
    mp3: () => joined("ID3\x04\0\0\0\0\0\0", [0xff, 0xfb], u32(id)),
  }[kind]();
  if (made.length >= size) return made;
  const whole = new Uint8Array(size).fill(id % 251);
  whole.set(made);
  return whole;
}
