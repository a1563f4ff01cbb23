import { byteText } from "./byte_text.ts";
import type { FoundTexts } from "./found_texts.ts";

const tags: Readonly<Record<number, string>> = {
  0x010e: "ImageDescription",
  0x010f: "Make",
  0x0110: "Model",
  0x0131: "Software",
  0x9286: "UserComment",
};
const exifFolder = 0x8769;
const asciiType = 2;
const mostEntries = 512;

/** UTF-16 in whatever order leaves more plain letters: writers do not keep to the block's own order. */
function utf16(bytes: Uint8Array): string {
  let high = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) high += Number(bytes[at] === 0) - Number(bytes[at + 1] === 0);
  return new TextDecoder(high > 0 ? "utf-16be" : "utf-16le").decode(bytes);
}

/** A comment: eight bytes name its characters (EXIF 2.3, section 4.6.5). */
function comment(bytes: Uint8Array): string {
  const charset = byteText(bytes.subarray(0, 8));
  const rest = bytes.subarray(8);
  if (charset.startsWith("UNICODE")) return utf16(rest);
  return new TextDecoder().decode(/^(?:ASCII|JIS|\0)/.test(charset) ? rest : bytes);
}

/** A text as it lies in a block, without the zeros that fill it up. */
function textOf(type: number, bytes: Uint8Array): string {
  const text = type === asciiType ? new TextDecoder().decode(bytes) : comment(bytes);
  let end = text.length;
  while (text[end - 1] === "\0") end--;
  return text.slice(0, end);
}

/**
 * Finds the texts in an EXIF block, which is a TIFF file without pictures: comment, description and what programs write
 * workflows into. What points outside the block is passed over.
 */
export function readExif(block: Uint8Array, found: FoundTexts): void {
  const bytes = byteText(block.subarray(0, 6)) === "Exif\0\0" ? block.subarray(6) : block;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) return;
  const little = view.getUint16(0) === 0x4949;
  const folders = new Set([view.getUint32(4, little)]);
  // a set gives what is added while it is walked, and everything once
  for (const start of folders) {
    if (!found.opensFolder()) return;
    if (start + 2 > bytes.length) continue;
    const count = Math.min(view.getUint16(start, little), mostEntries);
    for (let index = 0; index < count; index++) {
      const at = start + 2 + index * 12;
      if (at + 12 > bytes.length) break;
      const tag = view.getUint16(at, little);
      const type = view.getUint16(at + 2, little);
      const size = view.getUint32(at + 4, little);
      const value = view.getUint32(at + 8, little);
      if (tag === exifFolder) folders.add(value);
      const name = tags[tag];
      const place = size <= 4 ? at + 8 : value;
      if (name === undefined || place + size > bytes.length) continue;
      found.keep(name, bytes.subarray(place, place + size), (part) => textOf(type, part));
    }
  }
}
