import { civitaiPolicy } from "../../api/client/civitai_policy.ts";
import { classifyCivitai } from "../../api/client/errors.ts";
import { cacheInfo } from "../../cache/cache_status.ts";
import { httpCache } from "../../cache/http_cache.ts";
import type { CacheStore } from "../../cache/store.ts";
import { type CivikitTransport, createTransport, type CreateTransportOptions } from "../../create_transport.ts";
import { type MemoryGuard, memoryGuard, type MemoryGuardOptions } from "../../monitor/metrics/memory_guard.ts";
import type { Monitor, MonitorOptions } from "../../monitor/open_monitor.ts";
import { civitaiHosts, middlewareOf, nearestOf, trustedHosts } from "../../transport/internal.ts";
import { CivikitError, compose, type Middleware, type Transport } from "../../transport/mod.ts";

/** Where answers of the API are kept, and how many. */
export interface StackCache {
  /** The file. */
  readonly path: string;
  /** Most bytes in it. Default 100 MiB. */
  readonly maxBytes?: number | undefined;
  /** How long an answer whose origin names no freshness is fresh, in milliseconds. Default: as `httpCache` has it. */
  readonly defaultTtlMs?: number | undefined;
}

/** An old answer that stands in for one that could not be had. */
export interface StaleAnswer {
  /** Who did not answer. */
  readonly host: string;
  /** Why, in a word. */
  readonly reason: string;
  /** How old the answer is, in milliseconds. */
  readonly ageMs: number;
}

/** What {@linkcode openStack} goes by. */
export interface StackOptions {
  /** Where the API is. */
  readonly baseUrl: string;
  /** The API key for a host. Default: none. */
  readonly key?: (host: string) => string | undefined;
  /** Hosts that may see the key, besides the API's own. Default `civitai.com` and `civitai.red`. */
  readonly hosts?: readonly string[];
  /** Further addresses someone named: what is nearer than all of them and the API is not asked. Default: none. */
  readonly named?: readonly string[];
  /** Time limits, retries, connections and everything else the transport is made of. */
  readonly transport?: Omit<
    CreateTransportOptions,
    "key" | "hosts" | "cache" | "layers" | "report" | "parallel" | "pieceBytes"
  >;
  /** Connections of one download at most, 1 to 32. Default 4. */
  readonly parallel?: number | undefined;
  /** Size of a part in bytes, 64 KiB to 64 MiB. Default 8 MiB. */
  readonly pieceBytes?: number | undefined;
  /** Where answers are kept. Default: nowhere. */
  readonly cache?: StackCache | undefined;
  /** Layers directly around the socket, such as limits shared with other machines. Default: none. */
  readonly layers?: readonly Middleware[] | undefined;
  /** Makes a store that others share out of the one of this machine, which it closes; told undefined where there is none. Default: nobody shares it. */
  readonly share?: ((local: CacheStore | undefined) => Promise<CacheStore>) | undefined;
  /** What records. Default: nothing does. */
  readonly monitor?: Omit<MonitorOptions, "guard"> | undefined;
  /** The memory guard, which works with and without a monitor; false for none. Default: one with its own defaults. */
  readonly guard?: Pick<MemoryGuardOptions, "limitBytes" | "everyMs" | "rssBytes"> | false;
  /** Told when an old answer is used. */
  readonly onStale?: (answer: StaleAnswer) => void;
  /** Told what could not be opened; the stack goes without. */
  readonly onTrouble?: (part: "cache" | "monitor", error: CivikitError) => void;
}

/** What of a stack may change while it is used. */
export type StackWays = Pick<StackOptions, "transport" | "parallel" | "pieceBytes" | "guard" | "hosts">;

/** The whole stack as commands, the service and workers use it: with cache and monitor, where they may be had. */
export interface Stack extends Disposable {
  /** The transport. */
  readonly transport: Transport;
  /** What records, where something does. */
  readonly monitor: Monitor | undefined;
  /** The answers of earlier runs, where they are kept. */
  readonly store: CacheStore | undefined;
  /**
   * Takes other limits, retries and connections: whatever is asked from now on goes that way, within a download too.
   *
   * @throws {RangeError | TypeError} When an option is out of range; everything stays as it was then.
   */
  renew(options: StackWays): void;
  /** Hands over what was recorded and gives up connections and files. */
  close(): void;
}

type Trouble = NonNullable<StackOptions["onTrouble"]>;

