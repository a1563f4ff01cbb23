/** The bounded labels of an attempt. */
export interface AttemptLabels {
  /** Host and port, or `other`. */
  readonly host: string;
  /** Route class, or `other`. */
  readonly route: string;
  /** Method, or `_OTHER`. */
  readonly method: string;
}

/** Where a host's or route's own name is not kept any more. */
export const otherLabel = "other";

const apiRoot = "/api/v1/";
const apiNames = new Set([
  "models",
  "model-versions",
  "images",
  "creators",
  "tags",
  "users",
  "me",
  "collections",
  "posts",
  "articles",
  "vault",
  "permissions",
  "enums",
]);
const imagePath = /\.(?:jpe?g|png|webp|gif|avif|mp4|webm)$/i;

/**
 * The class of a URL, out of a small fixed set: `/api/v1/models`, `/api/v1/models/:id`, `/api/v1/model-versions/by-hash/:id`,
 * `/api/download/:id` and the like, `image`, or `file` for everything else, storage hosts included.
 *
 * @example
 * ```ts
 * import { routeOf } from "@civikit/civikit/monitor";
 *
 * console.log(routeOf("https://civitai.com/api/v1/models/5?nsfw=true")); // /api/v1/models/:id
 * console.log(routeOf("https://x.r2.cloudflarestorage.com/abc/file.safetensors")); // file
 * ```
 */
export function routeOf(url: string): string {
  const hostStart = url.indexOf("://") + 3;
  const start = url.indexOf("/", hostStart);
  if (start < 0) return "file";
  const query = url.indexOf("?", start);
  const end = query < 0 ? url.length : query;
  if (url.startsWith(apiRoot, start)) {
    const nameStart = start + apiRoot.length;
    const slash = url.indexOf("/", nameStart);
    const isBare = slash < 0 || slash >= end;
    const name = url.slice(nameStart, isBare ? end : slash);
    if (!apiNames.has(name)) return `${apiRoot}${otherLabel}`;
    if (isBare || slash + 1 === end) return apiRoot + name;
    if (url.startsWith("by-hash", slash + 1)) return `${apiRoot}${name}/by-hash/:id`;
    return `${apiRoot}${name}/:id`;
  }
  if (url.startsWith("/api/download/", start)) return "/api/download/:id";
  if (url.startsWith("image.", hostStart) || imagePath.test(url.slice(start, end))) return "image";
  return "file";
}

/** Whether the bytes of a route are counted as they are written, by transfers, and not as they were announced. */
export function isTransferRoute(route: string): boolean {
  return route === "file" || route === "/api/download/:id";
}

const methods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]);

/** A method as a label: `_OTHER` for those HTTP does not define (OpenTelemetry HTTP conventions). */
export function methodLabel(method: string): string {
  return methods.has(method) ? method : "_OTHER";
}

/** Lets the first `most` names through and calls the rest `other`, so that labels cannot pile up. */
export function boundedNames(most: number): (name: string) => string {
  const names = new Set<string>();
  return (name) => {
    if (names.has(name)) return name;
    if (names.size >= most) return otherLabel;
    names.add(name);
    return name;
  };
}
