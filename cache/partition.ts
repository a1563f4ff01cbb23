import { createHmac } from "node:crypto";
import { type Fields, isSecretName, remembered } from "../transport/internal.ts";
import type { CacheStore } from "./store.ts";

/**
 * The fingerprint under which a store keeps the answers to one credential: a keyed SHA-256, so that the store holds
 * nothing the credential could be worked out from, or even compared with outside this store.
 *
 * @param store Where the answers go; its salt is the key.
 * @param credential The secret, for instance an API key. It is not kept.
 * @returns 32 hexadecimal digits.
 * @example
 * ```ts
 * import { memoryStore, partitionOf } from "@civikit/civikit/cache";
 *
 * const store = memoryStore();
 * console.log(partitionOf(store, "key-1") === partitionOf(store, "key-2")); // false
 * ```
 */
export function partitionOf({ salt }: Pick<CacheStore, "salt">, credential: string): string {
  return fingerprint(salt, credential);
}

/** A keyed SHA-256 of `text`, cut to 128 bits, in hexadecimal. */
export function fingerprint(salt: string, text: string): string {
  return createHmac("sha256", salt).update(text).digest("hex").slice(0, 32);
}

/** Makes the function that fingerprints for `store`, and remembers: a keyed hash takes several times as long as a hit. */
export function fingerprinter(store: Pick<CacheStore, "salt">): (text: string) => string {
  const printsWith = (salt: string) => remembered(100, (text) => fingerprint(salt, text));
  let knownSalt = store.salt;
  let prints = printsWith(knownSalt);
  return (text) => {
    const { salt } = store;
    if (salt !== knownSalt) prints = printsWith(knownSalt = salt);
    return prints(text);
  };
}

/** Every field of a request that says who asks, whatever its name, as one text; empty when there is none. */
export function credentialsOf(headers: Fields): string {
  let credentials = "";
  headers.forEach((value, name) => {
    if (isSecretName(name)) credentials += `${name}: ${value}\n`;
  });
  return credentials;
}
