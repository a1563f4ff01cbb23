import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Civitai, civitai } from "../../api/civitai.ts";
import type { Site } from "../../api/client/site.ts";
import type { HashCache } from "../../api/library/hash_cache.ts";
import type { SecondSource } from "../../api/references/second_source.ts";
import {
  type Clock,
  digestFile,
  type DownloadOptions,
  type DownloadResult,
  observe,
  type Transport,
} from "../../transport/mod.ts";
import type { Job, JobEnding, JobOptions, JobVerdict } from "../queue/mod.ts";
import { addSidecars, planFiles, type PlannedFile, runFiles, type RunWatch } from "../run/mod.ts";
import { type Attempt, judge, reasonOf } from "./judge.ts";
import type { Telling } from "./telling.ts";

/** Where files go and how they are fetched, where a job does not say. */
export interface WorkSettings {
  /** The folder below which files go, absolute. */
  readonly root: string;
  /** Folders below it: a layout's name or a template. Default: none. */
  readonly layout?: string | undefined;
  /** Folders for single types of models, before those of the layout. Default: none. */
  readonly folders?: Readonly<Record<string, string>> | undefined;
  /** Whether info and preview are written beside each file. Default: false. */
  readonly sidecars?: boolean | undefined;
  /** Whether hash and size have to be as promised. Default: true. */
  readonly verify?: boolean | undefined;
  /** Whom to ask for files by their SHA-256 that the site has no more. Default: nobody. */
  readonly secondSource?: SecondSource | undefined;
  /** Jobs at once, 1 to 64. Default 3. */
  readonly concurrent?: number | undefined;
  /** Further options of every download, such as `throttle` and `maxAttempts`. */
  readonly download?:
    | Pick<DownloadOptions, "throttle" | "maxAttempts" | "delayMs" | "flushBytes" | "resume">
    | undefined;
}

/** Takes a file that is there and proved to where others find it; its job is done only then. Twice is as good as once. */
export type KeepFile = (
  path: string,
  file: { readonly sha256: string; readonly bytes: number; readonly name: string; readonly signal: AbortSignal },
) => Promise<unknown>;

/** How files are let go of once they are kept elsewhere. */
export interface LetGo {
  /**
   * A folder of the workers' own, absolute, where each job has one by its id: whatever lies in it is theirs to remove. Jobs
   * that say themselves where their files go do not go through it, and keep them.
   */
  readonly spool: string;
  /** Whether it is kept already: then it is not fetched again. */
  find(sha256: string, signal: AbortSignal): Promise<{ readonly bytes: number } | undefined>;
}

/** What a job is done with. */
export interface JobTools extends Pick<RunWatch, "track" | "published"> {
  /** What fetches. */
  readonly transport: Transport;
  /** Where the API is, and whose references are its. */
  readonly site: Partial<Site>;
  /** Where hashes are kept that were proved. */
  readonly cache: HashCache | undefined;
  /** Where files are kept for others; undefined: nowhere. */
  readonly keep: KeepFile | undefined;
  /** How files are let go of then; undefined: they stay. */
  readonly letGo: LetGo | undefined;
  /** Time. */
  readonly clock: Clock;
  /** What the settings say now. */
  readonly settings: WorkSettings;
  /** What is known of its attempts. */
  readonly attempt: Omit<Attempt, "earlyAccessMs" | "nowMs">;
}

interface Place {
  readonly dir: string;
  readonly layout: string | undefined;
  readonly folders: WorkSettings["folders"];
}

/** Where a job's files go: its own folder, or the layout below the root. */
function placeOf({ dir, root, layout }: JobOptions, settings: WorkSettings): Place {
  if (dir !== undefined) return { dir, layout: undefined, folders: undefined };
  return { dir: root ?? settings.root, layout: layout ?? settings.layout, folders: settings.folders };
}

function earlyAccessMs(files: readonly PlannedFile[]): number | null {
  const ends = files.map(({ earlyAccess }) => Date.parse(earlyAccess?.endsAt ?? "")).filter((end) => end > 0);
  return ends.length === 0 ? null : Math.max(...ends);
}

function verdictOf(results: readonly DownloadResult[]): JobVerdict {
  if (results.every(({ skipped }) => skipped)) return "there";
  return results.every(({ verified }) => verified) ? "verified" : "unverified";
}

/** Its files, and what of them is there. */
interface Fetched {
  readonly files: readonly PlannedFile[];
  readonly results: Map<PlannedFile, DownloadResult>;
  /** Bytes of those that were kept already. */
  readonly keptBytes: number;
}

