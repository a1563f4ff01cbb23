import type { Fields } from "../transport/internal.ts";
import type { Field } from "./store.ts";

/** RFC 9111 section 3.1, RFC 9110 section 7.6.1: about one connection, not about the response. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** RFC 9111 section 3.2: they describe the stored bytes, which a 304 or an answer to HEAD does not change. */
const aboutTheBody = new Set(["content-length", "content-encoding", "content-range"]);

/** The value of a stored field, several lines joined by commas; null when it is missing. */
export function field(headers: readonly Field[], name: string): string | null {
  let found: string | null = null;
  // by index: this is asked ten times for every answer, mostly before anything is compiled
  for (let at = 0; at < headers.length; at++) {
    const pair = headers[at]!;
    if (pair[0] === name) found = found === null ? pair[1] : `${found}, ${pair[1]}`;
  }
  return found;
}

/** Fields that were read out once: each look into Headers checks and folds the name anew. */
export class FieldList implements Fields {
  /** All of them, in order. */
  readonly list: readonly Field[];

  /** Reads them out. */
  constructor(headers: Headers) {
    const list: Field[] = [];
    // forEach, because Deno's iterator takes ten times as long
    headers.forEach((value, name) => list.push([name, value]));
    this.list = list;
  }

  get(name: string): string | null {
    return field(this.list, name);
  }

  has(name: string): boolean {
    return field(this.list, name) !== null;
  }

  forEach(callback: (value: string, name: string) => void): void {
    for (const [name, value] of this.list) callback(value, name);
  }
}

/** The members of a comma-separated field of tokens, in lower case. */
export function tokens(value: string | null): string[] {
  if (value === null) return [];
  return value.split(",").map((part) => part.trim().toLowerCase()).filter((part) => part !== "");
}

/** The fields of a response that may be stored (RFC 9111 section 3.1), less those in `unwanted`. */
export function storableFields({ list }: FieldList, unwanted: readonly string[]): Field[] {
  const named = tokens(field(list, "connection"));
  return list.filter((pair) => !hopByHop.has(pair[0]) && !named.includes(pair[0]) && !unwanted.includes(pair[0]));
}

/** The stored fields, updated by those of a 304 or of an answer to HEAD (RFC 9111 section 3.2). */
export function mergeFields(stored: readonly Field[], news: Headers, unwanted: readonly string[]): Field[] {
  const fresh = storableFields(new FieldList(news), unwanted).filter(([name]) => !aboutTheBody.has(name));
  const names = new Set(fresh.map(([name]) => name));
  // an Age that the update does not repeat was about the old answer
  return [...stored.filter(([name]) => !names.has(name) && name !== "age"), ...fresh];
}
