import { HttpError } from "../../transport/mod.ts";
import { s3ErrorIn, s3NameOf, s3Refusal } from "./s3_refusal.ts";
import { type S3Body, type S3Sender, s3Text, signedBody } from "./s3_sender.ts";
import { elements, escaped, textOf } from "./s3_xml.ts";

/** A checksum S3 keeps of an upload in parts; null: none. */
export type S3Checksum = { readonly algorithm: "CRC32" | "SHA256"; readonly isFull: boolean } | null;

/** A part as the server has it. */
export interface S3Part {
  readonly number: number;
  readonly etag: string;
  readonly bytes: number;
  /** When it arrived; NaN where the server does not say. */
  readonly storedMs: number;
  /** In base64; undefined where the server keeps none. */
  readonly sum: string | undefined;
}

/** What is said of a part when an upload ends. */
export type S3DonePart = Pick<S3Part, "number" | "etag" | "sum">;

/** An upload that was begun. */
export interface S3UploadInfo {
  readonly key: string;
  readonly id: string;
  readonly startedMs: number;
}

/** The calls for uploads in parts; each throws what the refusal stands for. */
export interface S3Uploads {
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
    parts: readonly S3DonePart[],
    checksum: S3Checksum,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<void>;
  abort(key: string, id: string, signal?: AbortSignal): Promise<void>;
  /** Uploads under way of keys that begin so; undefined where the server cannot tell. */
  uploads(prefix: string, signal?: AbortSignal): Promise<S3UploadInfo[] | undefined>;
}

function checksumIn(text: { get(name: string): string | null }): S3Checksum {
  const algorithm = text.get("algorithm");
  if (algorithm !== "CRC32" && algorithm !== "SHA256") return null;
  return { algorithm, isFull: text.get("type") === "FULL_OBJECT" };
}

/** The calls for uploads in parts of one bucket. */
export function s3Uploads({ ask, again, urlOf }: S3Sender): S3Uploads {
  return {
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
        const id = textOf(await s3Text(response), "UploadId");
        if (id === undefined) throw await s3Refusal(action, urlOf(key), new Response(null, { status: 502 }));
        return { id, checksum: kept };
      }, signal);
    },
    async putPart(key, id, number, body, signal) {
      const query = `?partNumber=${number}&uploadId=${encodeURIComponent(id)}`;
      return await again(async () => {
        const response = await ask("PUT", key, `sending part ${number} of "${key}"`, {
          ...signedBody(body),
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
        const page: string = await s3Text(
          await ask("GET", key, `looking at the upload of "${key}"`, { query, signal }),
        );
        checksum = checksumIn({
          get: (name) => textOf(page, `Checksum${name[0]!.toUpperCase()}${name.slice(1)}`) ?? null,
        });
        for (const part of elements(page, "Part")) {
          parts.push({
            number: Number(textOf(part, "PartNumber")),
            etag: textOf(part, "ETag") ?? "",
            bytes: Number(textOf(part, "Size")),
            storedMs: Date.parse(textOf(part, "LastModified") ?? ""),
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
        const options = signedBody({ bytes, sha256, headers: { "content-type": "application/xml", ...headers } });
        const response = await ask("POST", key, action, { ...options, query, signal });
        const answer = await s3Text(response);
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
          const page = await s3Text(await ask("GET", "", "listing uploads", { query, signal }));
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
  };
}
