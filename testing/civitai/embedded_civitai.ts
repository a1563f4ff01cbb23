import type { Clock, Transport } from "../../transport/mod.ts";
import { systemClock } from "../../transport/internal.ts";
import { inProcess } from "../in_process.ts";
import { hashesOf } from "../files/hashes.ts";
import type { LogEntry } from "../origin/answering.ts";
import { type Fault, refusals } from "../origin/faults.ts";
import type { FaultyOrigin, OriginServer } from "../origin/faulty_origin.ts";
import { app } from "./app.ts";
import { catalogue, type CatalogueModel, type CatalogueOptions, findFile, type Found } from "./catalogue.ts";
import { gallery } from "./gallery.ts";
import type { ListQuirks, Refusal, Site, User } from "./site.ts";
import { storage as makeStorage } from "./storage.ts";

/** What {@linkcode embeddedCivitai} takes. */
export interface EmbeddedCivitaiOptions extends CatalogueOptions {
  /** What is on the shelves instead of the usual models; read at every request, so that something can be published. */
  models?: readonly CatalogueModel[];
  /** Users by key (default: `demo-key` and `member-key`). */
  users?: Readonly<Record<string, User>>;
  /** How `downloadUrl` of files that are not primary is written (default `fileId`). */
  urlForm?: "fileId" | "query";
  /** Images in the gallery (default 20). */
  galleryImages?: number;
  /** Size of every image on the CDN at least, in bytes (default: a few hundred). */
  imageBytes?: number;
  /** How much is in collections 501 to 507, by their ids; read at every request (default: 3 in each). */
  collectionItems?: ReadonlyMap<number, number>;
  /** Made-up creators and tags beside the real ones (default 0). */
  extraNames?: number;
  /** Made-up models behind the real ones, in lists without filters; ids from 1000000 (default 0). */
  bulkModels?: number;
  /** Time for faults that wait, in one process (default: the machine's); see {@linkcode fakeClock}. */
  clock?: Clock;
  /** Sees every request to the API and the download route once it is answered. */
  onRequest?: (entry: CivitaiLogEntry) => void;
  /** Sees every request to the storage once nothing more will be sent for it. */
  onStorageRequest?: (entry: LogEntry) => void;
}

