/**
 * A Civitai of one's own, on this machine: the API, the download route and a storage host on another port, with real
 * files whose hashes are right. Two ports, no network, no memory for big files.
 *
 * ```ts ignore
 * await using civitai = await startCivitai({ bigBytes: 256 * 1024 ** 2 });
 * const version = await (await fetch(civitai.url + "/api/v1/model-versions/2002")).json();
 * civitai.faults.expireLinksAfterBytes(1_000_000, 2);   // the next two links die after so many bytes
 * civitai.faults.killConnectionsEvery(3, 500_000);      // every third storage request is reset after so many bytes
 * civitai.storage.add({ kind: "stall", after: 10, times: 1 });   // or anything else from tests/_origin/faults.ts
 * civitai.log;            // requests to the API and the download route
 * civitai.storage.log;    // requests to the storage, with the bytes they cost
 * await civitai.sha256(3002);   // what file 3002 really hashes to, upper case
 * ```
 *
 * The ids are listed in `catalogue.ts`. Keys: `demo-key` (user), `member-key` (may download in early access).
 *
 * @module
 */
import { type Fault, type Origin, refusals } from "../_origin/mod.ts";
import { app } from "./app.ts";
import { catalogue, type CatalogueModel, type CatalogueOptions, findFile, type Found } from "./catalogue.ts";
import { gallery } from "./gallery.ts";
import { hashesOf } from "./hashes.ts";
import type { ListQuirks } from "./pages.ts";
import type { Refusal, Site, User } from "./site.ts";
import { startStorage } from "./storage.ts";

export { type CatalogueFile, type CatalogueModel, type CatalogueVersion, type Found } from "./catalogue.ts";
export { hashesOf } from "./hashes.ts";
export { safetensors, type SafetensorsOptions } from "./safetensors.ts";

/** What {@linkcode startCivitai} takes. */
export interface CivitaiOptions extends CatalogueOptions {
  /** Users by key (default: `demo-key` and `member-key`). */
  users?: Readonly<Record<string, User>>;
  /** How `downloadUrl` of files that are not primary is written (default `fileId`). */
  urlForm?: "fileId" | "query";
  /** Images in the gallery (default 20). */
  galleryImages?: number;
  /** Size of every image on the CDN at least, in bytes (default: a few hundred). */
  imageBytes?: number;
  /** Made-up creators and tags beside the real ones (default 0). */
  extraNames?: number;
  /** Made-up models behind the real ones, in lists without filters; ids from 1000000 (default 0). */
  bulkModels?: number;
  /** Port of the API (default: a free one). */
  port?: number;
}

/** One request to the API or the download route. */
export interface CivitaiLogEntry {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  status: number;
}

/** Switches for trouble. Anything finer is added to `storage` as a fault. */
export interface CivitaiFaults {
  /** Links signed from now on die (403, bodies cut) after so many body bytes; `times` of them (default: all). */
  expireLinksAfterBytes(bytes: number, times?: number): void;
  /** Every link signed so far answers 403 from now on. */
  expireLinksNow(): void;
  /** Every n-th request for a file on the storage is reset after `afterBytes` of its body; `times` (default: always). */
  killConnectionsEvery(n: number, afterBytes: number, times?: number): void;
  /** Resets every storage connection that is open now. */
  killConnectionsNow(): void;
  /** At most this many bytes a second on each storage connection. */
  limitConnections(bytesPerSecond: number): void;
  /** The next `n` API requests answer 429, with Retry-After where given (seconds or date). */
  rateLimitNext(n: number, retryAfter?: number | string): void;
  /** The next `n` requests to the download route answer this; default: the 429 for unusual downloading. */
  refuseDownloads(n: number, refusal?: Refusal & { retryAfter?: number | string }): void;
  /** What is wrong with the pages of models, images and articles from now on. */
  breakPages(quirks: ListQuirks): void;
  /** The HTML maintenance page (503) on every route, until it is turned off. */
  maintenance(isOn: boolean): void;
  /** All trouble off. */
  heal(): void;
}

