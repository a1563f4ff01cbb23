import { type Directives, directivesOf, type DirectiveText } from "./cache_control.ts";

/** A bare item of RFC 8941: what civikit needs of it is the type and, for numbers and text, the value. */
export type BareItem =
  | { readonly type: "integer" | "decimal"; readonly value: number }
  | { readonly type: "string" | "token" | "bytes"; readonly value: string }
  | { readonly type: "boolean"; readonly value: boolean };

const key = /[a-z*][a-z0-9_.*-]*/y;
const number = /-?(?:\d{1,12}\.\d{1,3}|\d{1,15})(?![\d.])/y;
const text = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const word = /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y;
const bytes = /:([A-Za-z0-9+/=]*):/y;
const boolean = /\?([01])/y;
const comma = /[ \t]*,[ \t]*/y;
const spaces = / */y;

/** Walks over a text, one sticky pattern at a time. */
class Cursor {
  at = 0;
  constructor(readonly input: string) {}
  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.input);
    if (match) this.at += match[0].length;
    return match;
  }
  skip(char: string): boolean {
    if (this.input[this.at] !== char) return false;
    this.at++;
    return true;
  }
  get ended(): boolean {
    return this.at >= this.input.length;
  }
}

function bareItem(cursor: Cursor): BareItem | undefined {
  let match = cursor.take(number);
  if (match) return { type: match[0].includes(".") ? "decimal" : "integer", value: Number(match[0]) };
  match = cursor.take(text);
  if (match) return { type: "string", value: match[1]!.replace(/\\(.)/g, "$1") };
  match = cursor.take(word);
  if (match) return { type: "token", value: match[0] };
  match = cursor.take(bytes);
  if (match) return { type: "bytes", value: match[1]! };
  match = cursor.take(boolean);
  return match ? { type: "boolean", value: match[1] === "1" } : undefined;
}

function skipParameters(cursor: Cursor): boolean {
  while (cursor.skip(";")) {
    cursor.take(spaces);
    if (!cursor.take(key)) return false;
    if (cursor.skip("=") && !bareItem(cursor)) return false;
  }
  return true;
}

/**
 * Reads a structured Dictionary whose members are items (RFC 8941 section 3.2; inner lists, which no directive takes,
 * make it unreadable). Parameters are read over.
 *
 * @returns The members, a later one of the same name in place of an earlier one; undefined when the text is malformed.
 */
export function parseDictionary(value: string): Map<string, BareItem> | undefined {
  const cursor = new Cursor(value.trim());
  const found = new Map<string, BareItem>();
  while (!cursor.ended) {
    const name = cursor.take(key)?.[0];
    if (name === undefined) return undefined;
    const item: BareItem | undefined = cursor.skip("=") ? bareItem(cursor) : { type: "boolean", value: true };
    if (item === undefined || !skipParameters(cursor)) return undefined;
    found.set(name, item);
    if (cursor.ended) break;
    if (!cursor.take(comma) || cursor.ended) return undefined;
  }
  return found;
}

const lifetimes = new Set(["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"]);

/**
 * Reads a targeted field such as CDN-Cache-Control (RFC 9213 section 2.1).
 *
 * @param value The field's value; null when it is missing.
 * @returns Its directives; undefined when the field is missing, empty, malformed or gives a lifetime of the wrong type,
 * all of which mean that Cache-Control holds instead.
 */
export function parseTargeted(value: string | null): Directives | undefined {
  if (value === null) return undefined;
  const members = parseDictionary(value);
  if (members === undefined || members.size === 0) return undefined;
  const texts: DirectiveText[] = [];
  for (const [name, item] of members) {
    if (lifetimes.has(name)) {
      if (item.type !== "integer" || item.value < 0) return undefined;
      texts.push({ name, value: String(item.value) });
    } else if (item.type === "boolean") {
      if (item.value) texts.push({ name, value: undefined });
    } else texts.push({ name, value: item.type === "string" ? item.value : null });
  }
  return directivesOf(texts);
}
