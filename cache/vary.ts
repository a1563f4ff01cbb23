import { type Fields, isSecretName, remembered } from "../transport/internal.ts";
import { field, tokens } from "./fields.ts";
import type { StoredHead } from "./store.ts";

interface Preference {
  readonly item: string;
  readonly weight: number;
}

function preferences(value: string): Preference[] {
  return value.toLowerCase().split(",").flatMap((part) => {
    const [item = "", ...parameters] = part.split(";").map((piece) => piece.trim().replace(/\s*=\s*/, "="));
    if (item === "") return [];
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    return [{ item, weight: weight === undefined ? 1 : Number(weight) }];
  });
}

/** Lists of preferences whose order and case mean nothing (RFC 9110 sections 12.5.2 to 12.5.4). */
const unordered = new Set(["accept-charset", "accept-encoding", "accept-language"]);

/** A list of preferences, sorted: a client sends the same few with every request. */
const sorted = remembered(
  256,
  (value) => preferences(value).map(({ item, weight }) => weight === 1 ? item : `${item};q=${weight}`).sort().join(","),
);

/** The fields a Vary names, each once. */
const namesIn = remembered(256, (vary) => [...new Set(tokens(vary))]);

/**
 * A request field as Vary compares it: lists of preferences sorted and in lower case, other fields with the white space
 * around their commas removed (RFC 9111 section 4.1).
 *
 * @param name The field's name, in lower case.
 * @param value Its value, several lines joined by commas; null when it is missing.
 */
export function normaliseField(name: string, value: string | null): string | null {
  if (value === null) return null;
  if (unordered.has(name)) return sorted(value);
  // white space in a quoted string means something
  return value.includes('"') ? value.trim() : value.split(",").map((part) => part.trim()).join(",");
}

/**
 * The request's fields that `vary` names, normalised, as they are stored with the response.
 *
 * @param vary The response's Vary; null when it is missing.
 * @param headers The request's fields.
 * @param fingerprinted Hides the value of a field that may hold a credential.
 */
export function selectingFields(
  vary: string | null,
  headers: Fields,
  fingerprinted: (value: string) => string,
): (readonly [string, string | null])[] {
  if (vary === null) return [];
  return namesIn(vary).map((name) => [name, selectingValue(name, headers, fingerprinted)] as const);
}

function selectingValue(name: string, headers: Fields, fingerprinted: (value: string) => string): string | null {
  const value = normaliseField(name, headers.get(name));
  return value !== null && isSecretName(name) ? fingerprinted(value) : value;
}

/** The one language the request likes best of all; undefined when there is none, or when two share the first place. */
function favourite(acceptLanguage: string | null): string | undefined {
  const [first, second] = preferences(acceptLanguage ?? "").sort((a, b) => b.weight - a.weight);
  return first && first.item !== "*" && first.weight > (second?.weight ?? 0) ? first.item : undefined;
}

/**
 * Tells whether a stored response answers a request with these fields (RFC 9111 section 4.1). A response that says it
 * is in the language the request likes best answers it too: no negotiation could do better.
 */
export function matchesVary(head: StoredHead, headers: Fields, fingerprinted: (value: string) => string): boolean {
  for (const [name, stored] of head.vary) {
    if (name === "*") return false;
    if (selectingValue(name, headers, fingerprinted) === stored) continue;
    if (name !== "accept-language") return false;
    const language = field(head.headers, "content-language")?.trim().toLowerCase();
    if (language === undefined || language !== favourite(headers.get(name))) return false;
  }
  return true;
}
