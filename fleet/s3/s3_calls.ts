import { ContentError, type ErrorCode, HttpError } from "../../transport/mod.ts";
import { type S3Body, s3Sender, type S3SenderOptions, s3Text, signedBody } from "./s3_sender.ts";
import { type S3Uploads, s3Uploads } from "./s3_uploads.ts";
import { elements, textOf } from "./s3_xml.ts";

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

/** The calls of S3 that are needed; each throws what the refusal stands for. */
export interface S3Calls extends S3Uploads {
  /** Where an object is. */
  urlOf(key: string): string;
  head(key: string, signal?: AbortSignal): Promise<S3Head | undefined>;
  put(key: string, body: S3Body, signal?: AbortSignal): Promise<void>;
  /** Whether the bucket answers: the first key of the prefix. */
  look(prefix: string, signal?: AbortSignal): Promise<void>;
  /** Every object whose key begins so, in the order of their keys. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<{ readonly key: string; readonly bytes: number }>;
}

/** The calls of one bucket. */
export function s3Calls(options: S3SenderOptions): S3Calls {
  const sender = s3Sender(options);
  const { urlOf, ask, again } = sender;
  const noList = (message: string, code: ErrorCode) => new ContentError(message, { code, url: options.base });
  return {
    ...s3Uploads(sender),
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
        const response = await ask("PUT", key, `storing "${key}"`, { ...signedBody(body), signal });
        await response.body?.cancel();
      }, signal);
    },
    async look(prefix, signal) {
      const query = `?list-type=2&max-keys=1&prefix=${encodeURIComponent(prefix)}`;
      await (await ask("GET", "", `looking into the bucket at "${options.base}"`, { query, signal })).body?.cancel();
    },
    async *list(prefix, signal) {
      const action = `listing the bucket at "${options.base}"`;
      const seen = new Set([""]);
      for (let token: string | undefined = ""; token !== undefined;) {
        const more: string = token && `&continuation-token=${encodeURIComponent(token)}`;
        const query = `?list-type=2&prefix=${encodeURIComponent(prefix)}${more}`;
        const page: string = await s3Text(await ask("GET", "", action, { query, signal }));
        token = textOf(page, "IsTruncated") === "true" ? textOf(page, "NextContinuationToken") ?? "" : undefined;
        // what is no list would pass for a bucket in which all is well, and one that begins again would never end
        if (!/<ListBucketResult[\s/>]/.test(page)) throw noList(`${action}: no list came`, "unexpected_content");
        if (token !== undefined && seen.has(token)) throw noList(`${action}: it goes in a circle`, "page_loop");
        if (token !== undefined) seen.add(token);
        for (const object of elements(page, "Contents")) {
          yield { key: textOf(object, "Key") ?? "", bytes: Number(textOf(object, "Size")) };
        }
      }
    },
  };
}
