import { type Ask, isRedirect, remembered, strongTag } from "../transport/internal.ts";
import type { Clock } from "../transport/mod.ts";
import { bodyOf, respond } from "./answer.ts";
import { formatCacheStatus, type ForwardReason } from "./cache_status.ts";
import { field, FieldList, mergeFields } from "./fields.ts";
import {
  type CacheMode,
  mayStore,
  policyOf,
  responseDirectives,
  unwantedFields,
  variesOnEverything,
} from "./freshness.ts";
import { asStored, placeOf, storedPlace } from "./partial.ts";
import type { CacheEntry, CacheKey, CacheStore, CacheWriter, Field, MaybePromise, StoredHead } from "./store.ts";
import { headOf } from "./stored_head.ts";
import { tee } from "./tee.ts";
import { selectingFields } from "./vary.ts";

/** What storing depends on; see the options of `httpCache`. */
export interface StoringOptions {
  /** Where responses go. */
  readonly store: CacheStore;
  /** How they are read. */
  readonly mode: CacheMode;
  /** Whether an answer without freshness is public. */
  readonly isPublic: ((request: Request, response: Response) => boolean) | undefined;
  /** Lifetime of such an answer, in milliseconds. */
  readonly defaultTtlMs: number;
  /** The last word. */
  readonly shouldStore: ((request: Request, response: Response) => boolean) | undefined;
  /** The longest body stored, in bytes. */
  readonly maxEntryBytes: number;
  /** The cache's name. */
  readonly name: string;
  /** Where time comes from. */
  readonly clock: Clock;
  /** Hides the value of a request field that may hold a credential. */
  readonly fingerprinted: (value: string) => string;
}

/** The moment a request went out. */
export interface Started {
  /** In milliseconds since the epoch. */
  readonly requestMs: number;
  /** How many invalidations there had been. */
  readonly epoch: number;
}

/** A response, as far as it is copied. */
interface Answered {
  readonly status: number;
  readonly statusText: string;
  readonly headers: FieldList;
}

/** What a response is stored for. */
export interface Kept {
  /** As the caller made it. */
  readonly ask: Ask;
  /** What it is filed under. */
  readonly key: CacheKey;
  /** What it takes the place of. */
  readonly replaces: readonly CacheEntry[];
}

/** Stores responses on their way to the caller. */
export interface Storing {
  /** Stores `response` if it may be, and returns the one to hand on: the same object when nothing is stored. */
  keep(kept: Kept, response: Response, fwd: ForwardReason, started: Started): MaybePromise<Response>;
  /** Joins a stored beginning with the rest that came as a 206, hands on the whole and stores it. */
  join(
    kept: Kept,
    rest: Response,
    beginning: { entry: CacheEntry; pieces: readonly Uint8Array[] },
    started: Started,
  ): Response;
  /** Notes that a request goes out now. */
  start(): Started;
  /** Keeps answers under way to these URLs from being stored: something newer was written. */
  forget(urls: readonly string[]): void;
}

/** A body up to this size with its length announced is read at once: much cheaper than passing it on in pieces. */
const atOnceBytes = 64 * 1024;
const mostRemembered = 1000;

