import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** The checksums S3 keeps that this server knows. */
export type ChecksumName = "SHA256" | "CRC32";

/** Their names. */
export const checksumNames: readonly ChecksumName[] = ["SHA256", "CRC32"];

/** The field that carries one. */
export function fieldOf(name: ChecksumName): string {
  return `x-amz-checksum-${name.toLowerCase()}`;
}

/** A checksum as S3 writes it, in base64. */
export function checksumOf(name: ChecksumName, bytes: Uint8Array): string {
  if (name === "SHA256") return createHash("sha256").update(bytes).digest("base64");
  const sum = new Uint8Array(4);
  new DataView(sum.buffer).setUint32(0, crc32(bytes));
  return sum.toBase64();
}

/** The checksum of an upload made of parts: of its parts' checksums, with their number behind a dash. */
export function compositeOf(name: ChecksumName, sums: readonly string[]): string {
  const all = sums.flatMap((sum) => [...Uint8Array.fromBase64(sum)]);
  return `${checksumOf(name, Uint8Array.from(all))}-${sums.length}`;
}
