/**
 * Small pictures with what image generators write into them: PNG text chunks, EXIF comments in JPEG, WebP and AVIF.
 *
 * @module
 */
import { crc32, deflateSync } from "node:zlib";

const text = new TextEncoder();

/** Bytes after one another; a string gives the code of each character. */
export function bytesOf(...parts: (Uint8Array | string | number[])[]): Uint8Array<ArrayBuffer> {
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

/** Four bytes. */
export function u32(value: number, littleEndian = false): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, littleEndian);
  return bytes;
}

/** One chunk of a PNG. */
export function pngChunk(kind: string, data: Uint8Array): Uint8Array {
  const body = bytesOf(kind, data);
  return bytesOf(u32(data.length), body, u32(crc32(body)));
}

/** A text chunk of a PNG. */
export function pngText(name: string, value: string, how: "tEXt" | "iTXt" | "zTXt"): Uint8Array {
  const bytes = text.encode(value);
  if (how === "tEXt") return pngChunk("tEXt", bytesOf(name, [0], bytes));
  if (how === "zTXt") return pngChunk("zTXt", bytesOf(name, [0, 0], deflateSync(bytes)));
  return pngChunk("iTXt", bytesOf(name, [0, 0, 0, 0, 0], bytes));
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
  const head = bytesOf(u32(1), u32(1), [8, 0, 0, 0, 0]);
  return bytesOf(
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
  const value = bytesOf("UNICODE\0", utf16);
  const u16 = (number: number) => {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, number, littleEndian);
    return bytes;
  };
  const long = (number: number) => u32(number, littleEndian);
  const entry = (tag: number, type: number, count: number, data: number) =>
    bytesOf(u16(tag), u16(type), long(count), long(data));
  return bytesOf(
    littleEndian ? "II" : "MM",
    ...[u16(42), long(8), u16(1), entry(0x8769, 4, 1, 26), long(0)],
    ...[u16(1), entry(0x9286, 7, value.length, 44), long(0), value],
  );
}

/** Tables and data of a grey JPEG of 8 by 8 pixels, from its first table to its end. */
const greyJpeg =
  "/9sAQwAUDg8SDw0UEhASFxUUGB4yIR4cHB49LC4kMklATEtHQEZFUFpzYlBVbVZFRmSIZW13e4GCgU5gjZeMfZZzfoF8/8AACwgA" +
  "CAAIAQERAP/EABQAAQAAAAAAAAAAAAAAAAAAAAD/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AD//2Q==";

/** The same picture in WebP, lossless: the one chunk that holds it. */
const greyWebp = "VlA4TBEAAAAvB8ABAAdQwAIWsP+BiOh/AAA=";

/** A valid grey JPEG of 8 by 8 pixels with an EXIF comment. */
export function jpeg(comment: string): Uint8Array<ArrayBuffer> {
  const block = bytesOf("Exif\0\0", exif(comment));
  const size = block.length + 2;
  return bytesOf([0xff, 0xd8, 0xff, 0xe1, size >> 8, size & 255], block, Uint8Array.fromBase64(greyJpeg));
}

/** A valid grey WebP of 8 by 8 pixels with an EXIF comment (WebP container specification, extended file format). */
export function webp(comment: string): Uint8Array<ArrayBuffer> {
  const block = exif(comment, true);
  const chunk = bytesOf("EXIF", u32(block.length, true), block, block.length % 2 ? [0] : []);
  const hasExif = 0x08;
  const head = bytesOf("VP8X", u32(10, true), [hasExif, 0, 0, 0, 7, 0, 0, 7, 0, 0]);
  const image = Uint8Array.fromBase64(greyWebp);
  return bytesOf("RIFF", u32(4 + head.length + image.length + chunk.length, true), "WEBP", head, image, chunk);
}

/** What a browser needs to show a grey AVIF of 8 by 8 pixels is left out: the boxes that say where its EXIF comment lies. */
export function avif(comment: string): Uint8Array<ArrayBuffer> {
  const block = bytesOf(u32(0), exif(comment));
  const box = (kind: string, ...body: (Uint8Array | string | number[])[]) => {
    const whole = bytesOf(...body);
    return bytesOf(u32(whole.length + 8), kind, whole);
  };
  const head = box("ftyp", "avif", u32(0), "avifmif1");
  const info = box("infe", [2, 0, 0, 0, 0, 2, 0, 0], "Exif", [0]);
  const list = box("iinf", u32(0), [0, 1], info);
  const place = (at: number) => box("iloc", u32(0), [0x44, 0x00, 0, 1, 0, 2, 0, 0, 0, 1], u32(at), u32(block.length));
  const meta = (at: number) => box("meta", u32(0), list, place(at));
  return bytesOf(head, meta(head.length + meta(0).length + 8), box("mdat", block));
}

/** A valid GIF of one grey pixel with a comment. */
export function gif(comment: Uint8Array): Uint8Array<ArrayBuffer> {
  const screen = [1, 0, 1, 0, 0x80, 0, 0, 128, 128, 128, 255, 255, 255];
  const pixel = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b];
  return bytesOf("GIF89a", screen, [0x21, 0xfe, comment.length], comment, [0], pixel);
}
