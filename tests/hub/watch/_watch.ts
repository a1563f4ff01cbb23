import { civitai as apiOf } from "../../../api/mod.ts";
import { type JobQueue, sqliteQueue } from "../../../hub/queue/mod.ts";
import {
  runWatch,
  type RunWatchOptions,
  type WatchEvent,
  type WatchStore,
  watchStore,
} from "../../../hub/watch/mod.ts";
import { fixed } from "../../../testing/origin/content.ts";
import type { Transport } from "../../../transport/mod.ts";
import {
  type CatalogueModel,
  type CatalogueVersion,
  type EmbeddedCivitai,
  embeddedCivitai,
  type EmbeddedCivitaiOptions,
  type FakeClock,
  fakeClock,
} from "../../_civitai/mod.ts";

/** What a version is made of; the rest is as usual. */
export interface VersionPlan {
  readonly id: number;
  /** Default: 2025-06-01. */
  readonly at?: string;
  readonly base?: string;
  readonly format?: string;
  readonly bytes?: number;
  /** A second file of another format. */
  readonly also?: string;
  readonly earlyUntil?: string;
}

function file(id: number, format: string, bytes: number, primary: boolean): CatalogueVersion["files"][number] {
  const name = `file_${id}.${format.toLowerCase()}`;
  return {
    id,
    name,
    type: "Model",
    metadata: { format },
    content: fixed(new Uint8Array(bytes).fill(id % 256)),
    primary,
  };
}

/** A model with these versions, the newest first. */
export function model(
  id: number,
  versions: readonly VersionPlan[],
  facts: Partial<CatalogueModel> = {},
): CatalogueModel {
  return {
    ...{
      id,
      name: `Model ${id}`,
      type: "LORA",
      description: null,
      creator: "lamplighter",
      tags: ["style"],
      nsfwLevel: 1,
    },
    versions: versions.map((
      { id, at = "2025-06-01T00:00:00Z", base = "SDXL 1.0", format = "SafeTensor", bytes = 2000, also, earlyUntil },
    ) => ({
      ...{ id, name: `v${id}`, baseModel: base, publishedAt: at, trainedWords: [], usageControl: "Download" },
      files: [
        file(id * 10, format, bytes, true),
        ...(also === undefined ? [] : [file(id * 10 + 1, also, bytes, false)]),
      ],
      ...(earlyUntil !== undefined && { earlyAccessUntil: earlyUntil }),
    })),
    ...facts,
  };
}

/** Rules, a queue and a site whose shelves can be changed, on a clock that stands still. */
export interface WatchWorld {
  readonly clock: FakeClock;
  readonly site: EmbeddedCivitai;
  /** What is on the shelves. */
  readonly shelf: CatalogueModel[];
  readonly store: WatchStore;
  readonly queue: JobQueue;
  readonly path: string;
  /** What has happened. */
  readonly events: WatchEvent[];
  /** Runs what is due. */
  run(options?: Partial<RunWatchOptions>): ReturnType<typeof runWatch>;
  /** The references in the queue, in order. */
  jobs(): Promise<string[]>;
  /** Keys that were found, by state. */
  found(rule?: string): string[];
  /** Publishes a model with one version now, and an hour passes. */
  publish(id: number, facts?: Partial<CatalogueModel>, plan?: Partial<VersionPlan>): Promise<void>;
}

export const settings = { isEnabled: true, schedule: "daily", jitterMs: 0, pages: 1 };
export const hourMs = 3_600_000;
export const dayMs: number = 24 * hourMs;

/** Calls `work` with a {@linkcode WatchWorld} of its own. */
export async function atWatch(
  work: (world: WatchWorld) => Promise<void>,
  { shelf = [], wrap = (site) => site, ...options }: Omit<EmbeddedCivitaiOptions, "models"> & {
    shelf?: CatalogueModel[];
    wrap?: (site: Transport) => Transport;
  } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/watch.sqlite`;
  const clock = fakeClock("2026-01-10T12:00:00Z");
  const site = embeddedCivitai({ ...options, models: shelf });
  try {
    using store = watchStore(path, { clock });
    await using queue = sqliteQueue(`${folder}/queue.sqlite`, { clock });
    const events: WatchEvent[] = [];
    const api = apiOf(wrap(site));
    await work({
      ...{ clock, site, shelf, store, queue, path, events },
      run: (more = {}) =>
        runWatch({
          ...{ store, api, queue, clock, signal: new AbortController().signal, settings: () => settings },
          ...{ random: () => 0, onEvent: (event) => events.push(event), worker: "test" },
          ...more,
        }),
      jobs: async () => (await queue.list({ limit: 1000 })).jobs.map(({ reference }) => reference),
      found: (rule) => store.finds({ rule, limit: 1000 }).map(({ key, state }) => `${key} ${state}`).reverse(),
      async publish(id, facts = {}, plan = {}) {
        await clock.advance(1000);
        shelf.unshift(model(id, [{ id: id + 5000, at: new Date(clock.date()).toISOString(), ...plan }], facts));
        await clock.advance(hourMs);
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
