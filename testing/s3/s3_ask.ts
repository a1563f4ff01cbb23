import { type ChecksumName, checksumNames, checksumOf, fieldOf } from "./checksums.ts";
import type { S3Deed, S3Operation } from "./s3_faults.ts";
import type { Shelf, StoredObject } from "./shelf.ts";
import type { S3Refusal } from "./signature.ts";
import { type Elements, xml } from "./xml.ts";

/** What a server of this kind can do; the real ones differ. */
export interface S3Abilities {
  /** `If-None-Match: *` and `If-Match` at writes; else they are ignored. */
  readonly conditionalWrites: boolean;
  /** `x-amz-checksum-...`; else they are ignored. */
  readonly checksums: boolean;
  /** A CRC32 of the whole of an upload made of parts (`FULL_OBJECT`); else it is refused as not implemented. */
  readonly fullChecksums: boolean;
  /** Tells of uploads under way; else the list is refused as not implemented. */
  readonly listUploads: boolean;
  /** Size that parts but the last must have, in bytes. */
  readonly minPartBytes: number;
}

/** A request, read as S3 reads it. */
export interface S3Ask {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
}

/** What an operation works with. */
export interface S3Work extends S3Ask {
  /** What came, as the server got it. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** What it writes down. */
  readonly stored: Uint8Array<ArrayBuffer>;
  readonly shelf: Shelf;
  readonly abilities: S3Abilities;
  readonly nowMs: number;
  readonly deed: S3Deed["kind"] | undefined;
}

/** Which operation a request is, by its method and query; undefined for one this server does not know. */
export function readAsk({ method, url, headers }: Request): S3Ask | undefined {
  const { pathname, searchParams: query } = new URL(url);
  const [, bucket = "", ...rest] = pathname.split("/");
  const key = decodeURIComponent(rest.join("/"));
  const operation = operationOf(method, key, query);
  return operation && { operation, bucket, key, query, headers };
}

function operationOf(method: string, key: string, query: URLSearchParams): S3Operation | undefined {
  const isUpload = query.has("uploadId");
  if (key === "") {
    if (method === "HEAD") return "HeadBucket";
    if (method !== "GET") return undefined;
    return query.has("uploads") ? "ListMultipartUploads" : "ListObjectsV2";
  }
  if (method === "HEAD") return "HeadObject";
  if (method === "GET") return isUpload ? "ListParts" : "GetObject";
  if (method === "PUT") return isUpload ? "UploadPart" : "PutObject";
  if (method === "DELETE") return isUpload ? "AbortMultipartUpload" : "DeleteObject";
  if (method !== "POST") return undefined;
  return isUpload ? "CompleteMultipartUpload" : query.has("uploads") ? "CreateMultipartUpload" : undefined;
}

/** A refusal, without further facts. */
export function refusal(status: number, code: string, message: string = code): S3Refusal {
  return { status, code, message };
}

/** Tells a refusal from anything else an operation gives. */
export function isRefusal(found: object): found is S3Refusal {
  return "code" in found;
}

/** An answer in XML. */
export function document(root: string, elements: Elements): Response {
  return new Response(xml(root, elements), { headers: { "content-type": "application/xml" } });
}

/** An error as S3 sends it; to a HEAD without a body. */
export function errorAnswer({ status, code, message, facts = {} }: S3Refusal, isHead: boolean): Response {
  const text = xml("Error", { Code: code, Message: message, ...facts, RequestId: "EMBEDDED" });
  return new Response(isHead ? null : text, { status, headers: { "content-type": "application/xml" } });
}

/** The fields an object keeps for whoever put it there. */
export function metaOf(headers: Headers): Record<string, string> {
  const own = [...headers].filter(([name]) => name.startsWith("x-amz-meta-"));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(11), value]));
}

/** The checksums that came along; or why they are refused. */
export function sumsIn(
  headers: Headers,
  bytes: Uint8Array,
): { readonly sums: Partial<Record<ChecksumName, string>> } | S3Refusal {
  const sums: Partial<Record<ChecksumName, string>> = {};
  for (const name of checksumNames) {
    const sent = headers.get(fieldOf(name));
    if (sent === null) continue;
    if (sent !== checksumOf(name, bytes)) {
      return refusal(400, "BadDigest", `The ${name} you specified did not match the calculated checksum.`);
    }
    sums[name] = sent;
  }
  return { sums };
}

/** Why a write may not be because of what is there; undefined where it may. */
export function inTheWay(
  { headers, abilities }: Pick<S3Work, "headers" | "abilities">,
  there: StoredObject | undefined,
): S3Refusal | undefined {
  if (!abilities.conditionalWrites) return undefined;
  const [none, match] = [headers.get("if-none-match"), headers.get("if-match")];
  const isThere = (none === "*" && there !== undefined) || (match !== null && there?.etag !== match);
  return isThere ? preconditionFailed : undefined;
}

/** What a condition that does not hold gets. */
export const preconditionFailed: S3Refusal = refusal(
  412,
  "PreconditionFailed",
  "At least one of the pre-conditions you specified did not hold",
);
