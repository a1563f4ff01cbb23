/**
 * The honest answer to a request for a file: Range, If-Range, 416 and validators as RFC 9110 has them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Content, fixed, seeded } from "./content.ts";
import { type Plan, sayInstead } from "./bend.ts";
import type { OriginFile } from "./faults.ts";

/** A file to serve: text, bytes, `size` bytes of a seed, or the whole truth. */
export type FileSpec = string | Uint8Array | { readonly size: number; readonly seed: number } | OriginFile;

/** Last-Modified of files that do not say otherwise, in ms since the epoch. */
export const modified: number = Date.UTC(2024, 0, 2, 3, 4, 5);

/** The file a spec stands for, with a strong ETag made from its content. */
export function fileOf(spec: FileSpec): OriginFile {
  if (typeof spec === "string") return fileOf(new TextEncoder().encode(spec));
  if (spec instanceof Uint8Array) {
    const etag = `"${createHash("sha256").update(spec).digest("hex").slice(0, 16)}"`;
    return { content: fixed(spec), etag, lastModified: modified };
  }
  if ("content" in spec) return spec;
  return { content: seeded(spec.seed, spec.size), etag: `"s${spec.seed}-${spec.size}"`, lastModified: modified };
}

/** The span of a Range header over `size` bytes; null when it cannot be satisfied, undefined when there is none to obey. */
function spanOf(range: string | null, size: number): { start: number; length: number } | null | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  if (match[1] === "") {
    const length = Math.min(size, Number(match[2]));
    return length === 0 ? null : { start: size - length, length };
  }
  const start = Number(match[1]);
  const end = match[2] === "" ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (match[2] !== "" && Number(match[2]) < start) return undefined;
  return start >= size ? null : { start, length: end - start + 1 };
}

/** RFC 9110 section 13.1.5: the strong comparison, or the very same date. */
function isStillTheSame(ifRange: string | null, { etag, lastModified }: OriginFile): boolean {
  if (ifRange === null) return true;
  if (ifRange.startsWith('"')) return ifRange === etag;
  return lastModified !== undefined && Date.parse(ifRange) === Math.floor(lastModified / 1000) * 1000;
}

const nothing: Content = fixed(new Uint8Array());

/** A plan with nothing in it. */
export function emptyPlan(): Plan {
  return {
    status: 200,
    headers: {},
    content: nothing,
    start: 0,
    length: 0,
    framing: "length",
    junk: 0,
    delayMs: 0,
  };
}

/** The honest answer for a file. */
export function filePlan(file: OriginFile, range: string | null, ifRange: string | null): Plan {
  const plan = emptyPlan();
  const { content, etag, lastModified, type = "application/octet-stream" } = file;
  plan.content = content;
  plan.length = content.size;
  plan.headers = { "Content-Type": type, "Accept-Ranges": "bytes", ...file.headers };
  if (etag !== undefined) plan.headers["ETag"] = etag;
  if (lastModified !== undefined) plan.headers["Last-Modified"] = new Date(lastModified).toUTCString();
  const span = isStillTheSame(ifRange, file) ? spanOf(range, content.size) : undefined;
  if (span === null) {
    sayInstead(plan, 416, "range not satisfiable\n", {
      "Content-Type": "text/plain",
      "Content-Range": `bytes */${content.size}`,
    });
  } else if (span) {
    plan.status = 206;
    plan.start = span.start;
    plan.length = span.length;
    plan.headers["Content-Range"] = `bytes ${span.start}-${span.start + span.length - 1}/${content.size}`;
  }
  return plan;
}
