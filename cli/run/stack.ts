import { civitaiPolicy } from "../../api/mod.ts";
import { cacheInfo, type CacheStore, partitionOf } from "../../cache/mod.ts";
import { createTransport, httpCache } from "../../mod.ts";
import type { Monitor } from "../../monitor/mod.ts";
import { civitaiHosts, hostOf, nearestOf, remembered, trustedHosts } from "../../transport/internal.ts";
import { compose, type Middleware, type Transport } from "../../transport/mod.ts";
import type { Keys } from "../settings/keys.ts";
import type { Io } from "../terminal/io.ts";
import { monitorFor } from "./monitor.ts";
import { cachePath } from "../settings/places.ts";
import { isGranted, keeping } from "../settings/rights.ts";
import { formatDuration } from "../terminal/text.ts";

/** What a command's transport is made of. */
export interface StackOptions {
  /** The API keys. */
  readonly keys: Keys;
  /** Where the API is. */
  readonly baseUrl: string;
  /** Further addresses the user named: what is nearer than all of them and the API is not asked. Default: none. */
  readonly named?: readonly string[];
  /** Connections for each file; undefined leaves it to the transport. */
  readonly parallel: number | undefined;
  /** False for `--no-monitor`. */
  readonly isMonitored?: boolean;
  /** Shows a line to the user. */
  note(text: string): void;
}

/** The whole stack as every command uses it: with the cache and the monitor, where they may be had. */
export interface Stack {
  /** The transport. */
  readonly transport: Transport;
  /** What records, where something does. */
  readonly monitor: Monitor | undefined;
  /** Hands over what was recorded and gives up connections and files. */
  close(): void;
}

/** The answers of earlier runs; undefined with `CIVIKIT_CACHE=off`, or where there is no right or no way to keep them. */
async function openCache({ env }: Pick<Io, "env">): Promise<CacheStore | undefined> {
  const path = cachePath(env);
  // asked before, because Deno would stop and ask the user
  if (!path || !isGranted(keeping(path))) return undefined;
  try {
    const { sqliteStore } = await import("../../cache/mod.ts");
    return sqliteStore(path);
  } catch {
    return undefined; // a full disk or a damaged home folder must not stop a command
  }
}

/** Tells the user when an old answer stands in for one that could not be had. */
function noteStale(note: (text: string) => void): Middleware {
  return async function noteStale(request, next) {
    const response = await next(request);
    const info = cacheInfo(response);
    if (info?.result === "stale" && info.reason !== undefined) {
      note(
        `warning: ${new URL(request.url).host} did not answer (${info.reason}); using an answer ${
          formatDuration(info.ageMs)
        } old`,
      );
    }
    return response;
  };
}

/** Puts the stack together. */
export async function openStack(
  io: Io,
  { keys, baseUrl, named = [], parallel, isMonitored = true, note }: StackOptions,
): Promise<Stack> {
  const store = await openCache(io);
  const { host } = new URL(baseUrl);
  const keyFor = (host: string) => keys.find(host)?.key;
  const own = keyFor(host);
  const secrets = own === undefined ? [] : [own];
  const monitor = await monitorFor(io, { parallel, secrets, isWanted: isMonitored });
  const partition = remembered(8, (key) => partitionOf(store!, key));
  const cache = store === undefined ? undefined : httpCache({
    store,
    ...civitaiPolicy({ hosts: [...civitaiHosts, host] }),
    partition: ({ url }) => {
      const key = keyFor(hostOf(url));
      return key === undefined ? undefined : partition(key);
    },
    onForbiddenStale: "throw",
  });
  const base = createTransport({
    ...(parallel !== undefined && { parallel }),
    ...monitor?.transport,
    key: keyFor,
    ...(cache !== undefined && { cache }),
    hosts: [...trustedHosts, host],
    socket: { nearest: nearestOf([baseUrl, ...named]) },
  });
  const { fetch } = compose(base, noteStale(note));
  function close(): void {
    base.close();
    monitor?.close();
    store?.close();
  }
  return { transport: { fetch }, monitor, close };
}
