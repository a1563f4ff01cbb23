import { createTransport, type CreateTransportOptions } from "../../create_transport.ts";
import { noOthers, systemClock, wholeWithin } from "../../transport/internal.ts";
import { HttpError, InputError } from "../../transport/mod.ts";
import type { CleanOptions, FileStore, KeptFile, UnfinishedUpload } from "../file_store.ts";
import { checkHead } from "./check_object.ts";
import { proveObject } from "./prove_object.ts";
import { putFile } from "./put_file.ts";
import { s3Calls } from "./s3_calls.ts";
import { parseS3Place } from "./s3_place.ts";
import { s3NameOf } from "./s3_refusal.ts";
import { signS3, type SignS3Options } from "./sign_s3.ts";

/** Options of {@linkcode s3Store}. */
export interface S3StoreOptions extends SignS3Options {
  /** The bucket. */
  bucket: string;
  /** What keys begin with, without slashes at its ends. Default: nothing. */
  prefix?: string;
  /** Whether the bucket is in the path, or before the host's name. Default `path`. */
  addressing?: "path" | "virtual";
  /** Size of a part in bytes, 5 MiB to 5 GiB; larger for files of more than 10,000 parts. Default 16 MiB. */
  partBytes?: number;
  /** Parts of one file under way at once, 1 to 32. Default 4. Each takes its size in memory. */
  concurrency?: number;
  /** Time limits, proxies, observers and everything else of the stack beneath. */
  transport?: Omit<CreateTransportOptions, "key" | "hosts" | "cache">;
  /** A number from 0 to below 1, for waits. Default `Math.random`. */
  random?: () => number;
}

const mebibyte = 1024 * 1024;
/** A part has to be sent before the answer can begin: 16 MiB at 64 KiB a second. */
const headersMs = 256_000;

/** Where a bucket answers. */
function baseOf(endpoint: string, bucket: string, addressing: "path" | "virtual"): string {
  const url = URL.parse(endpoint);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "";
  if (!isPlain) {
    throw new InputError("opening an S3 store: its endpoint is not an http or https address without credentials", {
      code: "invalid_config",
      input: "endpoint",
    });
  }
  if (addressing === "virtual") url.hostname = `${bucket}.${url.hostname}`;
  const base = url.href.replace(/\/$/, "");
  return addressing === "virtual" ? base : `${base}/${bucket}`;
}

/**
 * Verified files in S3, Cloudflare R2, MinIO and whatever else speaks S3: each under
 * `PREFIX/sha256/ab/abcd...`, named by what it contains. Requests go through civikit's own stack, so that retries, time
 * limits, redaction and observers hold for them too, and {@linkcode FileStore.transport} can be given to `download()`.
 *
 * Storing proves the file: it is read once, its SHA-256 compared before the object comes to be, every request carries the
 * SHA-256 of its body in its signature, and the whole a CRC32 where the server keeps one. Writes are conditional
 * (`If-None-Match: *`): who comes second finds the same file there and is done. Large files go up in parts; a killed
 * upload goes on where it stopped, on any machine.
 *
 * Not every call can fail in every way; `code` and `reason` say what it was: `unauthorized` with `s3_credentials` or
 * `clock_skew`, `forbidden` with `bucket_denied`, `not_found` with `bucket_missing`, `invalid_config` with `bucket_region`.
 *
 * Sources: {@link https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html},
 * {@link https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html}.
 *
 * @param options See {@linkcode S3StoreOptions}.
 * @throws {InputError} When bucket, prefix or endpoint cannot be.
 * @throws {RangeError | TypeError} When an option is out of range, naming it.
 * @example
 * ```ts
 * import { s3Store } from "@civikit/civikit/fleet";
 *
 * using store = s3Store({ endpoint: "https://s3.eu-central-1.amazonaws.com", bucket: "models", credentials: undefined });
 * console.log(store.place, store.urlOf("ab".repeat(32)).slice(-73)); // s3://models /sha256/ab/abab...
 * ```
 */
