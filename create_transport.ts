import { civitaiPolicy } from "./api/client/civitai_policy.ts";
import { classifyCivitai, isPermanentRefusal } from "./api/client/errors.ts";
import { isReading } from "./api/client/reading.ts";
import { httpCache } from "./cache/http_cache.ts";
import type { CacheStore } from "./cache/store.ts";
import {
  type Ask,
  civitaiHosts,
  fetchOf,
  layerOf,
  middlewareOf,
  noOthers,
  ownSocket,
  sendOf,
} from "./transport/internal.ts";
import {
  auth,
  breaker,
  compose,
  connections,
  dedupe,
  type FetchOptions,
  fetchTransport,
  type HostHeaders,
  hostHeaders,
  type Middleware,
  observe,
  type RangeOptions,
  rangeTransport,
  rateLimit,
  type RateLimitOptions,
  type ResumeOptions,
  resumeTransport,
  retry,
  type RetryOptions,
  status,
  timeout,
  type Transport,
  type TransportEvent,
} from "./transport/mod.ts";

/** Options of {@linkcode createTransport}; each part of the stack takes its own. */
export interface CreateTransportOptions {
  /** The API key, or what finds it at each call for the host asked. Default: none. */
  key?: string | ((host: string) => string | undefined | Promise<string | undefined>);
  /** Hosts that may see the key. Default `civitai.com` and `civitai.red`. */
  hosts?: readonly string[];
  /** Connections of one download at most, 1 to 32. Default 4. */
  parallel?: number | (() => number);
  /** Size of a part in bytes, 64 KiB to 64 MiB. Default 8 MiB. */
  pieceBytes?: number | (() => number);
  /** Longest wait for headers in milliseconds. Default 30000. */
  headersMs?: number;
  /** Longest time for a whole API answer in milliseconds; downloads have none. Default 30000. */
  apiMs?: number;
  /**
   * Longest time for a whole picture in milliseconds: what is asked for with `accept: image/...`, as previews and the images
   * of the gallery are. Default 60000.
   */
  imageMs?: number;
  /** Longest silence of a body in milliseconds. Default 60000. */
  idleMs?: number;
  /** Connections that downloads hold open at once at each host, 1 to 1000. Default: no bound but that of each download. */
  maxConnections?: number;
  /**
   * Headers for single hosts, such as the token of a site where private files lie; see {@linkcode hostHeaders}. On another
   * origin a redirect leads to they are not sent. Default: none.
   */
  headers?: HostHeaders;
  /**
   * The socket: pool, HTTP version, proxy, certificates, User-Agent. Or a transport of one's own in its place, such as
   * `embeddedCivitai()` of `./testing`: redirects, and what no other origin may see, are its affair then, and so is closing.
   */
  socket?: FetchOptions | Transport;
  /** Retries of requests whose headers did not come or said «later». */
  retry?: RetryOptions;
  /** Requests per second and at once, for each host. */
  rateLimit?: RateLimitOptions;
  /** Healing of bodies; attempts and pauses hold for the parts of a download, too. */
  resume?: ResumeOptions;
  /**
   * Where answers of the API and pictures are kept, by what HTTP and Civitai say of them: `memoryStore()` or
   * `sqliteStore(path)`, which whoever opened it closes. Or a layer of one's own; see `httpCache`. Default: none.
   */
  cache?: CacheStore | Middleware;
  /**
   * Layers directly around the socket, such as `metrics`: they see every attempt and every part. What they add to a request
   * is not seen by cache and dedupe, so one that adds credentials belongs around the whole.
   */
  layers?: readonly Middleware[];
  /** Told every event of every call. */
  report?: (event: TransportEvent, id: string) => void;
}

/** A {@linkcode Transport} that holds connections. */
export interface CivikitTransport extends Transport, Disposable {
  /** Gives up the connection pools; calls under way end normally. */
  close(): void;
}

const isRanged = ({ headers }: Pick<Ask, "headers"> | Request): boolean => headers.has("range");
const isApi = ({ headers }: Ask): boolean => headers.get("accept")?.includes("json") ?? false;
const isPicture = ({ headers }: Ask): boolean => headers.get("accept")?.startsWith("image/") ?? false;

/** Whether it is a transport of one's own, and not what ours is to be like. */
const isTransport = (socket: FetchOptions | Transport): socket is Transport =>
  "fetch" in socket && typeof socket.fetch === "function";

/** Lets only those requests through a layer that `when` names; the others pass it by. */
function only(when: (ask: Ask) => boolean, middleware: Middleware): Middleware {
  const layer = layerOf(middleware);
  return middlewareOf((ask, next, context) => when(ask) ? layer(ask, next, context) : next(ask, context));
}

