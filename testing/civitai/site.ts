/**
 * What all routes of the embedded Civitai share: the shelves, the storage, the keys and the switches for trouble.
 *
 * @module
 */
import type { CatalogueModel } from "./catalogue.ts";
import type { GalleryEntry } from "./gallery.ts";
import type { Storage } from "./storage.ts";

/** Someone with a key. */
export interface User {
  /** Their number. */
  readonly id: number;
  /** Their name. */
  readonly username: string;
  /** True for users who may download in early access. */
  readonly hasEarlyAccess?: boolean;
}

/** A refusal that waits for the next requests. */
export interface Refusal {
  /** Status of the answer. */
  readonly status: number;
  /** Its text (default: none). */
  readonly body?: string;
  /** Its headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Trouble with pages; all off by default. */
export interface ListQuirks {
  /** So many empty pages, with cursors, before every page that holds something. */
  readonly emptyPages?: number;
  /** Rows missing at the end of every page but the last; they come on the next one. */
  readonly shortBy?: number;
  /** The last row of a page comes again on the next one. */
  readonly repeatsEdge?: boolean;
  /** After so many pages the cursor leads back to the first of them. */
  readonly circleAfter?: number;
  /** Cursors are numbers, as in old data. */
  readonly numericCursor?: boolean;
}

/** The state of the site. */
export interface Site {
  readonly models: readonly CatalogueModel[];
  readonly storage: Storage;
  readonly users: ReadonlyMap<string, User>;
  /** How `downloadUrl` of files that are not primary is written. */
  readonly urlForm: "fileId" | "query";
  /** The images of the gallery. */
  readonly gallery: readonly GalleryEntry[];
  /** Size of every image on the CDN at least. */
  readonly imageBytes: number;
  /** How much is in collections, by their ids. */
  readonly collectionItems: ReadonlyMap<number, number>;
  /** Made-up creators and tags beside the real ones. */
  readonly extraNames: number;
  /** Made-up models behind the real ones, in lists without filters. */
  readonly bulkModels: number;
  /** What is wrong with pages. */
  listQuirks: ListQuirks;
  /** While true every route answers 503 with an HTML page. */
  isInMaintenance: boolean;
  /** Answers for the next API requests, first in first out. */
  readonly apiRefusals: Refusal[];
  /** Answers for the next requests to the download route. */
  readonly downloadRefusals: Refusal[];
}

/** The user of a request: the header wins over `?token=`; a wrong key is no key (api reference, section 1). */
export function userOf(site: Site, request: Request): User | undefined {
  const header = request.headers.get("authorization");
  const key = header === null ? new URL(request.url).searchParams.get("token") : header.split(" ")[1];
  return site.users.get(key ?? "");
}

/** Tells whether the User-Agent counts as a browser (api reference, section 9). */
export function isBrowser(request: Request): boolean {
  return /mozilla|chrome|safari|firefox|opera|edge/i.test(request.headers.get("user-agent") ?? "");
}

/** Reads an id as the by-id routes do; undefined where they answer 400. */
export function idOf(text: string): number | undefined {
  const id = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(id) ? id : undefined;
}

/** The text of the 400 that by-id routes give for a bad id. */
export const badId = "✖ Invalid input: expected number, received NaN\n  → at id";
