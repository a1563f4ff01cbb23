import { isSecretName, messageOf, redacted, redactText, redactUrl, rememberSecret } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";

const mostDepth = 5;
const mostText = 4096;
const mostItems = 50;

/** Makes text and data fit for a log: `secrets` and whatever looks like one are cut out, and sizes are bounded. */
export interface Cleaner {
  /** One line of text. */
  text(text: string): string;
  /** Anything else: headers, errors with their causes, objects. */
  value(value: unknown): unknown;
}

/** A cleaner; `secrets` become known to the whole process, see {@linkcode rememberSecret}. */
export function cleaner(secrets: readonly string[] = []): Cleaner {
  secrets.forEach(rememberSecret);

  function line(clean: string): string {
    const short = clean.length > mostText ? `${clean.slice(0, mostText)}…` : clean;
    // one record is one line, whatever a server sends
    return short.replace(/[\r\n\u2028\u2029]+/g, " ⏎ ").replace(/\p{Cc}/gu, "\u{fffd}");
  }

  // cut before it is shortened: half a secret would not be known
  const text = (text: string): string => line(redactText(text.slice(0, 2 * mostText)));

  function value(value: unknown, depth = 0): unknown {
    if (typeof value === "string") return text(value);
    if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") return String(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth >= mostDepth) return "…";
    if (value instanceof URL) return redactUrl(value);
    if (value instanceof Date) return value;
    if (value instanceof Error) {
      const { name, cause } = value;
      return {
        name,
        message: line(messageOf(value)),
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
      pairs.slice(0, mostItems).map(([name, item]) => [name, isSecretName(name) ? redacted : cleanAt(item, depth)]),
    );
  }

  const cleanAt = (item: unknown, depth: number) => value(item, depth + 1);
  return { text, value: (item) => value(item) };
}
