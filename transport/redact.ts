const secretName = /token|key|sig|auth|secret|pass|credential|policy|x-amz|session|cookie|expires/i;
const longestPlainValue = 64;

/**
 * A URL fit for logs, errors and events: no user info, no fragment, and no query string at all when any part of it
 * could be a credential or a signature (a telling name, or a value longer than 64 characters).
 *
 * @example
 * ```ts
 * import { redactUrl } from "@civikit/civikit/transport";
 *
 * console.log(redactUrl("https://me:pw@b2.example/f.bin?X-Amz-Signature=ab12")); // https://b2.example/f.bin?[redacted]
 * console.log(redactUrl("https://civitai.com/api/v1/models?limit=3")); // unchanged
 * ```
 */
export function redactUrl(url: string | URL): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return redactText(String(url));
  }
  const { protocol, host, pathname, search, searchParams } = parsed;
  const base = protocol === "data:" || protocol === "blob:" ? `${protocol}…` : `${protocol}//${host}${pathname}`;
  if (search === "") return base;
  for (const [name, value] of searchParams) {
    if (secretName.test(name) || value.length > longestPlainValue) return `${base}?[redacted]`;
  }
  return base + search;
}

const urlInText = /\bhttps?:\/\/[^\s"'<>)\]}\\]+/gi;
const bearer = /\b(bearer|basic)\s+[\w.~+/=-]+/gi;
const assignment =
  /((?:^|[\s"'{,;?&])["']?(?:authorization|cookie|set-cookie|[\w-]*(?:token|api[_-]?key|secret|password|signature|credential)[\w-]*)["']?\s*[:=]\s*["']?)(?!bearer |basic )[^\s"'&,;}]+/gi;

/** Free text with URLs redacted and anything that looks like a credential cut out. */
export function redactText(text: string): string {
  return text
    .replace(urlInText, (url) => URL.canParse(url) ? redactUrl(url) : "[redacted]")
    .replace(bearer, "$1 [redacted]")
    .replace(assignment, "$1[redacted]");
}