async function openCache(cache: StackCache | undefined, onTrouble: Trouble): Promise<CacheStore | undefined> {
  if (cache === undefined) return undefined;
  const { path, maxBytes } = cache;
  try {
    const { sqliteStore } = await import("../../cache/sqlite_store.ts");
    return sqliteStore(path, maxBytes === undefined ? {} : { maxBytes });
  } catch (error) {
    // a full disk or a damaged home folder stops nobody
    if (!(error instanceof CivikitError)) throw error;
    onTrouble("cache", error);
    return undefined;
  }
}

async function startMonitor(options: MonitorOptions | undefined, onTrouble: Trouble): Promise<Monitor | undefined> {
  if (options === undefined) return undefined;
  try {
    const { openMonitor } = await import("../../monitor/open_monitor.ts");
    return openMonitor({ classify: classifyCivitai, ...options });
  } catch (error) {
    if (!(error instanceof CivikitError)) throw error;
    onTrouble("monitor", error);
    return undefined;
  }
}

/** Tells when an old answer stands in for one that could not be had. */
function tellStale(onStale: (answer: StaleAnswer) => void): Middleware {
  return middlewareOf(async function tellStale(ask, next, context) {
    const response = await next(ask, context);
    const info = cacheInfo(response);
    if (info?.result === "stale" && info.reason !== undefined) {
      onStale({ host: new URL(ask.url).host, reason: info.reason, ageMs: info.ageMs });
    }
    return response;
  });
}

function sizesOf({ parallel, pieceBytes }: Pick<StackWays, "parallel" | "pieceBytes">) {
  return { ...(parallel !== undefined && { parallel }), ...(pieceBytes !== undefined && { pieceBytes }) };
}

/** What the memory guard goes by; false: there is to be none. */
function guardOf({ guard = {}, ...ways }: StackWays): Exclude<NonNullable<MonitorOptions["guard"]>, false> | false {
  return guard && { ...guard, ...sizesOf(ways) };
}

/**
 * Puts the stack together. A cache or a monitor that cannot be opened is told and left out.
 *
 * @param options See {@linkcode StackOptions}.
 * @throws {RangeError | TypeError} When an option is out of range, naming it.
 * @throws {InputError} `invalid_config` when the key for the API's host cannot be read.
 */
export async function openStack({
  baseUrl,
  key = () => undefined,
  named = [],
  cache,
  layers: ownLayers = [],
  share,
  monitor: monitorOptions,
  onStale,
  onTrouble = () => {},
  ...ways
}: StackOptions): Promise<Stack> {
  const { host } = new URL(baseUrl);
  key(host); // one that cannot be read is said at once, not at the first call
  const local = await openCache(cache, onTrouble);
  const store = share === undefined ? local : await share(local);
  const guard = guardOf(ways);
  const monitor = await startMonitor(monitorOptions && { ...monitorOptions, guard }, onTrouble);
  const layer = store === undefined ? undefined : httpCache({
    store,
    ...civitaiPolicy({ hosts: [...civitaiHosts, host] }),
    ...(cache?.defaultTtlMs !== undefined && { defaultTtlMs: cache.defaultTtlMs }),
    onForbiddenStale: "throw",
  });

  function make({ transport: options = {}, hosts = trustedHosts, ...sizes }: StackWays, guard?: MemoryGuard) {
    return createTransport({
      ...options,
      ...monitor?.transport,
      layers: [...ownLayers, ...monitor?.transport.layers ?? []],
      ...(guard === undefined ? sizesOf(sizes) : { parallel: guard.parallel, pieceBytes: guard.pieceBytes }),
      key,
      ...(layer !== undefined && { cache: layer }),
      hosts: [...hosts, host],
      socket: { nearest: nearestOf([baseUrl, ...named]), ...options.socket },
    });
  }

  let watched = monitor === undefined ? guard ? memoryGuard(guard) : undefined : monitor.guard;
  let base = make(ways, watched);
  // what is under way has its bodies from there still
  const before: CivikitTransport[] = [];
  const now: Transport = { fetch: (request, context) => base.fetch(request, context) };
  const { fetch } = onStale === undefined ? now : compose(now, tellStale(onStale));
  function close(): void {
    for (const one of [base, ...before]) one.close();
    monitor?.close();
    watched?.stop();
    store?.close();
  }
  return {
    ...{ transport: { fetch }, monitor, store, close, [Symbol.dispose]: close },
    renew(other) {
      const options = guardOf(other);
      const next = options ? memoryGuard({ ...options, ...(monitor && { registry: monitor.registry }) }) : undefined;
      let made: CivikitTransport;
      try {
        made = make(other, next);
      } catch (error) {
        next?.stop();
        throw error;
      }
      before.push(base);
      watched?.stop();
      [base, watched] = [made, next];
    },
  };
}