/** A running Civitai. */
export interface Civitai extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  /** The storage host. */
  readonly storage: Origin;
  /** Requests to the API and the download route, oldest first. */
  readonly log: CivitaiLogEntry[];
  /** Switches for trouble. */
  readonly faults: CivitaiFaults;
  /** The shelves. */
  readonly models: readonly CatalogueModel[];
  /** The file with this id, with its version and model. */
  file(id: number): Found;
  /** True SHA-256 of the file with this id, upper case, whatever the API shows. */
  sha256(id: number): Promise<string>;
  /** Ends everything and frees the ports. */
  close(): Promise<void>;
}

const demoUsers: Readonly<Record<string, User>> = {
  "demo-key": { id: 7, username: "demo" },
  "member-key": { id: 8, username: "member", hasEarlyAccess: true },
};

function withRetryAfter(
  { status, body = "", headers = {}, retryAfter }: Refusal & { retryAfter?: number | string },
): Refusal {
  return {
    status,
    body,
    headers: retryAfter === undefined ? headers : { ...headers, "Retry-After": String(retryAfter) },
  };
}

/** Starts a Civitai on free ports. */
export async function startCivitai(
  {
    users = demoUsers,
    urlForm = "fileId",
    galleryImages = 20,
    imageBytes = 0,
    extraNames = 0,
    bulkModels = 0,
    port = 0,
    ...shelves
  }: CivitaiOptions = {},
): Promise<Civitai> {
  const models = catalogue(shelves);
  const storage = await startStorage(models);
  const log: CivitaiLogEntry[] = [];
  const site: Site = {
    ...{ models, storage, urlForm, users: new Map(Object.entries(users)) },
    ...{ gallery: gallery(galleryImages), imageBytes, extraNames, bulkModels, listQuirks: {} },
    ...{ isInMaintenance: false, apiRefusals: [], downloadRefusals: [] },
  };
  const { fetch } = app(site);
  const stop = new AbortController();
  const server = Deno.serve({ hostname: "127.0.0.1", port, signal: stop.signal, onListen() {} }, async (request) => {
    const { pathname: path, searchParams: query } = new URL(request.url);
    const entry: CivitaiLogEntry = { method: request.method, path, query, headers: request.headers, status: 0 };
    log.push(entry);
    const response = await fetch(request);
    entry.status = response.status;
    return response;
  });

  const add = (fault: Fault, times?: number) => storage.origin.add(times === undefined ? fault : { ...fault, times });
  const faults: CivitaiFaults = {
    expireLinksAfterBytes: storage.limitLinks,
    expireLinksNow: storage.revokeLinks,
    killConnectionsEvery: (n, after, times) => add({ kind: "cut", how: "rst", every: n, after }, times),
    killConnectionsNow: () => storage.origin.cutAll(),
    limitConnections: (bytesPerSecond) => add({ kind: "rate", bytesPerSecond }),
    rateLimitNext(n, retryAfter) {
      const body = `{"error":"Rate limit exceeded, please retry shortly."}`;
      const refusal = withRetryAfter({ status: 429, body, ...(retryAfter === undefined ? {} : { retryAfter }) });
      site.apiRefusals.push(...Array<Refusal>(n).fill(refusal));
    },
    refuseDownloads(n, refusal = refusals.unusualDownloads) {
      site.downloadRefusals.push(...Array<Refusal>(n).fill(withRetryAfter(refusal)));
    },
    breakPages: (quirks) => void (site.listQuirks = quirks),
    maintenance: (isOn) => void (site.isInMaintenance = isOn),
    heal() {
      site.isInMaintenance = false;
      site.listQuirks = {};
      site.apiRefusals.splice(0);
      site.downloadRefusals.splice(0);
      storage.limitLinks(Infinity, 0);
      storage.origin.heal();
    },
  };

  function file(id: number): Found {
    const found = findFile(models, id);
    if (!found) throw new RangeError(`looking for file ${id}: not in the catalogue`);
    return found;
  }

  let closed: Promise<void> | undefined;
  function close(): Promise<void> {
    stop.abort();
    return closed ??= Promise.all([server.finished, storage.origin.close()]).then(() => {});
  }

  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    ...{ storage: storage.origin, log, faults, models, file, close },
    async sha256(id) {
      const { content, headerBytes } = file(id).file;
      return (await hashesOf(content, headerBytes))["SHA256"]!;
    },
    [Symbol.asyncDispose]: close,
  };
}
