/**
 * The hashes Civitai shows for a file, computed for real in one pass and remembered.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { createBLAKE3 } from "hash-wasm";
import { type Content, pieces } from "../origin/content.ts";

/** Hashes as the API names and writes them: hex, upper case. */
export type FileHashes = Record<string, string>;

const known = new WeakMap<Content, Promise<FileHashes>>();

/** All hashes of `content`; `headerBytes` is what AutoV3 leaves out, undefined for files that are not safetensors. */
export function hashesOf(content: Content, headerBytes: number | undefined): Promise<FileHashes> {
  const hashes = known.get(content) ?? compute(content, headerBytes);
  known.set(content, hashes);
  return hashes;
}

async function compute(content: Content, headerBytes: number | undefined): Promise<FileHashes> {
  const sha256 = createHash("sha256");
  const withoutHeader = createHash("sha256");
  const blake3 = await createBLAKE3();
  blake3.init();
  let crc = 0;
  let at = 0;
  for (const piece of pieces(content)) {
    sha256.update(piece);
    blake3.update(piece);
    crc = crc32(piece, crc);
    if (headerBytes !== undefined) withoutHeader.update(piece.subarray(Math.max(0, headerBytes - at)));
    at += piece.length;
    // a big file must not keep the server from answering
    if (at % (16 * 1024 ** 2) === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  const whole = sha256.digest("hex").toUpperCase();
  const hashes: FileHashes = { AutoV2: whole.slice(0, 10), SHA256: whole };
  if (content.size >= 2 * 1024 ** 2) {
    const sample = createHash("sha256").update(content.read(0x100000, 65536)).digest("hex");
    hashes["AutoV1"] = sample.slice(0, 8).toUpperCase();
  }
  const bytes = crc.toString(16).padStart(8, "0").toUpperCase().match(/../g)!;
  hashes["CRC32"] = bytes.reverse().join("");
  hashes["BLAKE3"] = blake3.digest("hex").toUpperCase();
  if (headerBytes !== undefined) hashes["AutoV3"] = withoutHeader.digest("hex").slice(0, 12).toUpperCase();
  return hashes;
}
