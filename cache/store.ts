/** A value now, or a promise of it: stores may be either, and the fast ones should not have to wait. */
export type MaybePromise<T> = T | Promise<T>;

/** What a stored response is filed under. */
export interface CacheKey {
  /** The request's URL without fragment. */
  readonly url: string;
  /** Whose answer it is: empty for everyone's, else the fingerprint of a credential. */
  readonly partition: string;
}

/** One header field: name in lower case, and value. */
export type Field = readonly [name: string, value: string];

/** Everything about a stored response but its body. */
export interface StoredHead {
  /** The response's status. */
  readonly status: number;
  /** The reason phrase. */
  readonly statusText: string;
  /** The response's fields; those that must not be stored are already gone. */
  readonly headers: readonly Field[];
  /** The request's fields that Vary names, normalised; null for one that was missing (RFC 9111 section 4.1). */
  readonly vary: readonly (readonly [name: string, value: string | null])[];
  /** When the request went out, in milliseconds since the epoch. */
  readonly requestMs: number;
  /** When the response came in, in milliseconds since the epoch. */
  readonly responseMs: number;
  /** Lifetime by policy, in milliseconds, for a response whose origin named none. */
  readonly ttlMs?: number;
  /** The span a 206 holds, its last byte counted in; absent when the body is whole. */
  readonly span?: { readonly start: number; readonly end: number; readonly total: number };
}

/** A stored response, found. */
export interface CacheEntry {
  /** Names the entry within its store. */
  readonly id: number;
  /** Status, fields and times. */
  readonly head: StoredHead;
  /** Size of the body in bytes. */
  readonly bodyBytes: number;
}

/** Takes in a body as it passes by. The entry exists, whole, from `commit` on and not a moment earlier. */
export interface CacheWriter {
  /** Adds `bytes`, which belong to the writer from now on. */
  write(bytes: Uint8Array): MaybePromise<void>;
  /** Makes the entry visible and drops those it replaces. */
  commit(): MaybePromise<void>;
  /** Forgets what was written. */
  abort(): void;
}

/** What the cache did with a request, for the hit rate. */
export type CacheOutcome = "hit" | "stale" | "revalidated" | "miss";

/** A store's numbers. */
export interface CacheStats {
  /** Stored responses. */
  readonly entries: number;
  /** What they take, in bytes: bodies and fields. */
  readonly bytes: number;
  /** The most the store may take, in bytes. */
  readonly maxBytes: number;
  /** When the oldest entry was stored, in milliseconds since the epoch; undefined when there is none. */
  readonly oldestMs: number | undefined;
  /** Requests answered fresh from the store. */
  readonly hits: number;
  /** Requests answered from the store although stale. */
  readonly stale: number;
  /** Requests answered from the store after the origin said that nothing had changed. */
  readonly revalidated: number;
  /** Requests that went to the origin and brought a body back. */
  readonly misses: number;
  /** Body bytes that did not have to be fetched. */
  readonly bytesSaved: number;
  /** How often the store itself was in trouble since it was made. */
  readonly failures: number;
  /** What the last trouble was. */
  readonly failure?: string;
}

/** Narrows a listing or a clearing; without any of it, everything is meant. */
export interface CacheFilter {
  /** Host name, with the port if it has one. */
  readonly host?: string;
  /** How the URL begins. */
  readonly prefix?: string;
}

/** One line of a listing. */
export interface CacheListing {
  /** The URL, as stored: redact it before showing it. */
  readonly url: string;
  /** Whose it is, as in its key: empty for everyone's. */
  readonly partition: string;
  /** The response's status. */
  readonly status: number;
  /** Size of the body in bytes. */
  readonly bodyBytes: number;
  /** When it was stored or last confirmed, in milliseconds since the epoch. */
  readonly storedMs: number;
  /** When it was last used, in milliseconds since the epoch. */
  readonly usedMs: number;
}

/** What a check of the whole store found. */
export interface CacheVerdict {
  /** Entries looked at. */
  readonly checked: number;
  /** Entries that were damaged, and are gone now. */
  readonly removed: number;
}

/**
 * Where responses are kept. Small on purpose: freshness, Vary and partitions are decided above it. A store never
 * throws for trouble of its own (a full disk, a damaged file): it finds nothing, or keeps nothing.
 */
export interface CacheStore {
  /** Secret of this store, for the fingerprints of credentials. */
  readonly salt: string;
  /** Every response stored under `key`, in no order. */
  get(key: CacheKey): MaybePromise<readonly CacheEntry[]>;
  /** The body, checked, in pieces the caller must not change; undefined when it is gone or damaged. */
  body(entry: CacheEntry): MaybePromise<readonly Uint8Array[] | undefined>;
  /** Starts a new entry, which will take the place of those in `replaces`. */
  open(key: CacheKey, head: StoredHead, replaces: readonly CacheEntry[]): CacheWriter;
  /** Gives an entry new fields and times, keeping its body. */
  update(entry: CacheEntry, head: StoredHead): MaybePromise<void>;
  /** Drops single entries. */
  drop(entries: readonly CacheEntry[]): MaybePromise<void>;
  /** Drops everything under `url`, of all partitions. */
  invalidate(url: string): MaybePromise<void>;
  /** Counts what the cache did; `bytes` is the size of the body it spared. */
  record(outcome: CacheOutcome, bytes: number): void;
  /** The numbers. */
  stats(): MaybePromise<CacheStats>;
  /** The entries, most recently used first. */
  list(filter?: CacheFilter): MaybePromise<readonly CacheListing[]>;
  /** Drops the entries that `filter` means; returns how many. */
  clear(filter?: CacheFilter): MaybePromise<number>;
  /** Reads every entry and drops the damaged ones. */
  verify(): MaybePromise<CacheVerdict>;
  /** Writes down what is pending and lets go of the file. */
  close(): void;
}

/** Tells whether `filter` means `url`. */
export function isMeant(url: string, { host, prefix }: CacheFilter): boolean {
  return (prefix === undefined || url.startsWith(prefix)) &&
    (host === undefined || (URL.canParse(url) && new URL(url).host === host));
}

/**
 * What an entry takes besides its body, roughly, in bytes.
 *
 * @param perEntry What the store adds for every entry.
 * @param perField What it adds for every field.
 */
export function headBytes(key: CacheKey, head: StoredHead, perEntry: number, perField: number): number {
  let bytes = perEntry + key.url.length + key.partition.length;
  for (const [name, value] of head.headers) bytes += name.length + value.length + perField;
  return bytes;
}
