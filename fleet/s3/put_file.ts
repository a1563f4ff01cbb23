import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { wrapDiskError } from "../../transport/internal.ts";
import { HttpError, VerificationError } from "../../transport/mod.ts";
import type { PutFile, PutOptions, StoredFile } from "../file_store.ts";
import type { S3Calls, S3Head } from "./s3_calls.ts";
import { s3NameOf } from "./s3_refusal.ts";
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

const base64 = (hex: string) => Uint8Array.fromHex(hex).toBase64();

function crcText(crc: number): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, crc);
  return bytes.toBase64();
}

function wrong(algorithm: string, expected: string, actual: string, path: string, isStored = false): VerificationError {
  const code = algorithm === "size" ? "size_mismatch" : "hash_mismatch";
  const [action, of] = isStored ? ["looking at", "what is stored there"] : ["storing", "the file"];
  const message = `${action} ${JSON.stringify(path)}: ${algorithm} of ${of} is ${actual}, not ${expected}`;
  return new VerificationError(message, { code, algorithm, expected, actual, path });
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
    fail("SHA256", sha256, Uint8Array.fromBase64(head.sha256).toHex());
  }
  if (crc !== undefined && head.crc32 !== undefined && head.crc32 !== crc) fail("CRC32", crc, head.crc32);
  return head.sha256 !== undefined || crc !== undefined && head.crc32 !== undefined;
}

/** What S3 keeps beside a file: its hash, and its name for people. */
function metaOf({ sha256, name }: StoredFile): Record<string, string> {
  return { "x-amz-meta-sha256": sha256, ...(name !== undefined && { "x-amz-meta-name": encodeURIComponent(name) }) };
}

/** What was read of the file, part by part, in order. */
interface ReadPart {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A file that is being read; what the disk says is put into our words. */
interface Source extends Disposable {
  /** The next bytes, as many as `length` where there are so many. */
  read(length: number): Promise<Uint8Array<ArrayBuffer>>;
}

async function openSource(path: string): Promise<Source> {
  const inWords = (error: unknown): never => {
    throw wrapDiskError(error, path, "reading");
  };
  const file = await Deno.open(path, { read: true }).catch(inWords);
  return {
    async read(length) {
      const buffer = new Uint8Array(length);
      let at = 0;
      while (at < length) {
        const read = await file.read(buffer.subarray(at)).catch(inWords);
        if (read === null) break;
        at += read;
      }
      return buffer.subarray(0, at);
    },
    [Symbol.dispose]: () => file.close(),
  };
}

async function* partsOf(file: Source, bytes: number, partBytes: number): AsyncGenerator<ReadPart> {
  for (let at = 0; at < bytes; at += partBytes) {
    yield { number: at / partBytes + 1, bytes: await file.read(Math.min(partBytes, bytes - at)) };
  }
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
    throw wrong("size", String(stored.bytes), String(size), path);
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
  if (found !== sha256) throw wrong("SHA256", sha256, found, path);
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
    throw wrong("SHA256", wanted, found, path);
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
