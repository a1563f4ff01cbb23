import { CivikitError, redactText, redactUrl } from "../../transport/mod.ts";

const secretName = /authorization|cookie|token|api[_-]?key|secret|passw|signature|credential|session/i;
const cookieLine = /\b((?:set-)?cookie["']?\s*[:=]\s*)[^\r\n]+/gi;
const mostDepth = 5;
const mostText = 4096;
const mostItems = 50;
const cut = "[redacted]";

/** Makes text and data fit for a log: `secrets` and whatever looks like one are cut out, and sizes are bounded. */
export interface Cleaner {
  /** One line of text. */
  text(text: string): string;
  /** Anything else: headers, errors with their causes, objects. */
  value(value: unknown): unknown;
}

/** A cleaner that also knows these secrets by heart. */
export function cleaner(secrets: readonly string[] = []): Cleaner {
  // a short one would tear holes into ordinary words
  const known = secrets.filter((secret) => secret.length >= 6);

  function plain(text: string): string {
    let clean = text.length > mostText ? `${text.slice(0, mostText)}…` : text;
    for (const secret of known) {
      clean = clean.replaceAll(secret, cut).replaceAll(encodeURIComponent(secret), cut);
    }
    return redactText(clean.replace(cookieLine, `$1${cut}`));
  }

  function text(text: string): string {
    // one record is one line, whatever a server sends
    return plain(text).replace(/[\r\n\u2028\u2029]+/g, " ⏎ ").replace(/\p{Cc}/gu, "\u{fffd}");
  }

  function value(value: unknown, depth = 0): unknown {
    if (typeof value === "string") return text(value);
    if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") return String(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth >= mostDepth) return "…";
    if (value instanceof URL) return redactUrl(value);
    if (value instanceof Date) return value;
    if (value instanceof Error) {
      const { name, message, cause } = value;
      return {
        ...{ name, message: text(message) },
        ...(value instanceof CivikitError && { code: value.code }),
        ...(cause !== undefined && { cause: cleanAt(cause, depth) }),
      };
    }
    if (Array.isArray(value)) return value.slice(0, mostItems).map((item) => cleanAt(item, depth));
    if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
    const pairs = value instanceof Headers || value instanceof Map || value instanceof URLSearchParams
      ? [...value].map(([name, item]): [string, unknown] => [String(name), item])
      : Object.entries(value);
    return Object.fromEntries(
      pairs.slice(0, mostItems).map(([name, item]) => [name, secretName.test(name) ? cut : cleanAt(item, depth)]),
    );
  }

  const cleanAt = (item: unknown, depth: number) => value(item, depth + 1);
  return { text, value: (item) => value(item) };
}
