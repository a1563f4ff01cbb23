import { readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { BullQueue, FileStore, SharedLimitsOptions } from "../../fleet/mod.ts";
import { endedStates, type JobQueue } from "../../hub/queue/mod.ts";
import type { StackOptions } from "../../hub/run/mod.ts";
import type { RunQueueOptions } from "../../hub/worker/mod.ts";
import { redactUrl } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import type { CommandContext } from "../command.ts";
import { caCertificates } from "../settings/ca_certificates.ts";
import { queuePath } from "../settings/places.ts";
import { printable } from "../terminal/text.ts";
import { fleetText } from "../texts/fleet.ts";
import { openFileStore } from "./open_file_store.ts";

/** What this machine shares with others. */
export interface Fleet extends AsyncDisposable {
  /** The queue of all. */
  readonly queue: BullQueue;
  /** Where Redis is, without a secret. */
  readonly redis: string;
  /** What all keys begin with. */
  readonly prefix: string;
  /** Where files go; undefined: they stay on each machine. */
  readonly store: FileStore | undefined;
  /** What of the stack is shared. */
  readonly stack: Pick<StackOptions, "layers" | "share">;
  /**
   * Whether this machine may take jobs: who holds one says by its own clock for how long, and to one that is far ahead all
   * jobs of others look abandoned.
   *
   * @throws {CivikitError} `invalid_config` when its clock is off.
   */
  checkClock(): Promise<void>;
  /** Lets nothing wait for Redis any longer. */
  cutOff(): void;
}

type Asking = Pick<CommandContext, "io" | "settings" | "locale">;

/** Whether the settings name a fleet. */
export function isInFleet({ settings }: Pick<CommandContext, "settings">): boolean {
  return settings.value("fleet.redis") !== undefined;
}

/** Loaded by those alone who are in a fleet; the cast hides it from Deno's graph. */
export async function loadFleet(): Promise<typeof import("../../fleet/mod.ts")> {
  return await import("../../fleet/mod.ts" as string) as typeof import("../../fleet/mod.ts");
}

/**
 * Joins the fleet of the settings.
 *
 * @throws {InputError} `invalid_config` when there is none, Redis is not fit for it, or it is another fleet.
 * @throws {CivikitError} `connect_failed` when nobody answers there.
 */
export async function openFleet(context: Asking, note: (text: string) => void): Promise<Fleet> {
  const { value } = context.settings;
  const words = fleetText[context.locale];
  const url = value("fleet.redis");
  if (url === undefined) throw new CivikitError(words.none, { code: "invalid_config" });
  const { bullQueue, openRedis, redisStore, sharedLimits } = await loadFleet();
  const things = new AsyncDisposableStack();
  try {
    const caCerts = caCertificates(value("network.caFiles"));
    const redis = things.adopt(await openRedis(url, { caCerts }), (client) => client.disconnect());
    const prefix = `{${value("fleet.prefix")}}`;
    const place = value("fleet.store");
    const store = place === undefined ? undefined : things.use(await openFileStore(place, context, note));
    const state = queuePath(context.io.env);
    const queue = things.use(
      await bullQueue({
        ...{ redis, prefix, store: place, site: { baseUrl: value("baseUrl") } },
        ...(state && { marks: join(dirname(state), "fleet", "queue") }),
        onNewer: (id, form) => note(words.newer(id, form)),
      }),
    );
    const perSecond = value("fleet.perSecond");
    const limits: SharedLimitsOptions = {
      prefix: `${prefix}:limits:`,
      maxRetryAfterMs: 120_000,
      ...(perSecond > 0 && { perSecond }),
    };
    const own = things.move();
    return {
      ...{ queue, redis: redactUrl(url), prefix: value("fleet.prefix"), store },
      stack: {
        layers: [sharedLimits(redis, limits)],
        share: !value("fleet.cache") ? undefined : async (local) => {
          const shared = { prefix: `${prefix}:cache:`, maxBytes: value("cache.maxSizeMb") * 1024 * 1024 };
          return await redisStore(redis, { ...shared, ...(local && { local }) });
        },
      },
      async checkClock() {
        const [seconds, microseconds] = await redis.time();
        const offMs = Date.now() - Number(seconds) * 1000 - Number(microseconds) / 1000;
        if (Math.abs(offMs) <= fleetLeaseMs / 4) return;
        throw new CivikitError(words.clock(redactUrl(url), Math.round(offMs / 1000)), { code: "invalid_config" });
      },
      cutOff: () => redis.disconnect(),
      [Symbol.asyncDispose]: () => own.disposeAsync(),
    };
  } catch (error) {
    await things.disposeAsync();
    throw error;
  }
}

/** How long a job is a worker's without a word from it, in milliseconds: a long look at a disk is no death. */
export const fleetLeaseMs = 120_000;

/** How files are kept. */
export interface KeepIn {
  /** Told of each that was stored. Default: nobody. */
  readonly tell?: (name: string, url: string, sentBytes: number) => void;
  /** The folder files go through that are let go of; undefined: they stay where downloads go. */
  readonly spool?: string | undefined;
}

/** How a worker of a fleet goes about its files, for {@linkcode runQueue}. */
export function keepIn(
  store: FileStore | undefined,
  { tell = () => {}, spool }: KeepIn = {},
): Pick<RunQueueOptions, "keep" | "letGo"> {
  if (store === undefined) return {};
  return {
    async keep(path, { signal, ...file }) {
      const { url, sentBytes, isThere, isConfirmed } = await store.put(path, file, { signal });
      // before the only copy here goes
      if (spool !== undefined && !isConfirmed && await store.prove(file, { signal }) === undefined) {
        throw new CivikitError(`storing "${file.name}": it is not there any more`, { code: "content_changed" });
      }
      if (!isThere) tell(printable(file.name), url, sentBytes);
    },
    ...(spool !== undefined && {
      letGo: { spool, find: (sha256: string, signal: AbortSignal) => store.find({ sha256 }, signal) },
    }),
  };
}

/** Where files go through that are let go of, on the disk of the downloads; another one for each fleet. */
export function spoolOf({ settings }: Pick<CommandContext, "settings">): string {
  const fleet = encodeURIComponent(settings.value("fleet.prefix"));
  return resolve(settings.value("download.directory"), ".civikit-spool", fleet);
}

/** Removes what jobs left there that are over: others did them meanwhile. */
export async function tidySpool(spool: string, queue: JobQueue): Promise<number> {
  let count = 0;
  for (const name of await readdir(spool).catch(() => [])) {
    const job = await queue.get(name);
    if (job !== undefined && !endedStates.some((state) => state === job.state)) continue;
    await rm(join(spool, name), { recursive: true, force: true });
    count++;
  }
  return count;
}
