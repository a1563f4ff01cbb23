import { readText, shownInput } from "../../transport/internal.ts";
import { type Classify, type Clock, ContentError, type ErrorReason } from "../../transport/mod.ts";

/** Facts of an {@linkcode InvalidResponseError}. */
export interface InvalidResponseErrorOptions extends ErrorOptions {
  /** What was asked for, redacted. */
  url: string;
  /** The kind of call, such as `GET /model-versions/:id`. */
  endpoint: string;
  /** Where in the answer, such as `files.0.sizeKB`; empty for the answer as a whole. */
  path: string;
  /** The offending part, cut to 200 characters, secrets cut. */
  excerpt: string;
}

/**
 * The API answered with JSON of a shape that cannot be read; `code` is `invalid_response`.
 *
 * @example
 * ```ts
 * import { civitai, InvalidResponseError } from "@civikit/civikit/api";
 *
 * const api = civitai({ fetch: () => Promise.resolve(Response.json({ id: "seven" })) });
 * try {
 *   await api.versions.get(7);
 * } catch (error) {
 *   if (error instanceof InvalidResponseError) console.log(error.path, error.excerpt); // id seven
 * }
 * ```
 */
export class InvalidResponseError extends ContentError {
  /** `InvalidResponseError`. */
  override name = "InvalidResponseError";
  /** The kind of call, such as `GET /model-versions/:id`. */
  readonly endpoint: string;
  /** Where in the answer, such as `files.0.sizeKB`; empty for the answer as a whole. */
  readonly path: string;
  /** The offending part, cut to 200 characters, secrets cut. */
  readonly excerpt: string;

  /** Takes the facts of the failure. */
  constructor(message: string, { endpoint, path, excerpt, ...options }: InvalidResponseErrorOptions) {
    super(message, { ...options, code: "invalid_response" });
    this.endpoint = endpoint;
    this.path = path;
    this.excerpt = excerpt;
  }
}

/** A piece of an answer as one short line, secrets cut. */
export function excerptOf(value: unknown): string {
  return shownInput(typeof value === "string" ? value : JSON.stringify(value) ?? String(value));
}

const tooManyPages = /too many pages/i;
const tooManyDownloads = /unusual amount of downloading/i;
const maxPeekBytes = 4096;

/**
 * Tells a 429 that waiting cannot cure: page limits, and accounts stopped for downloading too much. It reads a copy of
 * a small JSON body, for at most a second, so that the caller still can read the answer.
 */
export async function isPermanentRefusal(response: Response, clock: Clock): Promise<boolean> {
  const { status, headers, body } = response;
  if (status !== 429 || body === null || response.bodyUsed) return false;
  if (!/json/i.test(headers.get("content-type") ?? "")) return false;
  if (Number(headers.get("content-length") ?? 0) > maxPeekBytes) return false;
  const text = await readText(response.clone(), { maxBytes: maxPeekBytes, maxMs: 1000, clock });
  return tooManyPages.test(text) || tooManyDownloads.test(text);
}

/** What is not there, by the route that was asked. */
function missingBy(url: string): ErrorReason | undefined {
  const path = URL.canParse(url) ? new URL(url).pathname : undefined;
  if (path === undefined) return undefined;
  if (/\/api\/v1\/models\/\d+$/.test(path)) return "model_missing";
  if (/\/api\/(?:v1\/model-versions|download\/models)\/\d+$/.test(path)) return "version_missing";
  return path.includes("/api/") ? undefined : "url_missing";
}

/**
 * Says which failure an answer of the site means where the status alone does not tell, and what of it is missing; made
 * for `status({ classify: classifyCivitai })`.
 *
 * @param response The answer; its body is not touched.
 * @param body The start of the answer's text.
 * @param url What was asked for; the answer's own address by default.
 * @returns The code, with its reason where there is one; or undefined to let the status decide.
 * @example
 * ```ts
 * import { classifyCivitai } from "@civikit/civikit/api";
 *
 * const body = '{"error":"Early Access","message":"This asset is in Early Access."}';
 * console.log(classifyCivitai(new Response(body, { status: 403 }), body)); // early_access
 * ```
 */
export function classifyCivitai(response: Response, body: string, url: string = response.url): ReturnType<Classify> {
  const { status } = response;
  if (status < 400 || status >= 500) return undefined;
  if (/"code"\s*:\s*"REGION_BLOCKED"/.test(body)) return "region_blocked";
  switch (status) {
    case 401:
      if (/disabled downloads/i.test(body)) return "downloads_disabled";
      return /\blogged in\b/i.test(body) ? "login_required" : "unauthorized";
    case 403:
      return /early access/i.test(body) ? "early_access" : "forbidden";
    case 404:
      return { code: "not_found", reason: missingBy(url) };
    case 410:
      return "gone";
    case 429:
      return tooManyPages.test(body) ? "too_many_pages" : "rate_limited";
    case 451:
      return "region_blocked";
  }
  return undefined;
}
