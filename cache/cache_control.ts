import { remembered } from "../transport/internal.ts";

/** What a Cache-Control field says, of a request or of a response; durations in milliseconds. */
export interface Directives {
  /** `max-age`; 0 when its value makes no sense. */
  readonly maxAgeMs?: number;
  /** `s-maxage`; 0 when its value makes no sense. */
  readonly sMaxageMs?: number;
  /** `max-stale`; Infinity when it came without a value. */
  readonly maxStaleMs?: number;
  /** `min-fresh`; Infinity when its value makes no sense. */
  readonly minFreshMs?: number;
  /** `stale-while-revalidate` (RFC 5861). */
  readonly staleWhileRevalidateMs?: number;
  /** `stale-if-error` (RFC 5861). */
  readonly staleIfErrorMs?: number;
  /** `no-cache` without field names. */
  readonly noCache: boolean;
  /** The fields `no-cache="..."` names, in lower case. */
  readonly noCacheFields: readonly string[];
  /** `private` without field names. */
  readonly private: boolean;
  /** The fields `private="..."` names, in lower case. */
  readonly privateFields: readonly string[];
  /** `no-store`. */
  readonly noStore: boolean;
  /** `public`. */
  readonly public: boolean;
  /** `must-revalidate`. */
  readonly mustRevalidate: boolean;
  /** `proxy-revalidate`. */
  readonly proxyRevalidate: boolean;
  /** `must-understand`. */
  readonly mustUnderstand: boolean;
  /** `immutable` (RFC 8246). */
  readonly immutable: boolean;
  /** `only-if-cached`. */
  readonly onlyIfCached: boolean;
}

/** One directive as it was written: its name in lower case, and its argument without quotes. */
export interface DirectiveText {
  /** The name, in lower case. */
  readonly name: string;
  /** The argument; undefined when there is none, null when it is malformed. */
  readonly value: string | null | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9111 section 1.2.2: what does not fit counts as 2^31 seconds. */
const mostSeconds = 2 ** 31;

/** Cuts a field's value at commas outside quoted strings; a string that never ends swallows the rest. */
function members(text: string): string[] {
  if (!text.includes('"')) return text.split(",");
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted && char === "\\") at++;
    else if (char === '"') quoted = !quoted;
    else if (char === "," && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function argument(text: string): string | null {
  if (text.startsWith('"')) {
    const match = /^"((?:[^"\\]|\\.)*)"$/.exec(text);
    return match ? match[1]!.replace(/\\(.)/g, "$1") : null;
  }
  return token.test(text) ? text : null;
}

function split(text: string): DirectiveText[] {
  const found: DirectiveText[] = [];
  for (const member of members(text)) {
    const trimmed = member.trim();
    if (trimmed === "") continue;
    const equals = trimmed.indexOf("=");
    if (equals < 0) found.push({ name: trimmed.toLowerCase(), value: undefined });
    else {
      const name = trimmed.slice(0, equals);
      const spaced = name.trimEnd() !== name;
      found.push({
        name: name.trimEnd().toLowerCase(),
        value: spaced ? null : argument(trimmed.slice(equals + 1)),
      });
    }
  }
  return found;
}

function durationMs(value: string | null | undefined): number | undefined {
  if (typeof value !== "string" || !/^\d+$/.test(value)) return undefined;
  return Math.min(Number(value), mostSeconds) * 1000;
}

function fieldNames(value: string | null | undefined): readonly string[] | undefined {
  if (typeof value !== "string") return undefined;
  const names = value.split(",").map((name) => name.trim().toLowerCase()).filter((name) => name !== "");
  return names.length > 0 && names.every((name) => token.test(name)) ? names : undefined;
}

/** Builds {@linkcode Directives} out of single directives; what is malformed or contradicts itself is read as the strictest. */
export function directivesOf(texts: Iterable<DirectiveText>): Directives {
  const out: Mutable<Directives> = {
    noCache: false,
    noCacheFields: [],
    private: false,
    privateFields: [],
    noStore: false,
    public: false,
    mustRevalidate: false,
    proxyRevalidate: false,
    mustUnderstand: false,
    immutable: false,
    onlyIfCached: false,
  };
  const lifetime = (old: number | undefined, value: string | null | undefined) => {
    const now = durationMs(value) ?? 0;
    // RFC 9111 section 4.2.1: of two that disagree, take neither and call the response stale
    return old === undefined || old === now ? now : 0;
  };
  const least = (old: number | undefined, value: string | null | undefined) =>
    Math.min(old ?? Infinity, durationMs(value) ?? 0);
  for (const { name, value } of texts) {
    switch (name) {
      case "max-age":
        out.maxAgeMs = lifetime(out.maxAgeMs, value);
        break;
      case "s-maxage":
        out.sMaxageMs = lifetime(out.sMaxageMs, value);
        break;
      case "max-stale":
        out.maxStaleMs = value === undefined ? out.maxStaleMs ?? Infinity : least(out.maxStaleMs, value);
        break;
      case "min-fresh":
        out.minFreshMs = Math.max(out.minFreshMs ?? 0, durationMs(value) ?? Infinity);
        break;
      case "stale-while-revalidate":
        out.staleWhileRevalidateMs = least(out.staleWhileRevalidateMs, value);
        break;
      case "stale-if-error":
        out.staleIfErrorMs = least(out.staleIfErrorMs, value);
        break;
      case "no-cache": {
        const names = fieldNames(value);
        if (names) out.noCacheFields = [...out.noCacheFields, ...names];
        else out.noCache = true;
        break;
      }
      case "private": {
        const names = fieldNames(value);
        if (names) out.privateFields = [...out.privateFields, ...names];
        else out.private = true;
        break;
      }
      case "no-store":
        out.noStore = true;
        break;
      case "public":
        out.public = true;
        break;
      case "must-revalidate":
        out.mustRevalidate = true;
        break;
      case "proxy-revalidate":
        out.proxyRevalidate = true;
        break;
      case "must-understand":
        out.mustUnderstand = true;
        break;
      case "immutable":
        out.immutable = true;
        break;
      case "only-if-cached":
        out.onlyIfCached = true;
        break;
    }
  }
  return out;
}

/**
 * Reads a Cache-Control field (RFC 9111 section 5.2). Names count in any case, arguments with or without quotes;
 * a lifetime that is malformed, or given twice with different values, counts as 0, so that the answer is stale rather
 * than wrong.
 *
 * @param value The field's value, several lines joined by commas; null when the field is missing.
 * @example
 * ```ts
 * console.log(parseCacheControl("public, max-age=60").maxAgeMs); // 60000
 * console.log(parseCacheControl("max-age=60, max-age=90").maxAgeMs); // 0
 * ```
 */
export function parseCacheControl(value: string | null): Directives {
  return directivesIn(value ?? "");
}

/** The same few values come with every answer. */
const directivesIn = remembered(256, (text) => directivesOf(split(text)));
