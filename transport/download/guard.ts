import { ContentError } from "../errors.ts";
import { redactUrl } from "../redact.ts";

/** Endings of names under which text of this kind may well be what was asked for. */
const textual: Readonly<Record<string, RegExp>> = {
  html: /\.x?html?$/i,
  json: /\.(?:json|jsonl|ipynb|txt)$/i,
};

/** Tells what kind of text a Content-Type announces, if one that is hardly ever a model. */
function announced(contentType: string | null): "html" | "json" | undefined {
  const [type = ""] = (contentType ?? "").toLowerCase().split(";").map((text) => text.trim());
  if (type === "text/html" || type === "application/xhtml+xml") return "html";
  return type === "application/json" || type.endsWith("+json") ? "json" : undefined;
}

function refuse(url: string, state: string, isPage: boolean): ContentError {
  return new ContentError(`downloading "${redactUrl(url)}": ${state} came instead of the file`, {
    code: isPage ? "login_required" : "unexpected_content",
    url: redactUrl(url),
  });
}

/**
 * Refuses an answer whose head shows that it is a login page or an error text and not the file (faults row 14).
 *
 * @throws {ContentError} `login_required` for a page, `unexpected_content` for JSON.
 */
export function guardHead(headers: Headers, path: string, url: string): void {
  const kind = announced(headers.get("content-type"));
  if (kind === undefined || textual[kind]!.test(path)) return;
  if (/\battachment\b/i.test(headers.get("content-disposition") ?? "")) return;
  throw refuse(url, kind === "html" ? "a web page" : "a JSON text", kind === "html");
}

/**
 * Refuses a file whose first bytes are those of a page or of an error text, whatever its head said.
 *
 * @throws {ContentError} `login_required` for a page, `unexpected_content` for JSON.
 */
export function guardStart(bytes: Uint8Array, path: string, url: string): void {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 64)).replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(?:!doctype html|html|head|body)\b/i.test(start) && !textual.html!.test(path)) {
    throw refuse(url, "a web page", true);
  }
  if (/^\{\s*"(?:error|message)"\s*:/.test(start) && !textual.json!.test(path)) {
    throw refuse(url, "an error text", false);
  }
}
