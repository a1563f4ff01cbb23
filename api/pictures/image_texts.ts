import { inflateSync } from "node:zlib";
import { exifOfAvif } from "./avif.ts";
import { byteText } from "./byte_text.ts";
import { FoundTexts } from "./found_texts.ts";
import { sniffMedia } from "./sniff_media.ts";
import { readExif } from "./tiff.ts";

const utf8 = new TextDecoder();

function inflate(bytes: Uint8Array, maxOutputLength: number): Uint8Array | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength });
  } catch {
    return undefined; // broken, or larger than any honest text
  }
}

function until(bytes: Uint8Array, from: number): number {
  const end = bytes.indexOf(0, from);
  return end === -1 ? bytes.length : end;
}

/** One text chunk (PNG, section 11.3.3): tEXt, zTXt or iTXt. */
function readText(kind: string, data: Uint8Array, found: FoundTexts): void {
  const end = until(data, 0);
  const name = byteText(data.subarray(0, end));
  if (kind === "tEXt") return found.keep(name, data.subarray(end + 1), utf8OrLatin1);
  if (kind === "zTXt") return found.keepInflated(name, data.subarray(end + 2), inflate, utf8OrLatin1);
  const isCompressed = data[end + 1] === 1;
  const language = until(data, end + 3);
  const keyword = until(data, language + 1);
  const rest = data.subarray(keyword + 1);
  const decode = (bytes: Uint8Array) => utf8.decode(bytes);
  if (isCompressed) found.keepInflated(name, rest, inflate, decode);
  else found.keep(name, rest, decode);
}

/** tEXt is Latin-1 by the book; many programs write UTF-8 all the same. */
function utf8OrLatin1(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return byteText(bytes);
  }
}

function readPng(bytes: Uint8Array, found: FoundTexts): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const kind = byteText(bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (data.length < length) break;
    if (kind === "tEXt" || kind === "zTXt" || kind === "iTXt") readText(kind, data, found);
    else if (kind === "eXIf") readExif(data, found);
    at += 12 + length;
  }
}

function readJpeg(bytes: Uint8Array, found: FoundTexts): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    const length = view.getUint16(at + 2);
    const data = bytes.subarray(at + 4, at + 2 + length);
    // after the start of scan there are only pixels
    if (marker === 0xda || length < 2) break;
    if (marker === 0xe1 && byteText(data.subarray(0, 4)) === "Exif") readExif(data, found);
    if (marker === 0xfe) found.keep("Comment", data, utf8OrLatin1);
    at += 2 + length;
  }
}

function readWebp(bytes: Uint8Array, found: FoundTexts): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length;) {
    const kind = byteText(bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    if (kind === "EXIF") readExif(bytes.subarray(at + 8, at + 8 + length), found);
    at += 8 + length + (length % 2);
  }
}

const readers: Readonly<Record<string, (bytes: Uint8Array, found: FoundTexts) => void>> = {
  png: readPng,
  jpeg: readJpeg,
  webp: readWebp,
  avif: (bytes, found) => exifOfAvif(bytes).forEach((block) => readExif(block, found)),
};

/**
 * The texts programs have written into a picture: text chunks of PNG, EXIF of PNG, JPEG, WebP and AVIF (`UserComment`,
 * `Make`, `Model`, ...), comments of JPEG. A file that breaks off gives what comes before. Of several texts with one name
 * the first is taken; what goes beyond 64 texts, or 16 MiB of text in all, is passed over.
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
  const found = new FoundTexts();
  readers[sniffMedia(bytes)?.extension ?? ""]?.(bytes, found);
  return found.texts;
}