/** The cache of Civitai's answers in `store`. */
function cacheIn(store: CacheStore, hosts: readonly string[] = []): Middleware {
  return httpCache({ store, ...civitaiPolicy({ hosts: [...civitaiHosts, ...hosts] }), onForbiddenStale: "throw" });
}

/**
 * The whole stack with good defaults, in one call: status, key, cache (where given), dedupe, total deadline (API answers
 * and pictures), parallel ranges (for requests with a Range, which is how {@linkcode download} asks), healing bodies (all but API
 * answers, which are asked for again as a whole), and around each attempt retry, circuit breaker, rate limit and header timeout.
 *
 * The key is looked for once for each call, above everything that may give one caller's answer to another; only for a
 * request with a Range, whose answer nobody shares and which may take hours, at each attempt and each part.
 *
 * @param options See {@linkcode CreateTransportOptions}.
 * @throws {RangeError | TypeError} When an option is out of range, naming it.
 * @example
 * ```ts
 * import { civitai, createTransport } from "@civikit/civikit";
 *
 * using transport = createTransport({ parallel: 8 });
 * const api = civitai(transport);
 * console.log(typeof api.versions.get);
 * ```
 */
export function createTransport({
  key,
  hosts,
  parallel,
  pieceBytes,
  headersMs = 30_000,
  apiMs = 30_000,
  imageMs = 60_000,
  idleMs = 60_000,
  maxConnections,
  headers = {},
  socket: socketOptions = {},
  retry: retryOptions = {},
  rateLimit: limitOptions = {},
  resume: resumeOptions = {},
  cache,
  layers = [],
  report,
  ...others
}: CreateTransportOptions = {}): CivikitTransport {
  noOthers<CreateTransportOptions>("createTransport", others, {
    key,
    hosts,
    parallel,
    pieceBytes,
    headersMs,
    apiMs,
    imageMs,
    idleMs,
    maxConnections,
    headers,
    socket: socketOptions,
    retry: retryOptions,
    rateLimit: limitOptions,
    resume: resumeOptions,
    cache,
    layers,
    report,
  });
  const secretHeaders = Object.values(headers).flatMap((named) => Object.keys(named));
  const ground: Transport & { close?(): void } = isTransport(socketOptions)
    ? ownSocket(socketOptions, headersMs)
    : fetchTransport({
      headersMs,
      ...socketOptions,
      secretHeaders: [...secretHeaders, ...socketOptions.secretHeaders ?? []],
    });
  const credentials = [
    auth({ key, ...(hosts === undefined ? {} : { hosts }) }),
    ...(Object.keys(headers).length === 0 ? [] : [hostHeaders(headers)]),
  ];
  const bracket = compose(
    ground,
    retry({ isReading, isPermanent: isPermanentRefusal, ...retryOptions }),
    // a download has a budget of its own for attempts without progress; a few cut connections must not end it
    only((ask) => !isRanged(ask), breaker()),
    rateLimit(limitOptions),
    ...(maxConnections === undefined ? [] : [only(isRanged, connections(maxConnections))]),
    ...credentials.map((layer) => only(isRanged, layer)),
    ...layers,
  );
  const rangeOptions: RangeOptions = { when: isRanged, idleTimeoutMs: idleMs, classify: classifyCivitai };
  if (parallel !== undefined) rangeOptions.parallel = parallel;
  if (pieceBytes !== undefined) rangeOptions.pieceBytes = pieceBytes;
  const { maxAttempts, delayMs } = resumeOptions;
  if (maxAttempts !== undefined) rangeOptions.maxAttempts = maxAttempts;
  if (delayMs !== undefined) rangeOptions.delayMs = delayMs;
  const files = rangeTransport(
    resumeTransport(bracket, { idleTimeoutMs: idleMs, fromBytes: 0, classify: classifyCivitai, ...resumeOptions }),
    rangeOptions,
  );
  // JSON comes encoded and cannot be continued in the middle: who asks for it asks again
  const [sendApi, sendFile] = [sendOf(bracket), sendOf(files)];
  const bodies: Transport = {
    fetch: fetchOf((ask, context) => isApi(ask) ? sendApi(ask, context) : sendFile(ask, context)),
  };
  const stack = compose(
    bodies,
    status({ classify: classifyCivitai }),
    ...credentials.map((layer) => only((ask) => !isRanged(ask), layer)),
    ...(cache === undefined ? [] : [typeof cache === "function" ? cache : cacheIn(cache, hosts)]),
    dedupe(),
    only(isApi, timeout({ totalMs: apiMs })),
    only(isPicture, timeout({ totalMs: imageMs })),
  );
  const { fetch } = report === undefined ? stack : observe(stack, report);
  const close = () => ground.close?.();
  return { fetch, close, [Symbol.dispose]: close };
}
