import { Buffer } from "node:buffer";

/** Bytes as text, one character a byte (Latin-1); a TextDecoder of that name means windows-1252. */
export function byteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
