import { randomUUID } from "node:crypto";
import { type ChecksumName, checksumOf, compositeOf, fieldOf } from "./checksums.ts";
import { document, inTheWay, isRefusal, metaOf, refusal, type S3Work, sumsIn } from "./s3_ask.ts";
import { etagOf, type S3Upload, type StoredPart } from "./shelf.ts";
import type { S3Refusal } from "./signature.ts";

type Answer = Response | S3Refusal;

function uploadOf({ query, key, shelf: { uploads }, deed }: S3Work): { upload: S3Upload } | S3Refusal {
  const id = query.get("uploadId")!;
  if (deed === "forget_upload") uploads.delete(id);
  const upload = uploads.get(id);
  return upload?.key === key ? { upload } : refusal(404, "NoSuchUpload", "The specified upload does not exist.");
}

/** CreateMultipartUpload. */
export function createUpload({ bucket, key, headers, shelf, abilities, nowMs }: S3Work): Answer {
  const algorithm = headers.get("x-amz-checksum-algorithm") as ChecksumName | null;
  const isFull = headers.get("x-amz-checksum-type") === "FULL_OBJECT";
  if (abilities.checksums && isFull && !abilities.fullChecksums) {
    return refusal(501, "NotImplemented", "x-amz-checksum-type FULL_OBJECT is not implemented");
  }
  if (isFull && algorithm !== "CRC32") return refusal(400, "InvalidRequest", "FULL_OBJECT takes a CRC");
  const id = randomUUID();
  const kept = abilities.checksums ? algorithm ?? undefined : undefined;
  const parts = new Map<number, StoredPart>();
  shelf.uploads.set(id, { id, key, meta: metaOf(headers), algorithm: kept, isFull, startedMs: nowMs, parts });
  const answer = document("InitiateMultipartUploadResult", { Bucket: bucket, Key: key, UploadId: id });
  if (kept === undefined) return answer;
  answer.headers.set("x-amz-checksum-algorithm", kept);
  answer.headers.set("x-amz-checksum-type", isFull ? "FULL_OBJECT" : "COMPOSITE");
  return answer;
}

/** UploadPart. */
export function putPart(work: S3Work): Answer {
  const known = uploadOf(work);
  if (isRefusal(known)) return known;
  const { headers, body, stored, query, nowMs: storedMs } = work;
  const { algorithm, parts } = known.upload;
  const sent = algorithm === undefined ? { sums: {} } : sumsIn(headers, body);
  if (isRefusal(sent)) return sent;
  const sum = algorithm && (sent.sums[algorithm] ?? checksumOf(algorithm, body));
  const etag = etagOf(body);
  parts.set(Number(query.get("partNumber")), { bytes: stored, etag, sum, storedMs });
  return new Response(null, { headers: { etag } });
}

/** ListParts. */
export function listParts(work: S3Work): Answer {
  const known = uploadOf(work);
  if (isRefusal(known)) return known;
  const { bucket, key, query } = work;
  const { parts, algorithm, isFull, id } = known.upload;
  const after = Number(query.get("part-number-marker") ?? 0);
  const numbers = [...parts.keys()].filter((number) => number > after).sort((a, b) => a - b);
  const page = numbers.slice(0, 1000);
  return document("ListPartsResult", {
    ...{ Bucket: bucket, Key: key, UploadId: id, IsTruncated: String(numbers.length > 1000) },
    NextPartNumberMarker: page.at(-1),
    ChecksumAlgorithm: algorithm,
    ChecksumType: algorithm && (isFull ? "FULL_OBJECT" : "COMPOSITE"),
    Part: page.map((PartNumber) => {
      const { bytes, etag: ETag, sum, storedMs } = parts.get(PartNumber)!;
      const [Size, LastModified] = [bytes.length, new Date(storedMs).toISOString()];
      return { PartNumber, ETag, Size, LastModified, ...(algorithm && { [`Checksum${algorithm}`]: sum }) };
    }),
  });
}

/** AbortMultipartUpload. */
export function abortUpload(work: S3Work): Answer {
  const known = uploadOf(work);
  if (isRefusal(known)) return known;
  work.shelf.uploads.delete(known.upload.id);
  return new Response(null, { status: 204 });
}

/** ListMultipartUploads; all on one page. */
export function listUploads({ bucket, query, shelf: { uploads }, abilities }: S3Work): Answer {
  if (!abilities.listUploads) {
    return refusal(501, "NotImplemented", "A header or query you provided is not implemented");
  }
  const prefix = query.get("prefix") ?? "";
  const found = [...uploads.values()].filter(({ key }) => key.startsWith(prefix));
  return document("ListMultipartUploadsResult", {
    ...{ Bucket: bucket, Prefix: prefix, IsTruncated: "false" },
    Upload: found.map(({ key: Key, id: UploadId, startedMs }) => {
      return { Key, UploadId, Initiated: new Date(startedMs).toISOString() };
    }),
  });
}

/** The parts that are asked for, in that order; or why they cannot be put together. */
function wantedParts({ body, abilities }: S3Work, { parts }: S3Upload): { whole: StoredPart[] } | S3Refusal {
  const wanted = [...new TextDecoder().decode(body).matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll("&quot;", '"'),
  }));
  const whole = wanted.flatMap(({ number, etag }) => {
    const part = parts.get(number);
    return part !== undefined && part.etag === etag ? [part] : [];
  });
  if (whole.length === 0 || whole.length < wanted.length) {
    return refusal(400, "InvalidPart", "One or more of the specified parts could not be found.");
  }
  if (wanted.some(({ number }, index) => index > 0 && number <= wanted[index - 1]!.number)) {
    return refusal(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
  }
  if (whole.slice(0, -1).some(({ bytes }) => bytes.length < abilities.minPartBytes)) {
    return refusal(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
  }
  return { whole };
}

/** CompleteMultipartUpload. */
export function completeUpload(work: S3Work): Answer {
  const known = uploadOf(work);
  if (isRefusal(known)) return known;
  const { bucket, key, headers, shelf: { objects, uploads }, nowMs } = work;
  const refused = inTheWay(work, objects.get(key));
  if (refused !== undefined) return refused;
  const { upload } = known;
  const found = wantedParts(work, upload);
  if (isRefusal(found)) return found;
  const { whole } = found;
  const bytes = new Uint8Array(whole.reduce((sum, part) => sum + part.bytes.length, 0));
  whole.reduce((at, part) => (bytes.set(part.bytes, at), at + part.bytes.length), 0);
  const { algorithm, isFull, meta } = upload;
  const sum = algorithm &&
    (isFull ? checksumOf(algorithm, bytes) : compositeOf(algorithm, whole.map((part) => part.sum!)));
  const sent = algorithm && headers.get(fieldOf(algorithm));
  if (isFull && sent && sent !== sum) return refusal(400, "BadDigest", "The checksum of the whole does not match.");
  const md5s = Uint8Array.from(whole.flatMap(({ etag }) => [...Uint8Array.fromHex(etag.slice(1, -1))]));
  const etag = `${etagOf(md5s).slice(0, -1)}-${whole.length}"`;
  uploads.delete(upload.id);
  const sums = algorithm ? { [algorithm]: sum! } : {};
  const sumType = algorithm && (isFull ? "FULL_OBJECT" : "COMPOSITE");
  objects.set(key, { bytes, etag, meta, sums, sumType, storedMs: nowMs });
  return document("CompleteMultipartUploadResult", { Bucket: bucket, Key: key, ETag: etag });
}