async function writeSidecars({ results }: Fetched, api: Civitai, transport: Transport, signal: AbortSignal) {
  const models = [...results].flatMap(([{ versionId }, { path, digests: { SHA256: sha256 } }]) => {
    return versionId === undefined || sha256 === undefined ? [] : [{ path, sha256, versionId }];
  });
  for await (const { error } of addSidecars(models, { api, transport, signal })) if (error !== undefined) throw error;
}

/**
 * Does a job: resolves its reference, fetches what is not there yet, verifies, writes sidecars.
 *
 * @returns How it ended; never throws, but for the signal's reason when it aborts.
 */
export async function runJob(
  { id, reference, options }: Job,
  tools: JobTools,
  told: Telling,
  signal: AbortSignal,
): Promise<JobEnding> {
  const { clock, settings, site, track, published, cache, keep, letGo, attempt } = tools;
  const transport = observe(tools.transport, told.report);
  const { baseUrl, trustedHosts } = site;
  const api = civitai(transport, { ...(baseUrl && { baseUrl }), ...(trustedHosts && { trustedHosts }) });
  const { file, allFiles: all, output, sha256, blake3, force = false } = options;
  const { verify = settings.verify ?? true, sidecars = settings.sidecars ?? false } = options;
  const isPlaced = options.dir !== undefined || options.root !== undefined;
  /** The job's own folder, which goes once its files are kept. */
  const own = letGo === undefined || keep === undefined || isPlaced ? undefined : join(letGo.spool, id);
  let files: readonly PlannedFile[] = [];

  async function keepAll(results: ReadonlyMap<PlannedFile, DownloadResult>, keep: KeepFile): Promise<void> {
    told.know({ state: "verifying" });
    for (const [{ name }, { path, bytes, digests }] of results) {
      const sha256 = digests.SHA256 ?? (await digestFile(path, ["SHA256"], { signal })).SHA256!;
      await keep(path, { sha256: sha256.toLowerCase(), bytes, name, signal });
    }
  }

  async function fetched(): Promise<Fetched> {
    const { dir, ...folders } = own === undefined
      ? placeOf(options, settings)
      : { dir: own, layout: undefined, folders: undefined };
    const hashes = { ...(sha256 && { SHA256: sha256 }), ...(blake3 && { BLAKE3: blake3 }) };
    const plan = await planFiles([{ text: reference }], api, {
      ...{ dir, ...folders, output, file, hashes, signal, transport },
      ...(all !== undefined && { all }),
    });
    for (const { error } of plan.failures) throw error;
    ({ files } = plan);
    told.know({ name: files.map(({ name }) => name).join(", "), path: files[0]!.path });
    told.expect(files);
    const results = new Map<PlannedFile, DownloadResult>();
    const failures: unknown[] = [];
    const wanted: PlannedFile[] = [];
    let keptBytes = 0;
    for (const file of files) {
      const hash = own === undefined ? undefined : file.hashes.SHA256?.toLowerCase();
      const kept = hash === undefined ? undefined : await letGo!.find(hash, signal);
      if (kept === undefined) wanted.push(file);
      else keptBytes += kept.bytes;
    }
    const outcomes = runFiles({
      ...{ watcher: told.watcher, track, secondSource: settings.secondSource },
      // what will be gone is no news
      ...(own === undefined && { published }),
    })(
      tools.transport,
      wanted,
      {
        concurrency: 1,
        signal,
        cache,
        defaults: { root: dir, replace: force, verify, ...settings.download },
        optionsOf: (_, promised) => ({ ...promised, report: told.report }),
      },
    );
    for await (const { file, result, error } of outcomes) {
      if (result === undefined) failures.push(error);
      else results.set(file, result);
    }
    signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
    if (keep !== undefined) await keepAll(results, keep);
    if (own !== undefined) await rm(own, { recursive: true, force: true });
    return { files, results, keptBytes };
  }

  try {
    const done = await fetched();
    const results = [...done.results.values()];
    const ending: JobEnding = {
      state: "done",
      verdict: verdictOf(results),
      path: own === undefined ? results[0]!.path : null,
      bytes: results.reduce((sum, { bytes }) => sum + bytes, done.keptBytes),
    };
    // nothing lies beside a file that is gone
    if (!sidecars || own !== undefined) return ending;
    try {
      await writeSidecars(done, api, transport, signal);
      return ending;
    } catch (error) {
      if (signal.aborted) throw error;
      // the file is there all the same
      return { ...ending, why: reasonOf(error) };
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return judge(error, { ...attempt, earlyAccessMs: earlyAccessMs(files), nowMs: clock.date() });
  }
}
