import { isRecord } from "./is_record.ts";
import { shownInput } from "./redact.ts";

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
 * The words for people in an error answer, whatever its shape: `error` as text or object, `message`, Zod issues, bare
 * arrays, plain text. Redacted, at most 200 characters; undefined for HTML and XML, and when there are no words.
 *
 * @param body The answer's text.
 * @example
 * ```ts
 * console.log(errorWords('{"error":"No model with id 5"}')); // No model with id 5
 * ```
 */
export function errorWords(body: string): string | undefined {
  const text = body.trim();
  if (text === "" || text.startsWith("<")) return undefined;
  const value = parse(text);
  const found = value === undefined ? text : words(value);
  return found === undefined ? undefined : shownInput(found);
}
