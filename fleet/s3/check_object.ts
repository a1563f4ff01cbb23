import { VerificationError } from "../../transport/mod.ts";
import type { StoredFile } from "../file_store.ts";
import type { S3Head } from "./s3_calls.ts";

/** Bytes in hex as S3 writes them: in base64. */
export const base64 = (hex: string): string => Uint8Array.fromHex(hex).toBase64();

/** The other way round; what is no base64 stays as it is. */
function hexOf(text: string): string {
  try {
    return Uint8Array.fromBase64(text).toHex();
  } catch {
    return text;
  }
}

/** A CRC-32 as S3 writes it: its four bytes in base64. */
export function crcText(crc: number): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, crc);
  return bytes.toBase64();
}

/** The error of a file, or of what is stored, that is not what it is to be. */
function wrong(
  algorithm: string,
  expected: string,
  actual: string,
  path: string,
  isStored: boolean,
): VerificationError {
  const code = algorithm === "size" ? "size_mismatch" : "hash_mismatch";
  const [action, of] = isStored ? ["looking at", "what is stored there"] : ["storing", "the file"];
  const message = `${action} ${JSON.stringify(path)}: ${algorithm} of ${of} is ${actual}, not ${expected}`;
  return new VerificationError(message, { code, algorithm, expected, actual, path });
}

/** The error of a file at `path` that is not what is to be stored. */
export function wrongFile(algorithm: string, expected: string, actual: string, path: string): VerificationError {
  return wrong(algorithm, expected, actual, path, false);
}

/** The error of what is stored at `url` and is not what it is to be. */
export function wrongObject(algorithm: string, expected: string, actual: string, url: string): VerificationError {
  return wrong(algorithm, expected, actual, url, true);
}

/** What is under a key has to be what belongs there; whether a checksum of the whole says so. */
export function checkHead(url: string, head: S3Head, { sha256, bytes }: StoredFile, crc?: string): boolean {
  const fail = (algorithm: string, expected: string, actual: string) => {
    throw wrongObject(algorithm, expected, actual, url);
  };
  if (bytes !== undefined && head.bytes !== bytes) fail("size", String(bytes), String(head.bytes));
  const named = head.meta["sha256"]?.toLowerCase();
  if (named !== undefined && named !== sha256) fail("SHA256", sha256, named);
  if (head.sha256 !== undefined && head.sha256 !== base64(sha256)) {
    fail("SHA256", sha256, hexOf(head.sha256));
  }
  if (crc !== undefined && head.crc32 !== undefined && head.crc32 !== crc) fail("CRC32", crc, head.crc32);
  return head.sha256 !== undefined || crc !== undefined && head.crc32 !== undefined;
}