/** Makes the part of `httpCache` that stores. */
export function storing(options: StoringOptions): Storing {
  const { store, mode, isPublic, defaultTtlMs, shouldStore, maxEntryBytes, name, clock, fingerprinted } = options;
  let epoch = 0;
  let floor = 0;
  const invalidated = new Map<string, number>();

  const isWanted = (url: string, began: number) => (invalidated.get(url) ?? floor) <= began;

  function headFor(
    { ask, key }: Kept,
    response: Response,
    headers: FieldList,
    { requestMs }: Started,
  ): StoredHead | undefined {
    const { status, statusText } = response;
    if (status < 200 || status > 599 || ask.method === "HEAD" || isFromElsewhere(response, key.url)) return;
    const { directives, isTargeted } = responseDirectives((field) => headers.get(field), mode);
    const hasExpires = !isTargeted && headers.has("expires");
    const isAuthorized = mode.shared && ask.headers.has("authorization");
    if (!mayStore({ status, directives, isAuthorized, hasExpires }, mode)) return;
    // whoever asks next may want it followed, and that is done below
    if (ask.redirect === "manual" && isRedirect(status)) return;
    if (ask.method !== "GET" && directives.maxAgeMs === undefined && !hasExpires) return;
    const vary = headers.get("vary");
    if (variesOnEverything(vary) || (shouldStore !== undefined && !shouldStore(ask.request, response))) return;
    const place = status === 206 ? placeOf(headers.get("content-range")) : undefined;
    if (status === 206 && (!place || !ask.headers.has("range"))) return;
    const isDefault = directives.maxAgeMs === undefined && !hasExpires && !directives.private && !directives.noCache &&
      isPublic !== undefined && isPublic(ask.request, response);
    const head = headOf({ status, statusText, headers }, unwantedFields(directives, mode), {
      vary: selectingFields(vary, ask.headers, fingerprinted),
      requestMs,
      responseMs: clock.date(),
    });
    if (isDefault) head.ttlMs = defaultTtlMs;
    if (place) head.span = asStored(place);
    return isUseful(head, headers, directives.maxAgeMs) ? head : undefined;
  }

  /** Tells whether the entry could ever be used again. */
  function isUseful(head: StoredHead, headers: FieldList, maxAgeMs = 0): boolean {
    if (maxAgeMs > 0 || headers.has("etag") || headers.has("last-modified")) return true;
    const { lifetimeMs, directives } = policyOf(head, mode);
    return lifetimeMs > 0 || Boolean(directives.staleWhileRevalidateMs) || Boolean(directives.staleIfErrorMs);
  }

  const marks = remembered<readonly Field[]>(16, (fwd) => [
    ["cache-status", formatCacheStatus(name, { fwd: fwd as ForwardReason, stored: true })],
  ]);

  function marked({ key }: Kept, body: BodyInit | null, answered: Answered, fwd: ForwardReason): Response {
    return respond(key.url, body, answered, answered.headers.list, marks(fwd));
  }

  /** A 206 leaves the whole it is a part of in place, and everything else gives way. */
  function replaced({ replaces }: Kept, head: StoredHead): readonly CacheEntry[] {
    if (!head.span) return replaces;
    const tag = strongTag(field(head.headers, "etag"));
    return replaces.filter((old) =>
      old.head.span || tag === undefined || tag !== strongTag(field(old.head.headers, "etag"))
    );
  }

  function keep(kept: Kept, response: Response, fwd: ForwardReason, started: Started): MaybePromise<Response> {
    const headers = new FieldList(response.headers);
    const head = headFor(kept, response, headers, started);
    if (head === undefined) return response;
    const answered = { status: response.status, statusText: response.statusText, headers };
    const { url } = kept.key;
    const place = head.span && storedPlace(head, 0);
    const expectedBytes = place ? place.end - place.start : announcedBytes(headers);
    if (expectedBytes !== undefined && expectedBytes > maxEntryBytes) return response;
    // whoever asks for the stream has it watched by the garbage collector, and with it all that leads there
    if ((expectedBytes !== undefined && expectedBytes <= atOnceBytes) || response.body === null) {
      return response.bytes().then((bytes) => {
        const isWhole = (expectedBytes ?? 0) === bytes.length && isWanted(url, started.epoch);
        const written = isWhole ? put(store.open(kept.key, head, replaced(kept, head)), bytes) : undefined;
        return written instanceof Promise
          ? written.then(() => marked(kept, bytes, answered, fwd))
          : marked(kept, bytes, answered, fwd);
      });
    }
    const body = tee(response.body, store.open(kept.key, head, replaced(kept, head)), {
      maxBytes: maxEntryBytes,
      expectedBytes,
      isWanted: () => isWanted(url, started.epoch),
    });
    return marked(kept, body, answered, fwd);
  }

  function join(
    kept: Kept,
    rest: Response,
    { entry, pieces }: { entry: CacheEntry; pieces: readonly Uint8Array[] },
    started: Started,
  ): Response {
    const { total } = entry.head.span!;
    const merged = mergeFields(entry.head.headers, rest.headers, []).filter(([field]) =>
      field !== "content-range" && field !== "content-length"
    );
    const headers = new FieldList(new Headers([...merged, ["content-length", String(total)]] as [string, string][]));
    const whole = { status: 200, statusText: "OK", headers };
    const { vary, ttlMs } = entry.head;
    const head = headOf(whole, [], { vary, requestMs: started.requestMs, responseMs: clock.date() });
    if (ttlMs !== undefined) head.ttlMs = ttlMs;
    const body = concatenated(new Response(bodyOf(pieces)).body!, rest.body!);
    if (total > maxEntryBytes) return marked(kept, body, whole, "partial");
    const writer = store.open(kept.key, head, kept.replaces);
    return marked(
      kept,
      tee(body, writer, {
        maxBytes: maxEntryBytes,
        expectedBytes: total,
        isWanted: () => isWanted(kept.key.url, started.epoch),
      }),
      whole,
      "partial",
    );
  }

  function forget(urls: readonly string[]): void {
    if (invalidated.size + urls.length > mostRemembered) {
      invalidated.clear();
      floor = epoch + 1;
    }
    epoch++;
    for (const url of urls) invalidated.set(url, epoch);
  }

  return { keep, join, start: () => ({ requestMs: clock.date(), epoch }), forget };
}

/**
 * Tells whether a redirect was followed below, so that `response` is the answer of another URL. The platform's own
 * `url` is not asked: it is parsed anew each time, and is another one only where `redirected` says so.
 */
function isFromElsewhere(response: Response, url: string): boolean {
  return response.redirected || (Object.hasOwn(response, "url") && response.url !== "" && response.url !== url);
}

/** Stores a whole body. */
function put(writer: CacheWriter, bytes: Uint8Array): MaybePromise<void> {
  const taken = writer.write(bytes);
  return taken instanceof Promise ? taken.then(() => writer.commit()) : writer.commit();
}

function announcedBytes(headers: FieldList): number | undefined {
  const length = headers.get("content-length");
  if (length === null || headers.has("content-encoding")) return undefined;
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** Two streams, one after the other. */
function concatenated(
  first: ReadableStream<Uint8Array>,
  second: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const readers = [first.getReader(), second.getReader()];
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const [reader] = readers;
        if (!reader) return controller.close();
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        readers.shift();
      }
    },
    async cancel(reason) {
      await Promise.all(readers.map((reader) => reader.cancel(reason)));
    },
  }, { highWaterMark: 0 });
}
