import { byteText } from "./byte_text.ts";

/** What the first bytes of a file say it is. */
export interface MediaType {
  /** The class. */
  kind: "image" | "video" | "audio";
  /** The usual ending, without a dot. */
  extension: "png" | "jpeg" | "webp" | "gif" | "avif" | "mp4" | "webm" | "mp3";
  /** The type in headers. */
  contentType: string;
}

/** Bytes that are enough for {@linkcode sniffMedia}. */
export const sniffBytes = 64;

const media = (kind: MediaType["kind"], extension: MediaType["extension"], contentType: string): MediaType => {
  return { kind, extension, contentType };
};
const png = media("image", "png", "image/png");
const jpeg = media("image", "jpeg", "image/jpeg");
const webp = media("image", "webp", "image/webp");
const gif = media("image", "gif", "image/gif");
const avif = media("image", "avif", "image/avif");
const mp4 = media("video", "mp4", "video/mp4");
const webm = media("video", "webm", "video/webm");
const mp3 = media("audio", "mp3", "audio/mpeg");

/**
 * Tells what a file is by its first bytes, whatever its name says: PNG, JPEG, WebP, GIF, AVIF, MP4, WebM or MP3.
 *
 * @param bytes The beginning of the file; 64 bytes are enough.
 * @returns Undefined for anything else, web pages among them.
 * @example
 * ```ts
 * import { sniffMedia } from "@civikit/civikit/api";
 *
 * console.log(sniffMedia(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))?.extension); // jpeg
 * ```
 */
export function sniffMedia(bytes: Uint8Array): MediaType | undefined {
  const head = byteText(bytes.subarray(0, sniffBytes));
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return png;
  if (head.startsWith("\xff\xd8\xff")) return jpeg;
  if (/^GIF8[79]a/.test(head)) return gif;
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return webp;
  if (head.slice(4, 8) === "ftyp") return /avi[fs]/.test(head.slice(8)) ? avif : mp4;
  if (head.startsWith("\x1aE\xdf\xa3")) return head.includes("webm") ? webm : undefined;
  // a tag before the sound, or a frame of MPEG layer III
  if (head.startsWith("ID3") || /^\xff[\xe2\xe3\xf2\xf3\xfa\xfb]/.test(head)) return mp3;
  return undefined;
}
