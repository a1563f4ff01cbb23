/**
 * The storage host behind Civitai: an origin of its own that gives a file only to a signed link that has not expired,
 * and refuses a request that also carries Authorization, as R2 does. It is the misbehaving origin, so every fault can be
 * added to it.
 *
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";
import type { Clock } from "../../transport/mod.ts";
import { fileOf } from "../origin/answer.ts";
import type { LogEntry, Reply } from "../origin/answering.ts";
import { type FaultyOrigin, faultyOrigin } from "../origin/faulty_origin.ts";
import type { OriginFile, Scene } from "../origin/faults.ts";
import { type Link, link } from "../origin/links.ts";
import type { CatalogueFile, CatalogueModel } from "./catalogue.ts";

/** The storage and its pen. */
export interface Storage {
  /** The origin; its log shows every request that reached the storage. */
  readonly origin: FaultyOrigin;
  /** A signed link for the file. */
  sign(file: CatalogueFile): string;
  /** Path of the file on the storage. */
  pathOf(file: CatalogueFile): string;
  /** Links signed from now on are good for so many body bytes; `times` (default: all) of them. */
  limitLinks(bytes: number, times?: number): void;
  /** Kills every link signed so far. */
  revokeLinks(): void;
}

/** What {@linkcode storage} takes. */
export interface StorageOptions {
  /** Time for faults that wait. */
  readonly clock: Clock;
  /** Sees every request when nothing more will be sent for it. */
  readonly onRequest: (entry: LogEntry) => void;
}

/** Seconds a link lives. */
const expiresS = 86_400;

function refuse(status: number, code: string, message: string): Reply {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { "Content-Type": "application/xml" }, body };
}

/** `20260808T101112Z`, as S3 writes dates. */
function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
}

function unstamp(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function dispositionOf({ name, disposition }: CatalogueFile): string {
  // a header cannot carry everything a name can; filename* can
  const plain = (disposition ?? name).replace(/[^\x20-\x7e]|["\\]/g, "_");
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name)}`;
}

/** What it is called where it does not listen; nobody is there. */
export const storageUrl = "https://storage.civitai.test";

/** The storage for all files of `models`. */
export function storage(models: readonly CatalogueModel[], { clock, onRequest }: StorageOptions): Storage {
  const secret = randomBytes(32);
  const files = new Map<string, OriginFile>();
  const links = new Map<string, Link>();
  const pathOf = ({ id }: CatalogueFile) => `/civitai-delivery-worker-prod/model/${id % 97}/file${id}.${id}`;
  let serial = 0;
  let oldest = 0;
  let bytesPerLink = Infinity;
  let limitedLeft = 0;

  for (const file of models.flatMap(({ versions }) => versions.flatMap((version) => version.files))) {
    // the storage knows objects, not their history: the tag is made from what is in it
    const { etag } = fileOf({ size: file.content.size, seed: file.id });
    files.set(pathOf(file), { content: file.content, etag, lastModified: Date.UTC(2025, 0, 2) });
  }

  /** Signs everything in the query but the signature itself. */
  function signatureOf(path: string, query: URLSearchParams): string {
    const signed = [...query].filter(([name]) => name !== "X-Amz-Signature").sort(([a], [b]) => a < b ? -1 : 1);
    return createHmac("sha256", secret).update(`GET\n${path}\n${new URLSearchParams(signed)}`).digest("hex");
  }

  function sign(file: CatalogueFile): string {
    const path = pathOf(file);
    const now = stamp(Date.now());
    const query = new URLSearchParams({
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": `embedded/${now.slice(0, 8)}/auto/s3/aws4_request`,
      "X-Amz-Date": now,
      "X-Amz-Expires": String(expiresS),
      "X-Amz-SignedHeaders": "host",
      "response-content-disposition": dispositionOf(file),
      "x-id": `GetObject-${++serial}`,
    });
    const limited = limitedLeft > 0;
    if (limited) limitedLeft--;
    links.set(`GetObject-${serial}`, link(limited ? { bytes: bytesPerLink } : {}));
    query.set("X-Amz-Signature", signatureOf(path, query));
    return `${origin.url}${path}?${query}`;
  }

  function route({ path, query, method }: Scene, headers: Headers): Reply | undefined {
    const file = origin.files.get(path);
    if (!file) return refuse(404, "NoSuchKey", "The specified key does not exist.");
    if (headers.has("authorization")) {
      return refuse(400, "InvalidArgument", "Only one auth type allowed");
    }
    const given = links.get(query.get("x-id") ?? "");
    const isGenuine = query.get("X-Amz-Signature") === signatureOf(path, query);
    if (!given || !isGenuine || method !== "GET") {
      return refuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match");
    }
    const expires = unstamp(query.get("X-Amz-Date")!) + Number(query.get("X-Amz-Expires")) * 1000;
    const isRevoked = Number(query.get("x-id")!.split("-")[1]) <= oldest;
    if (Date.now() > expires || isRevoked || !given.visit()) {
      return refuse(403, "ExpiredRequest", "Request has expired");
    }
    const disposition = query.get("response-content-disposition")!;
    return { file: { ...file, headers: { "Content-Disposition": disposition } }, link: given };
  }

  const origin = faultyOrigin([], { route, url: storageUrl, clock, onRequest });
  for (const [path, file] of files) origin.files.set(path, file);
  return {
    origin,
    sign,
    pathOf,
    limitLinks(bytes, times = Infinity) {
      bytesPerLink = bytes;
      limitedLeft = times;
    },
    revokeLinks: () => void (oldest = serial),
  };
}
