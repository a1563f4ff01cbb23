import { errorIs, newContext, readTextAtMost, sleep } from "../../transport/internal.ts";
import { CivikitError, type Clock, HttpError, isCode, type Transport } from "../../transport/mod.ts";
import { s3ErrorIn, s3NameOf, s3Refusal } from "./s3_refusal.ts";
import { elements, escaped, textOf } from "./s3_xml.ts";

/** A checksum S3 keeps of an upload in parts; null: none. */
export type S3Checksum = { readonly algorithm: "CRC32" | "SHA256"; readonly isFull: boolean } | null;

/** What an object tells of itself. */
export interface S3Head {
  readonly bytes: number;
  readonly etag: string;
  /** `x-amz-meta-` fields, without that beginning. */
  readonly meta: Readonly<Record<string, string>>;
  /** Its CRC32 in base64, where the server keeps one of the whole. */
  readonly crc32: string | undefined;
  /** Its SHA-256 in base64, where the server keeps one of the whole. */
  readonly sha256: string | undefined;
}

/** A part as the server has it. */
export interface S3Part {
  readonly number: number;
  readonly etag: string;
  readonly bytes: number;
  /** In base64; undefined where the server keeps none. */
  readonly sum: string | undefined;
}

/** An upload that was begun. */
export interface S3UploadInfo {
  readonly key: string;
  readonly id: string;
  readonly startedMs: number;
}

/** What is sent along with bytes. */
export interface S3Body {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Their SHA-256, hex, lower case. */
  readonly sha256: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The calls of S3 that are needed; each throws what the refusal stands for. */
export interface S3Calls {
  /** Where an object is. */
  urlOf(key: string): string;
  head(key: string, signal?: AbortSignal): Promise<S3Head | undefined>;
  put(key: string, body: S3Body, signal?: AbortSignal): Promise<void>;
  remove(key: string, signal?: AbortSignal): Promise<void>;
  create(
    key: string,
    checksum: S3Checksum,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<{ readonly id: string; readonly checksum: S3Checksum }>;
  putPart(key: string, id: string, number: number, body: S3Body, signal?: AbortSignal): Promise<string>;
  parts(key: string, id: string, signal?: AbortSignal): Promise<{ checksum: S3Checksum; parts: S3Part[] }>;
  complete(
    key: string,
    id: string,
    parts: readonly Omit<S3Part, "bytes">[],
    checksum: S3Checksum,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<void>;
  abort(key: string, id: string, signal?: AbortSignal): Promise<void>;
  /** Uploads under way of keys that begin so; undefined where the server cannot tell. */
  uploads(prefix: string, signal?: AbortSignal): Promise<S3UploadInfo[] | undefined>;
  /** Whether the bucket answers: the first keys of the prefix. */
  list(prefix: string, signal?: AbortSignal): Promise<void>;
}

/** What the calls go by. */
export interface S3CallsOptions {
  readonly transport: Transport;
  /** Where the bucket is, without a slash at the end. */
  readonly base: string;
  readonly clock: Clock;
  readonly random: () => number;
}

const attempts = 5;
const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** After this the breaker lets a request through again. */
const trialMs = 30_000;
const mostTextBytes = 4 * 1024 * 1024;
/** Refusals that pass, whatever their status says. */
const passingNames = [
  "SlowDown",
  "InternalError",
  "ServiceUnavailable",
  "RequestTimeout",
  "OperationAborted",
  "BadDigest",
];
/** What came was not what was sent: the way garbled it. */
const garbledNames = ["XAmzContentSHA256Mismatch", "BadDigest", "InvalidDigest"];

interface CallOptions {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly signal?: AbortSignal | undefined;
}

function isPassing(error: unknown): boolean {
  const name = s3NameOf(error);
  return (error instanceof CivikitError && errorIs("passing", error)) || passingNames.includes(name) ||
    garbledNames.includes(name) ||
    name === "RequestTimeTooSkewed" || isCode(error, "circuit_open");
}

function checksumIn(text: { get(name: string): string | null }): S3Checksum {
  const algorithm = text.get("algorithm");
  if (algorithm !== "CRC32" && algorithm !== "SHA256") return null;
  return { algorithm, isFull: text.get("type") === "FULL_OBJECT" };
}

/** The calls of one bucket. */
export function s3Calls({ transport, base, clock, random }: S3CallsOptions): S3Calls {
  const urlOf = (key: string) => `${base}/${key.split("/").map(encodeURIComponent).join("/")}`;

  /** One call, and its refusal as an error; what has a body is sent again by {@linkcode again} alone. */
  async function ask(method: string, key: string, action: string, options: CallOptions): Promise<Response> {
    const { query = "", headers = {}, body, signal } = options;
    const url = `${key === "" ? base : urlOf(key)}${query}`;
    const request = new Request(url, {
      method,
      headers: { ...headers, ...(body === undefined && { "x-amz-content-sha256": emptySha256 }) },
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
    });
    const response = await transport.fetch(request, { ...newContext(), refusals: "return" });
    if (response.ok) return response;
    throw await s3Refusal(action, url, response);
  }

  /** Again where a failure may pass; these are writes, which the stack below sends once. */
  async function again<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    let delayMs = firstDelayMs;
    for (let attempt = 1;; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (signal?.aborted || attempt === attempts || !isPassing(error)) throw error;
        const asked = error instanceof HttpError
          ? error.retryAfterMs ?? 0
          : isCode(error, "circuit_open")
          ? trialMs
          : 0;
        // a clock was set right, and there is nothing to wait for
        if (s3NameOf(error) === "RequestTimeTooSkewed") continue;
        await sleep(clock, Math.max(asked, delayMs * (0.5 + random() / 2)), signal);
        delayMs = Math.min(2 * delayMs, longestDelayMs);
      }
    }
  }

