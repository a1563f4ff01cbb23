import { field, type FieldList, mergeFields, storableFields } from "./fields.ts";
import { type CacheMode, responseDirectives, unwantedFields } from "./freshness.ts";
import type { Field, StoredHead } from "./store.ts";

/** A response without Date gets the time it came in as one (RFC 9110 section 6.6.1). */
function dated(fields: Field[], responseMs: number): Field[] {
  return field(fields, "date") === null ? [...fields, ["date", new Date(responseMs).toUTCString()]] : fields;
}

/** What is stored of a response, besides its body. */
export function headOf(
  { status, statusText, headers }: { status: number; statusText: string; headers: FieldList },
  unwanted: readonly string[],
  { vary, requestMs, responseMs }: Pick<StoredHead, "vary" | "requestMs" | "responseMs">,
): { -readonly [K in keyof StoredHead]: StoredHead[K] } {
  const fields = dated(storableFields(headers, unwanted), responseMs);
  return { status, statusText, headers: fields, vary, requestMs, responseMs };
}

/** What is known about an update besides its fields. */
export interface FreshenedFacts {
  /** When the request went out, in milliseconds since the epoch. */
  readonly requestMs: number;
  /** When the update came in, in milliseconds since the epoch. */
  readonly responseMs: number;
  /** How responses are read. */
  readonly mode: CacheMode;
  /** The selecting fields, where the update names others. */
  readonly vary?: StoredHead["vary"];
}

/** A stored head confirmed by a 304, or updated by an answer to HEAD (RFC 9111 sections 3.2, 4.3.4 and 4.3.5). */
export function freshened(
  head: StoredHead,
  news: Headers,
  { requestMs, responseMs, mode, vary = head.vary }: FreshenedFacts,
): StoredHead {
  const { directives } = responseDirectives((name) => news.get(name), mode);
  const merged = mergeFields(head.headers, news, unwantedFields(directives, mode));
  // the old Date is not when the confirmation was made
  const headers = news.has("date") ? merged : dated(merged.filter(([name]) => name !== "date"), responseMs);
  return { ...head, headers, vary, requestMs, responseMs };
}
