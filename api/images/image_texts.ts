import { inflateSync } from "node:zlib";
import { byteText } from "./byte_text.ts";
import { sniffMedia } from "./sniff_media.ts";
import { exifTexts } from "./tiff.ts";

const longestText = 16 * 1024 * 1024;
const utf8 = new TextDecoder();

function inflate(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: longestText });
  } catch {
    return undefined; // broken, or larger than any honest text
  }
}

function until(bytes: Uint8Array, from: number): number {
  const end = bytes.indexOf(0, from);
  return end === -1 ? bytes.length : end;
}

/** One text chunk (PNG, section 11.3.3): tEXt, zTXt or iTXt. */
function pngText(kind: string, data: Uint8Array): [string, string] | undefined {
  const end = until(data, 0), name = byteText(data.subarray(0, end));
  if (kind === "tEXt") return [name, utf8OrLatin1(data.subarray(end + 1))];
  if (kind === "zTXt") {
    const text = inflate(data.subarray(end + 2));
    return text && [name, utf8OrLatin1(text)];
  }
  const isCompressed = data[end + 1] === 1, language = until(data, end + 3), keyword = until(data, language + 1);
  const rest = data.subarray(keyword + 1), text = isCompressed ? inflate(rest) : rest;
  return text && [name, utf8.decode(text)];
}

/** tEXt is Latin-1 by the book; many programs write UTF-8 all the same. */
function utf8OrLatin1(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return byteText(bytes);
  }
}

function pngTexts(bytes: Uint8Array): Record<string, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), texts: Record<string, string> = {};
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at), kind = byteText(bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (data.length < length) break;
    if (kind === "tEXt" || kind === "zTXt" || kind === "iTXt") {
      const pair = pngText(kind, data);
      if (pair) texts[pair[0]] ??= pair[1];
    } else if (kind === "eXIf") Object.assign(texts, exifTexts(data));
    at += 12 + length;
  }
  return texts;
}

function jpegTexts(bytes: Uint8Array): Record<string, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), texts: Record<string, string> = {};
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!, length = view.getUint16(at + 2), data = bytes.subarray(at + 4, at + 2 + length);
    // after the start of scan there are only pixels
    if (marker === 0xda || length < 2) break;
    if (marker === 0xe1 && byteText(data.subarray(0, 4)) === "Exif") Object.assign(texts, exifTexts(data));
    if (marker === 0xfe) texts["Comment"] ??= utf8OrLatin1(data);
    at += 2 + length;
  }
  return texts;
}

function webpTexts(bytes: Uint8Array): Record<string, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), texts: Record<string, string> = {};
  for (let at = 12; at + 8 <= bytes.length;) {
    const kind = byteText(bytes.subarray(at, at + 4)), length = view.getUint32(at + 4, true);
    if (kind === "EXIF") Object.assign(texts, exifTexts(bytes.subarray(at + 8, at + 8 + length)));
    at += 8 + length + (length % 2);
  }
  return texts;
}

/**
 * The texts programs have written into a picture: text chunks of PNG, EXIF of PNG, JPEG and WebP (`UserComment`, `Make`,
 * `Model`, ...), comments of JPEG. A file that breaks off gives what comes before.
 *
 * @param bytes The whole file, or as much of its beginning as there is.
 * @returns Texts by name; empty when there are none.
 * @example
 * ```ts
 * import { generationOfTexts, imageTexts } from "@civikit/civikit/api";
 *
 * console.log(generationOfTexts(imageTexts(new Uint8Array()))); // null
 * ```
 */
export function imageTexts(bytes: Uint8Array): Record<string, string> {
  switch (sniffMedia(bytes)?.extension) {
    case "png":
      return pngTexts(bytes);
    case "jpeg":
      return jpegTexts(bytes);
    case "webp":
      return webpTexts(bytes);
  }
  return {};
}