  async function text(response: Response): Promise<string> {
    return await readTextAtMost(response, mostTextBytes) ?? "";
  }

  const signed = ({ bytes, sha256, headers = {} }: S3Body): CallOptions => ({
    body: bytes,
    headers: { "content-type": "application/octet-stream", "x-amz-content-sha256": sha256, ...headers },
  });

  return {
    urlOf,
    async head(key, signal) {
      try {
        const headers = { "x-amz-checksum-mode": "ENABLED" };
        const { headers: found } = await ask("HEAD", key, `looking at "${key}"`, { headers, signal });
        const isFull = found.get("x-amz-checksum-type") !== "COMPOSITE";
        const sum = (name: string) => {
          const value = found.get(`x-amz-checksum-${name}`);
          return isFull && value !== null && !value.includes("-") ? value : undefined;
        };
        const meta = [...found].filter(([name]) => name.startsWith("x-amz-meta-"));
        return {
          bytes: Number(found.get("content-length")),
          etag: found.get("etag") ?? "",
          meta: Object.fromEntries(meta.map(([name, value]) => [name.slice(11), value])),
          ...{ crc32: sum("crc32"), sha256: sum("sha256") },
        };
      } catch (error) {
        if (error instanceof HttpError && error.status === 404) return undefined;
        throw error;
      }
    },
    async put(key, body, signal) {
      await again(async () => {
        const response = await ask("PUT", key, `storing "${key}"`, { ...signed(body), signal });
        await response.body?.cancel();
      }, signal);
    },
    async remove(key, signal) {
      await (await ask("DELETE", key, `removing "${key}"`, { signal })).body?.cancel();
    },
    async create(key, checksum, headers, signal) {
      const wanted: Record<string, string> = checksum === null ? {} : {
        "x-amz-checksum-algorithm": checksum.algorithm,
        "x-amz-checksum-type": checksum.isFull ? "FULL_OBJECT" : "COMPOSITE",
      };
      return await again(async () => {
        const action = `beginning the upload of "${key}"`;
        const response = await ask("POST", key, action, {
          query: "?uploads",
          headers: { ...headers, ...wanted },
          signal,
        });
        const fields = response.headers;
        const kept = checksumIn({ get: (name) => fields.get(`x-amz-checksum-${name}`) });
        const id = textOf(await text(response), "UploadId");
        if (id === undefined) throw await s3Refusal(action, urlOf(key), new Response(null, { status: 502 }));
        return { id, checksum: kept };
      }, signal);
    },
    async putPart(key, id, number, body, signal) {
      const query = `?partNumber=${number}&uploadId=${encodeURIComponent(id)}`;
      return await again(async () => {
        const response = await ask("PUT", key, `sending part ${number} of "${key}"`, {
          ...signed(body),
          query,
          signal,
        });
        await response.body?.cancel();
        return response.headers.get("etag") ?? "";
      }, signal);
    },
    async parts(key, id, signal) {
      const parts: S3Part[] = [];
      let checksum: S3Checksum = null;
      for (let after: string | undefined = "0"; after !== undefined;) {
        const query: string = `?uploadId=${encodeURIComponent(id)}&part-number-marker=${after}`;
        const page: string = await text(await ask("GET", key, `looking at the upload of "${key}"`, { query, signal }));
        checksum = checksumIn({
          get: (name) => textOf(page, `Checksum${name[0]!.toUpperCase()}${name.slice(1)}`) ?? null,
        });
        for (const part of elements(page, "Part")) {
          parts.push({
            number: Number(textOf(part, "PartNumber")),
            etag: textOf(part, "ETag") ?? "",
            bytes: Number(textOf(part, "Size")),
            sum: checksum === null ? undefined : textOf(part, `Checksum${checksum.algorithm}`),
          });
        }
        const next = textOf(page, "NextPartNumberMarker");
        after = textOf(page, "IsTruncated") === "true" && next !== after ? next : undefined;
      }
      return { checksum, parts };
    },
    async complete(key, id, parts, checksum, headers, signal) {
      const sumOf = ({ sum }: Pick<S3Part, "sum">) =>
        checksum === null || sum === undefined
          ? ""
          : `<Checksum${checksum.algorithm}>${sum}</Checksum${checksum.algorithm}>`;
      const list = parts.map((part) =>
        `<Part><PartNumber>${part.number}</PartNumber><ETag>${escaped(part.etag)}</ETag>${sumOf(part)}</Part>`
      );
      const body = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
      const bytes = new TextEncoder().encode(body);
      const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      const action = `ending the upload of "${key}"`;
      const query = `?uploadId=${encodeURIComponent(id)}`;
      await again(async () => {
        const options = signed({ bytes, sha256, headers: { "content-type": "application/xml", ...headers } });
        const response = await ask("POST", key, action, { ...options, query, signal });
        const answer = await text(response);
        // an answer that begins well may end badly (CompleteMultipartUpload, «200 OK»)
        if (s3ErrorIn(answer) !== undefined) {
          throw await s3Refusal(action, urlOf(key), new Response(answer, { status: 500 }));
        }
      }, signal);
    },
    async abort(key, id, signal) {
      const query = `?uploadId=${encodeURIComponent(id)}`;
      await (await ask("DELETE", key, `giving up the upload of "${key}"`, { query, signal })).body?.cancel();
    },
    async uploads(prefix, signal) {
      const found: S3UploadInfo[] = [];
      let more = "";
      try {
        do {
          const query: string = `?uploads&prefix=${encodeURIComponent(prefix)}${more}`;
          const page = await text(await ask("GET", "", "listing uploads", { query, signal }));
          for (const upload of elements(page, "Upload")) {
            const [key = "", id = ""] = [textOf(upload, "Key"), textOf(upload, "UploadId")];
            found.push({ key, id, startedMs: Date.parse(textOf(upload, "Initiated") ?? "") });
          }
          const [key, id] = [textOf(page, "NextKeyMarker"), textOf(page, "NextUploadIdMarker")];
          const next: string = textOf(page, "IsTruncated") !== "true" || key === undefined
            ? ""
            : `&key-marker=${encodeURIComponent(key)}&upload-id-marker=${encodeURIComponent(id ?? "")}`;
          more = next === more ? "" : next;
        } while (more !== "");
      } catch (error) {
        if (error instanceof HttpError && (error.status === 501 || s3NameOf(error) === "NotImplemented")) {
          return undefined;
        }
        throw error;
      }
      return found;
    },
    async list(prefix, signal) {
      const query = `?list-type=2&max-keys=1&prefix=${encodeURIComponent(prefix)}`;
      await (await ask("GET", "", `looking into the bucket at "${base}"`, { query, signal })).body?.cancel();
    },
  };
}

/** SHA-256 of nothing. */
const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