export function s3Store({
  endpoint,
  bucket,
  prefix = "",
  region,
  credentials,
  addressing = "path",
  partBytes = 16 * mebibyte,
  concurrency = 4,
  transport: stack = {},
  clock = systemClock,
  random = Math.random,
  ...others
}: S3StoreOptions): FileStore {
  noOthers<S3StoreOptions>("s3Store", others, {
    ...{ endpoint, bucket, prefix, region, credentials, addressing, partBytes, concurrency, clock, random },
    transport: stack,
  });
  wholeWithin("partBytes", partBytes, 5 * mebibyte, 5 * 1024 * mebibyte);
  wholeWithin("concurrency", concurrency, 1, 32);
  const place = parseS3Place(`s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`);
  const base = baseOf(endpoint, bucket, addressing);
  const sign = signS3({ endpoint, credentials, clock, ...(region !== undefined && { region }) });
  const transport = createTransport({
    headersMs,
    ...stack,
    // whoever names an endpoint in plain http means it: a signature shows no secret, and what comes is proved
    socket: { allowHttp: new URL(endpoint).protocol === "http:", ...stack.socket },
    layers: [sign, ...stack.layers ?? []],
  });
  const calls = s3Calls({ transport, base, clock, random });
  /** What an upload is begun for that tries the right to. */
  const checkKey = `${place.prefix}civikit-check`;
  const keyOf = (sha256: string) => {
    const hash = sha256.toLowerCase();
    if (!/^[0-9a-f]{64}$/.test(hash)) {
      throw new TypeError(`sha256 ${JSON.stringify(sha256)}: not 64 hexadecimal digits`);
    }
    return `${place.prefix}sha256/${hash.slice(0, 2)}/${hash}`;
  };
  const exact = <File extends { readonly sha256: string }>(file: File) => ({
    ...file,
    sha256: file.sha256.toLowerCase(),
  });

  async function check(isWriting: boolean, signal?: AbortSignal): Promise<void> {
    await calls.look(place.prefix, signal);
    if (!isWriting) return;
    // takes the right that storing takes, and leaves nothing
    const { id } = await calls.create(checkKey, null, {}, signal);
    // some servers only give it up by themselves
    await calls.abort(checkKey, id, signal).catch((error) => {
      if (!(error instanceof HttpError) || (error.status !== 405 && error.status !== 501)) throw error;
    });
  }

  /** The hash an object of ours is named by; undefined: it is none. */
  function hashIn(key: string): string | undefined {
    return /^sha256\/..\/([0-9a-f]{64})$/.exec(key.slice(place.prefix.length))?.[1];
  }

  async function* list(signal?: AbortSignal): AsyncGenerator<KeptFile> {
    for await (const { key, bytes } of calls.list(`${place.prefix}sha256/`, signal)) {
      const sha256 = hashIn(key);
      // in the wrong folder it would never be looked for
      if (sha256 !== undefined && key === keyOf(sha256)) yield { sha256, bytes };
    }
  }

  async function clean(
    olderThanMs: number,
    { isDry = false, signal }: CleanOptions = {},
  ): Promise<UnfinishedUpload[]> {
    const isOld = (ms: number) => clock.date() - ms >= olderThanMs;
    const cleaned: UnfinishedUpload[] = [];
    for (const { key, id, startedMs } of await calls.uploads(place.prefix, signal) ?? []) {
      const sha256 = hashIn(key);
      const isOurs = sha256 !== undefined || key === checkKey;
      if (!isOurs || !isOld(startedMs)) continue;
      try {
        // somebody may still be at it
        const { parts } = await calls.parts(key, id, signal);
        const lastMs = Math.max(startedMs, ...parts.map(({ storedMs }) => storedMs || 0));
        if (!isOld(lastMs)) continue;
        if (!isDry) await calls.abort(key, id, signal);
        cleaned.push({ sha256, bytes: parts.reduce((sum, part) => sum + part.bytes, 0), startedMs, lastMs });
      } catch (error) {
        if (s3NameOf(error) !== "NoSuchUpload") throw error;
      }
    }
    return cleaned;
  }

  const close = () => transport.close();
  return {
    place: `s3://${bucket}${prefix === "" ? "" : `/${place.prefix.slice(0, -1)}`}`,
    ...{ transport, check, list, clean, close, [Symbol.dispose]: close },
    urlOf: (sha256) => calls.urlOf(keyOf(sha256)),
    async find(file, signal) {
      const head = await calls.head(keyOf(file.sha256), signal);
      if (head !== undefined) checkHead(calls.urlOf(keyOf(file.sha256)), head, exact(file));
      return head && { bytes: head.bytes };
    },
    prove: (file, options = {}) => proveObject(exact(file), { ...options, calls, transport, key: keyOf(file.sha256) }),
    put: (path, file, options = {}) =>
      putFile(path, exact(file), { ...options, calls, key: keyOf(file.sha256), partBytes, concurrency }),
  };
}
