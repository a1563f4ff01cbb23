import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { wrapDiskError } from "../../transport/internal.ts";
import { HttpError } from "../../transport/mod.ts";
import type { PutFile, PutOptions, StoredFile } from "../file_store.ts";
import { base64, checkHead, crcText, wrongFile, wrongObject } from "./check_object.ts";
import type { S3Calls } from "./s3_calls.ts";
import { s3NameOf } from "./s3_refusal.ts";
import { openSource, partsOf, type ReadPart, type Source } from "./source.ts";
import type { S3Checksum, S3DonePart, S3Part } from "./s3_uploads.ts";

/** How a file goes up. */
export interface PutFileOptions extends PutOptions {
  readonly calls: S3Calls;
  readonly key: string;
  /** Size of a part, in bytes; larger for files that would have too many. */
  readonly partBytes: number;
  /** Parts under way at once. */
  readonly concurrency: number;
}

const mostParts = 10_000;
const mebibyte = 1024 * 1024;
const rounds = 3;

/** What S3 keeps beside a file: its hash, and its name for people. */
function metaOf({ sha256, name }: StoredFile): Record<string, string> {
  return { "x-amz-meta-sha256": sha256, ...(name !== undefined && { "x-amz-meta-name": encodeURIComponent(name) }) };
}

/** Ends an upload in parts that somebody else may have ended meanwhile. */
class Lost extends Error {}

/**
 * Puts a file under its key, proving on the way that it is the file it is said to be: it is read once, in order, and its
 * SHA-256 is compared before the object comes to be. Killed at any instant, the parts that arrived are used by the next
 * run, wherever that runs: which they are, the server knows.
 */
export async function putFile(path: string, stored: StoredFile, options: PutFileOptions): Promise<PutFile> {
  const { calls, key, signal, isReplacing = false } = options;
  const url = calls.urlOf(key);
  const { size } = await Deno.stat(path).catch((error) => {
    throw wrapDiskError(error, path, "reading");
  });
  if (stored.bytes !== undefined && size !== stored.bytes) {
    throw wrongFile("size", String(stored.bytes), String(size), path);
  }
  const wanted = { ...stored, bytes: size };
  let there = await calls.head(key, signal);
  /** What is to give way; an object that is not this one somebody else put there meanwhile. */
  const damaged = isReplacing ? there?.etag : undefined;
  for (let round = 1;; round++) {
    if (there !== undefined && there.etag !== damaged) {
      const isConfirmed = checkHead(url, there, wanted);
      return { url, isThere: true, isConfirmed, bytes: size, sentBytes: 0, resumedBytes: 0 };
    }
    // a store that never takes the condition keeps the damaged one else; what is written is right, whoever was there first
    const match: Record<string, string> = round === 1 && there !== undefined ? { "if-match": there.etag } : {};
    const only = there === undefined ? { "if-none-match": "*" } : match;
    try {
      using file = await openSource(path);
      return await (size <= options.partBytes ? putWhole : putParts)(file, path, wanted, { ...options, only });
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      if (round === rounds) throw error.cause;
      // somebody was quicker, or the upload was taken away
      there = await calls.head(key, signal);
    }
  }
}

/** What putting goes by, and on which condition it comes to be. */
interface PutOnly extends PutFileOptions {
  readonly only: Readonly<Record<string, string>>;
}

/** The error of a write that somebody else's write came before. */
function lostOr(error: unknown): unknown {
  // what was to give way may be gone: NoSuchKey
  const isLost = error instanceof HttpError &&
    (error.status === 412 || error.status === 409 || ["NoSuchUpload", "NoSuchKey"].includes(s3NameOf(error)));
  return isLost ? new Lost("lost", { cause: error }) : error;
}

async function putWhole(
  file: Source,
  path: string,
  stored: StoredFile & { readonly bytes: number },
  { calls, key, signal, onProgress, only }: PutOnly,
): Promise<PutFile> {
  const { sha256, bytes: size } = stored;
  const bytes = await file.read(size);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sha256) throw wrongFile("SHA256", sha256, found, path);
  const headers = { ...metaOf(stored), "x-amz-checksum-sha256": base64(sha256), ...only };
  try {
    await calls.put(key, { bytes, sha256, headers }, signal);
  } catch (error) {
    throw lostOr(error);
  }
  onProgress?.({ bytes: size, totalBytes: size });
  const isConfirmed = await proved(calls, key, stored, crcText(crc32(bytes)), signal);
  return { url: calls.urlOf(key), isThere: false, isConfirmed, bytes: size, sentBytes: size, resumedBytes: 0 };
}

/** Looks at what came to be; the bytes themselves were proved by their hashes on arrival. */
async function proved(
  calls: S3Calls,
  key: string,
  stored: StoredFile,
  crc: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const head = await calls.head(key, signal);
  if (head !== undefined) return checkHead(calls.urlOf(key), head, stored, crc);
  throw wrongObject("size", String(stored.bytes), "nothing", calls.urlOf(key));
}

