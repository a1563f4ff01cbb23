import { createHash } from "node:crypto";
import type { ChecksumName } from "./checksums.ts";

/** An object as it is stored. */
export interface StoredObject {
  /** What is read of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** With its quotes. */
  readonly etag: string;
  /** `x-amz-meta-` fields, without that beginning. */
  readonly meta: Readonly<Record<string, string>>;
  /** Its checksums in base64, by name. */
  readonly sums: Readonly<Partial<Record<ChecksumName, string>>>;
  /** Whether a checksum is one of the whole; undefined where there is none. */
  readonly sumType: "FULL_OBJECT" | "COMPOSITE" | undefined;
  /** When it was put there, in milliseconds since the epoch. */
  readonly storedMs: number;
}

/** A part of an upload. */
export interface StoredPart {
  /** What it holds. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** With its quotes. */
  readonly etag: string;
  /** Its checksum in base64; undefined where the upload has none. */
  readonly sum: string | undefined;
  /** When it came, in milliseconds since the epoch. */
  readonly storedMs: number;
}

/** An upload under way. */
export interface S3Upload {
  /** Names it. */
  readonly id: string;
  /** What it will be. */
  readonly key: string;
  /** `x-amz-meta-` fields, without that beginning. */
  readonly meta: Readonly<Record<string, string>>;
  /** The checksum of its parts; undefined where there is none. */
  readonly algorithm: ChecksumName | undefined;
  /** Whether the checksum will be one of the whole. */
  readonly isFull: boolean;
  /** When it began, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** What has come, by number. */
  readonly parts: Map<number, StoredPart>;
}

/** What is in a bucket. */
export interface Shelf {
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, S3Upload>;
}

/** The ETag of bytes that came at once. */
export function etagOf(bytes: Uint8Array): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}
