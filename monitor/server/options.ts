import type { Clock, DownloadBatch } from "../../transport/mod.ts";
import type { MetricsRegistry } from "../metrics/metrics_registry.ts";
import type { TransferList } from "../metrics/transfer.ts";
import type { TransferSource } from "../stats/live_transfer.ts";
import type { StatsStore } from "../stats/stats_store.ts";

/** What a cache tells about itself; the `stats()` of every cache store fits. */
export interface CacheNumbers {
  /** Stored responses. */
  readonly entries: number;
  /** What they take, in bytes. */
  readonly bytes: number;
  /** The most the store may take, in bytes. */
  readonly maxBytes: number;
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
  /** How often the store itself was in trouble. */
  readonly failures: number;
  /** What the last trouble was. */
  readonly failure?: string;
}

/** Options of {@linkcode diagnostics}. */
export interface DiagnosticsOptions {
  /** What is shown. */
  registry: MetricsRegistry;
  /** Numbers on disk, of the last 24 hours and of other processes. Default: only the registry. */
  store?: StatsStore;
  /**
   * The transfers of all processes, this one's among them: `openMonitor({ live })` writes them. With `store` beside it,
   * `/metrics` gives the totals of all processes too. Default: only the transfers of the registry.
   */
  live?: TransferSource | undefined;
  /** What pauses, resumes and cancels single transfers. Default: the registry's own list. */
  transfers?: Pick<TransferList, "pause" | "resume" | "cancel">;
  /** What pauses, resumes and cancels all at once, such as what `downloadAll` returns. Default: each transfer in turn. */
  batch?: Pick<DownloadBatch, "isPaused" | "pause" | "resume" | "cancel">;
  /** The cache's numbers, such as `() => store.stats()`. Default: no cache. */
  cache?: () => CacheNumbers | Promise<CacheNumbers>;
  /** How many rules that watch the site are in each state, such as `active`, for `/metrics`. Default: nothing watches. */
  rules?: () => Readonly<Record<string, number>>;
  /** How many rules need somebody, as they keep failing: a warning in `/healthz`. Default: nothing watches. */
  stuckRules?: () => number;
  /** Folders whose free space counts, asked at each look where it is a function, beside those of the latest transfers of `live`. Default: the working directory. */
  folder?: string | readonly string[] | (() => readonly string[]);
  /** Resident memory that is healthy, in bytes. Default: the memory guard's limit, else 200 MiB above that at the start. */
  memoryLimitBytes?: number;
  /** Address the server is going to listen on. Default `127.0.0.1`; another one makes `token` compulsory. */
  hostname?: string;
  /** Further host names it is reached by, as a reverse proxy passes them on. Default: none. */
  allowedHosts?: readonly string[];
  /**
   * Reverse proxies whose X-Forwarded-For says who asks, by address or network (`127.0.0.1`, `10.89.0.0/16`): wrong tokens
   * are counted for that address. Default: none, they are counted for the proxy.
   */
  trustedProxies?: readonly string[];
  /** What opens it, 16 to 512 plain characters: as `Authorization: Bearer`, or typed into the log-in page. Default: none. */
  token?: string;
  /**
   * What stands before its paths where it is mounted in another app, such as `/diag`; requests may come with it or, as
   * Hono's `mount()` passes them on, without. Default: nothing.
   */
  basePath?: string;
  /** Streams of events at once, 1 to 10000. Default 1000. */
  maxEventClients?: number;
  /** Where time comes from. Default: the registry's clock. */
  clock?: Clock;
}