/** One request to the API or the download route. */
export interface CivitaiLogEntry {
  /** Method, in upper case. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Parameters of the query. */
  readonly query: URLSearchParams;
  /** All headers, the key in Authorization too. */
  readonly headers: Headers;
  /** Status of the answer; 0 while there is none. */
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
  /**
   * Resets every storage connection that is open now.
   *
   * @throws {TypeError} In one process, where there are no connections.
   */
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

/** Where an embedded Civitai listens. */
export interface CivitaiListenOptions {
  /** Port of the API, 0 to 65535; 0, the default, is any free one. The storage always takes a free one. */
  port?: number;
}

/** A Civitai of one's own: a {@linkcode Transport} as it is, two servers once it listens. */
export interface EmbeddedCivitai extends Transport {
  /** `https://civitai.com`; the address of the API once it listens. Without a slash at the end. */
  readonly url: string;
  /** The storage host. */
  readonly storage: FaultyOrigin;
  /** Requests to the API and the download route, oldest first. */
  readonly log: CivitaiLogEntry[];
  /** Switches for trouble. */
  readonly faults: CivitaiFaults;
  /** The shelves. */
  readonly models: readonly CatalogueModel[];
  /**
   * Answers in this process and follows redirects as `fetch` does: the storage at its own host, the site at any other.
   *
   * @throws {TypeError} When a fault of the storage takes a real connection: see {@linkcode needsServer}.
   */
  fetch(request: Request): Promise<Response>;
  /** The file with this id, with its version and model; RangeError when there is none. */
  file(id: number): Found;
  /** True SHA-256 of the file with this id, upper case, whatever the API shows. */
  sha256(id: number): Promise<string>;
  /** Serves the same site on two ports of this machine. */
  listen(options?: CivitaiListenOptions): Promise<CivitaiServer>;
}

/** An embedded Civitai that listens on `http://127.0.0.1:port`. */
export interface CivitaiServer extends EmbeddedCivitai, AsyncDisposable {
  /** The storage host. */
  readonly storage: OriginServer;
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

/**
 * A Civitai of one's own: the API, the download route with its signed links, the image CDN and the storage host behind
 * them, with real files whose hashes are right, and every refusal and fault of the real one on a switch. No network.
 *
 * The shelves are fixed, so that tests can name them; `models` lists them. Among them: model 1001 (a LoRA, versions 2001
 * and 2002), 1002 (a checkpoint with several files), 1005 (hostile names), 1007 (a wrong SHA-256), 1008 (early access),
 * 1009 (login required), 1011 (version 2100, `bigBytes` large). Keys: `demo-key`, and `member-key`, which may download in
 * early access.
 *
 * In one process it needs no permission and answers for `https://civitai.com` itself; on ports of this machine, for any
 * program: `await using server = await embeddedCivitai().listen()`, with `--allow-net=127.0.0.1`.
 *
 * @param options See {@linkcode EmbeddedCivitaiOptions}.
 * @example
 * ```ts
 * import { civitai } from "@civikit/civikit/api";
 * import { embeddedCivitai } from "@civikit/civikit/testing";
 *
 * const site = embeddedCivitai();
 * const { name } = await civitai(site).models.get(1001);
 * site.faults.rateLimitNext(1, 2);
 * console.log(name, (await site.fetch(new Request("https://civitai.com/api/v1/tags"))).status); // Paper Lantern Style 429
 * ```
 */
export function embeddedCivitai(
  {
    models: own,
    users = demoUsers,
    urlForm = "fileId",
    galleryImages = 20,
    imageBytes = 0,
    collectionItems = new Map(),
    extraNames = 0,
    bulkModels = 0,
    clock = systemClock,
    onRequest = () => {},
    onStorageRequest = () => {},
    ...shelves
  }: EmbeddedCivitaiOptions = {},
): EmbeddedCivitai {
  const models = own ?? catalogue(shelves);
  const storage = makeStorage(models, { clock, onRequest: onStorageRequest });
  const log: CivitaiLogEntry[] = [];
  const site: Site = {
    ...{ models, storage, urlForm, users: new Map(Object.entries(users)) },
    ...{ gallery: gallery(galleryImages), imageBytes, extraNames, collectionItems, bulkModels, listQuirks: {} },
    ...{ isInMaintenance: false, apiRefusals: [], downloadRefusals: [] },
  };
  const { fetch } = app(site);
  let listening: OriginServer | undefined;

  async function answer(request: Request): Promise<Response> {
    const { pathname: path, searchParams: query } = new URL(request.url);
    const entry: CivitaiLogEntry = { method: request.method, path, query, headers: request.headers, status: 0 };
    log.push(entry);
    const response = await fetch(request);
    entry.status = response.status;
    onRequest(entry);
    return response;
  }

  async function answerAnyHost(request: Request): Promise<Response> {
    const isStorage = new URL(request.url).host === new URL(storage.origin.url).host;
    return isStorage ? await storage.origin.fetch(new Request(request, { redirect: "manual" })) : await answer(request);
  }

  const add = (fault: Fault, times?: number) => storage.origin.add(times === undefined ? fault : { ...fault, times });
  const faults: CivitaiFaults = {
    expireLinksAfterBytes: storage.limitLinks,
    expireLinksNow: storage.revokeLinks,
    killConnectionsEvery: (n, after, times) => add({ kind: "cut", how: "rst", every: n, after }, times),
    killConnectionsNow() {
      if (!listening) throw new TypeError("killing connections: in one process there are none; use listen()");
      listening.cutAll();
    },
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

  async function listen({ port = 0 }: CivitaiListenOptions = {}): Promise<CivitaiServer> {
    const stop = new AbortController();
    const server = Deno.serve({ hostname: "127.0.0.1", port, signal: stop.signal, onListen() {} }, answer);
    const behind = listening = await storage.origin.listen();
    const url = `http://127.0.0.1:${server.addr.port}`;
    let closed: Promise<void> | undefined;
    function close(): Promise<void> {
      stop.abort();
      return closed ??= Promise.all([server.finished, behind.close()]).then(() => {});
    }
    return { ...embedded, url, storage: behind, close, [Symbol.asyncDispose]: close };
  }

  const embedded: EmbeddedCivitai = {
    url: "https://civitai.com",
    ...{ storage: storage.origin, log, faults, models, file, listen },
    fetch: (request) => inProcess(request, answerAnyHost),
    async sha256(id) {
      const { content, headerBytes } = file(id).file;
      return (await hashesOf(content, headerBytes))["SHA256"]!;
    },
  };
  return embedded;
}
