import { createHash } from "node:crypto";
import { checksumNames, fieldOf } from "./checksums.ts";
import {
  document,
  errorAnswer,
  inTheWay,
  isRefusal,
  metaOf,
  preconditionFailed,
  refusal,
  type S3Abilities,
  type S3Ask,
  type S3Work,
  sumsIn,
} from "./s3_ask.ts";
import type { S3Fault, S3Operation } from "./s3_faults.ts";
import { abortUpload, completeUpload, createUpload, listParts, listUploads, putPart } from "./s3_uploads.ts";
import { etagOf, type Shelf, type StoredObject } from "./shelf.ts";
import type { S3Refusal, S3User } from "./signature.ts";

/** What answers work with. */
export interface S3World {
  readonly buckets: ReadonlyMap<string, Shelf>;
  readonly abilities: S3Abilities;
  nowMs(): number;
}

type Answer = Response | S3Refusal;

const operations: Readonly<Record<S3Operation, (work: S3Work) => Answer>> = {
  HeadBucket: () => new Response(null, { status: 200 }),
  ListObjectsV2: listObjects,
  PutObject: putObject,
  DeleteObject({ shelf, key }) {
    shelf.objects.delete(key);
    return new Response(null, { status: 204 });
  },
  GetObject: readObject,
  HeadObject: readObject,
  CreateMultipartUpload: createUpload,
  UploadPart: putPart,
  ListParts: listParts,
  AbortMultipartUpload: abortUpload,
  CompleteMultipartUpload: completeUpload,
  ListMultipartUploads: listUploads,
};

const reads: readonly S3Operation[] = ["HeadBucket", "ListObjectsV2", "GetObject", "HeadObject"];

function flipped(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const other = bytes.slice();
  if (other.length > 0) other[0]! ^= 1;
  return other;
}

/** Does what is asked, and answers. What came is the server's own from now on. */
export function answerS3(
  ask: S3Ask,
  came: Uint8Array<ArrayBuffer>,
  { may = "write" }: S3User,
  { buckets, abilities, nowMs }: S3World,
  fault: S3Fault | undefined,
): Answer {
  const { operation, bucket, headers } = ask;
  if (may === "nothing" || (may === "read" && !reads.includes(operation))) {
    return refusal(403, "AccessDenied", "Access Denied");
  }
  const shelf = buckets.get(bucket);
  if (shelf === undefined) return refusal(404, "NoSuchBucket", "The specified bucket does not exist");
  const body = fault?.kind === "garble" ? flipped(came) : came;
  const claimed = headers.get("x-amz-content-sha256") ?? "";
  if (/^[0-9a-f]{64}$/.test(claimed) && claimed !== createHash("sha256").update(body).digest("hex")) {
    return refusal(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match.");
  }
  if (fault?.kind === "conflict") return refusal(409, "ConditionalRequestConflict", "A conflicting operation occurred");
  const stored = fault?.kind === "damage" ? flipped(body) : body;
  return operations[operation]({
    ...ask,
    ...{ body, stored, shelf, abilities, nowMs: nowMs(), deed: fault?.kind },
  });
}

function listObjects({ bucket, query, shelf: { objects } }: S3Work): Answer {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? "";
  const most = Math.min(1000, Number(query.get("max-keys") ?? 1000));
  const keys = [...objects.keys()].filter((name) => name.startsWith(prefix) && name > after).sort();
  const page = keys.slice(0, most);
  return document("ListBucketResult", {
    ...{ Name: bucket, Prefix: prefix, KeyCount: page.length, IsTruncated: String(keys.length > most) },
    NextContinuationToken: keys.length > most ? page.at(-1) : undefined,
    Contents: page.map((Key) => {
      const { bytes, etag: ETag } = objects.get(Key)!;
      return { Key, Size: bytes.length, ETag };
    }),
  });
}

function putObject(work: S3Work): Answer {
  const { key, headers, body, stored, shelf: { objects }, abilities, nowMs: storedMs } = work;
  const refused = inTheWay(work, objects.get(key));
  if (refused !== undefined) return refused;
  const sent = abilities.checksums ? sumsIn(headers, body) : { sums: {} };
  if (isRefusal(sent)) return sent;
  const { sums } = sent;
  const sumType = Object.keys(sums).length > 0 ? "FULL_OBJECT" as const : undefined;
  const etag = etagOf(body);
  objects.set(key, { bytes: stored, etag, meta: metaOf(headers), sums, sumType, storedMs });
  return new Response(null, { headers: { etag } });
}

function fieldsOf({ etag, meta, sums, sumType, storedMs }: StoredObject, isProved: boolean): Headers {
  const fields = new Headers({
    ...{ etag, "accept-ranges": "bytes", "content-type": "application/octet-stream" },
    "last-modified": new Date(storedMs).toUTCString(),
  });
  for (const [name, value] of Object.entries(meta)) fields.set(`x-amz-meta-${name}`, value);
  if (!isProved || sumType === undefined) return fields;
  for (const name of checksumNames) if (sums[name] !== undefined) fields.set(fieldOf(name), sums[name]);
  fields.set("x-amz-checksum-type", sumType);
  return fields;
}

/** GetObject and HeadObject, with ranges (RFC 9110 section 14). */
function readObject({ operation, key, headers, shelf: { objects } }: S3Work): Answer {
  const there = objects.get(key);
  if (there === undefined) return refusal(404, "NoSuchKey", "The specified key does not exist.");
  const { bytes, etag } = there;
  const match = headers.get("if-match");
  if (match !== null && match !== etag) return preconditionFailed;
  if (headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
  const isHead = operation === "HeadObject";
  const fields = fieldsOf(there, headers.get("x-amz-checksum-mode") === "ENABLED");
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.get("range") ?? "") ?? [];
  const ifRange = headers.get("if-range");
  if (first === undefined || (ifRange !== null && ifRange !== etag)) {
    fields.set("content-length", String(bytes.length));
    return new Response(isHead ? null : bytes, { headers: fields });
  }
  const start = Number(first);
  if (start >= bytes.length) {
    return errorAnswer(refusal(416, "InvalidRange", "The requested range is not satisfiable"), isHead);
  }
  const end = Math.min(last === "" ? Infinity : Number(last), bytes.length - 1);
  fields.set("content-range", `bytes ${start}-${end}/${bytes.length}`);
  fields.set("content-length", String(end - start + 1));
  return new Response(isHead ? null : bytes.slice(start, end + 1), { status: 206, headers: fields });
}
