import { readText } from "../../transport/internal.ts";
import { type Classify, type Clock, ContentError, type ErrorReason } from "../../transport/mod.ts";
import { shownInput } from "./input.ts";
import { isRecord } from "./is_record.ts";

const longestMessage = 500;

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

function issueText(issue: unknown): string | undefined {
  if (!isRecord(issue) || typeof issue.message !== "string") return undefined;
  const path = Array.isArray(issue.path) ? issue.path.join(".") : "";
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

/** The words in any of the site's error shapes; `error` is preferred to `message` unless it only names the status. */
function words(value: unknown, depth = 0): string | undefined {
  if (depth > 4) return undefined;
  if (typeof value === "string") {
    const text = value.trim();
    // A ZodError carries its issues as JSON inside a string.
    if (/^[[{]/.test(text)) return words(parse(text), depth + 1) ?? text;
    return text || undefined;
  }
  if (Array.isArray(value)) {
    return value.map((item) => issueText(item) ?? words(item, depth + 1)).filter(Boolean).join("; ") || undefined;
  }
  if (!isRecord(value)) return undefined;
  if (Array.isArray(value.issues)) return words(value.issues, depth + 1);
  if (isRecord(value.fieldErrors)) {
    const fields = Object.entries(value.fieldErrors).map(([name, errors]) => `${name}: ${words(errors, depth + 1)}`);
    return [words(value.formErrors, depth + 1), ...fields].filter(Boolean).join("; ") || undefined;
  }
  const error = words(value.error, depth + 1);
  const message = words(value.message, depth + 1);
  // The download route puts a bare label in `error` and the sentence in `message`.
  return error !== undefined && message !== undefined && typeof value.error === "string"
    ? `${error}: ${message}`
    : error ?? message;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The human words in an error answer of the site, whatever its shape: `error` as text or object, `message`, Zod issues,
 * bare arrays, plain text. Redacted, at most 500 characters; undefined for HTML, and when there are no words.
 *
 * @param body The answer's text.
 * @example
 * ```ts
 * console.log(errorMessage('{"error":"No model with id 5"}')); // No model with id 5
 * ```
 */
export function errorMessage(body: string): string | undefined {
  const text = body.trim();
  if (text === "" || text.startsWith("<")) return undefined;
  const value = parse(text);
  const found = value === undefined ? text : words(value);
  return found === undefined ? undefined : shownInput(found, longestMessage);
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