/** An upload under way, begun now or by an earlier run. */
interface Begun {
  readonly id: string;
  readonly checksum: S3Checksum;
  readonly parts: ReadonlyMap<number, S3Part>;
}

/** What may be asked of servers, the best first. */
const checksums: readonly S3Checksum[] = [
  { algorithm: "CRC32", isFull: true },
  { algorithm: "SHA256", isFull: false },
  null,
];

async function begin({ calls, key, signal }: PutFileOptions, stored: StoredFile): Promise<Begun> {
  const begun = (await calls.uploads(key, signal) ?? []).filter((upload) => upload.key === key);
  const latest = begun.toSorted((a, b) => b.startedMs - a.startedMs)[0];
  if (latest !== undefined) {
    try {
      const { checksum, parts } = await calls.parts(key, latest.id, signal);
      return { id: latest.id, checksum, parts: new Map(parts.map((part) => [part.number, part])) };
    } catch (error) {
      if (s3NameOf(error) !== "NoSuchUpload") throw error;
    }
  }
  for (const checksum of checksums) {
    try {
      return { ...await calls.create(key, checksum, metaOf(stored), signal), parts: new Map() };
    } catch (error) {
      const isUnknown = error instanceof HttpError && (error.status === 501 || error.status === 400) &&
        ["NotImplemented", "InvalidRequest", "InvalidArgument", "InvalidChecksumAlgorithm"].includes(s3NameOf(error));
      if (checksum === null || !isUnknown) throw error;
    }
  }
  throw new TypeError("unreachable");
}

/** What one part is, by what the server compares. */
function sumsOf({ bytes }: ReadPart, checksum: S3Checksum) {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const sum = checksum === null ? undefined : checksum.algorithm === "SHA256" ? base64(sha256) : crcText(crc32(bytes));
  return { sha256, sum };
}

function isThere(part: S3Part | undefined, { bytes }: ReadPart, sum: string | undefined): boolean {
  if (part === undefined || part.bytes !== bytes.length) return false;
  if (part.sum !== undefined && sum !== undefined) return part.sum === sum;
  return part.etag.replaceAll('"', "") === createHash("md5").update(bytes).digest("hex");
}

async function putParts(
  file: Source,
  path: string,
  stored: StoredFile & { readonly bytes: number },
  options: PutOnly,
): Promise<PutFile> {
  const { calls, key, concurrency, signal, onProgress, only } = options;
  const { sha256: wanted, bytes: size } = stored;
  const least = Math.ceil(size / mostParts / mebibyte) * mebibyte;
  const { id, checksum, parts: earlier } = await begin(options, stored);
  const whole = createHash("sha256");
  const done: S3DonePart[] = [];
  const under = new Set<Promise<void>>();
  let [crc, sentBytes, resumedBytes, failed] = [0, 0, 0, undefined as { error: unknown } | undefined];
  const tell = () => onProgress?.({ bytes: sentBytes + resumedBytes, totalBytes: size });

  async function send(part: ReadPart, sha256: string, sum: string | undefined): Promise<void> {
    const { number, bytes } = part;
    const headers = sum === undefined ? {} : { [`x-amz-checksum-${checksum!.algorithm.toLowerCase()}`]: sum };
    try {
      const etag = await calls.putPart(key, id, number, { bytes, sha256, headers }, signal);
      done.push({ number, etag, sum });
      sentBytes += bytes.length;
      tell();
    } catch (error) {
      failed ??= { error };
    }
  }

  for await (const part of partsOf(file, size, Math.max(options.partBytes, least))) {
    if (failed !== undefined) break;
    whole.update(part.bytes);
    crc = crc32(part.bytes, crc);
    const { sha256, sum } = sumsOf(part, checksum);
    const there = earlier.get(part.number);
    if (isThere(there, part, sum)) {
      done.push({ number: part.number, etag: there!.etag, sum });
      resumedBytes += part.bytes.length;
      tell();
      continue;
    }
    while (under.size >= concurrency) await Promise.race(under);
    const sending: Promise<void> = send(part, sha256, sum).finally(() => under.delete(sending));
    under.add(sending);
  }
  await Promise.all(under);
  signal?.throwIfAborted();
  if (failed !== undefined) throw lostOr(failed.error);
  const found = whole.digest("hex");
  if (found !== wanted) {
    await calls.abort(key, id).catch(() => {});
    throw wrongFile("SHA256", wanted, found, path);
  }
  const ordered = done.toSorted((a, b) => a.number - b.number);
  const headers: Record<string, string> = { ...only };
  if (checksum?.isFull) {
    headers["x-amz-checksum-crc32"] = crcText(crc);
    headers["x-amz-checksum-type"] = "FULL_OBJECT";
  }
  try {
    await calls.complete(key, id, ordered, checksum, headers, signal);
  } catch (error) {
    const lost = lostOr(error);
    if (lost instanceof Lost) await calls.abort(key, id, signal).catch(() => {});
    throw lost;
  }
  const isConfirmed = await proved(calls, key, stored, crcText(crc), signal);
  return { url: calls.urlOf(key), isThere: false, isConfirmed, bytes: size, sentBytes, resumedBytes };
}
