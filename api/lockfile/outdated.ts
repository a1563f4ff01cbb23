import type { CivikitError } from "../../transport/mod.ts";
import { formatAir, parseAir } from "../air.ts";
import type { CallOptions } from "../call.ts";
import { findUpdates, type ModelLookup, type VersionSummary } from "../library/mod.ts";
import { type Wanted, wantedKey } from "./manifest.ts";
import { change } from "./edit.ts";
import type { Project } from "./project.ts";
import { type ProjectApi, referenceOf } from "./resolve_wanted.ts";

/** One entry that could be newer. */
export interface Outdated {
  /** The manifest's entry. */
  wanted: Wanted;
  /** The model. */
  modelId: number;
  /** Its name. */
  model: string;
  /** The locked version. */
  versionId: number;
  /** Its name. */
  version: string;
  /** Tells whether the entry names its version: then only `latest` moves it. */
  isPinned: boolean;
  /** The newest version for the same base model; undefined when there is none. */
  newest: VersionSummary | undefined;
  /** Every newer version, the newest first. */
  newer: VersionSummary[];
}

/** What {@linkcode outdated} found. */
export interface OutdatedReport {
  /** Entries with newer versions. */
  outdated: Outdated[];
  /** Entries whose model could not be asked about, and why. */
  failures: { wanted: Wanted; error: CivikitError }[];
}

/**
 * Looks which locked versions have newer ones. Nothing is changed.
 *
 * @param project From {@linkcode openProject}.
 * @param api Whom to ask.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { civitai, openProject, outdated } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), transport = { fetch: () => Promise.reject(new Error("no network")) };
 * console.log(await outdated(openProject(folder), civitai(transport))); // { outdated: [], failures: [] }
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function outdated(
  { manifest, lock }: Project,
  api: ProjectApi & ModelLookup,
  { signal }: CallOptions = {},
): Promise<OutdatedReport> {
  const { models, failures } = await findUpdates(api, lock.files, { signal });
  const report: OutdatedReport = { outdated: [], failures: [] };
  for (const wanted of manifest.models) {
    const file = lock.files.find((one) => one.wanted === wantedKey(wanted));
    if (file === undefined) continue;
    const { modelId, versionId, version } = file;
    const failure = failures.find((one) => one.modelId === modelId);
    if (failure !== undefined) report.failures.push({ wanted, error: failure.error });
    const found = models.find((one) => one.modelId === modelId);
    if (found === undefined) continue;
    // another entry may own a newer version of the same model
    const [own] = found.owned.length === 1
      ? [found]
      : (await findUpdates(api, [{ modelId, versionId }], { signal })).models;
    if (own === undefined || own.newer.length === 0) continue;
    const isPinned = referenceOf(wanted.air, api).kind === "version";
    const { modelName: model, newest, newer } = own;
    report.outdated.push({ wanted, modelId, model, versionId, version, isPinned, newest, newer });
  }
  return report;
}

/** Whether an entry names a file by its id, which no other version has. */
function namesFileId({ air, file }: Wanted): boolean {
  return parseAir(air).fileId !== undefined || /^\d+$/.test(String(file ?? ""));
}

/**
 * Moves entries that name a version to a newer one, in the manifest; the lock file follows at the next `install`. Entries
 * that name a file by its id stay: no other version has that file.
 *
 * @param project From {@linkcode openProject}.
 * @param moves From {@linkcode outdated}.
 * @returns The new entries.
 * @throws {DiskError} When the manifest cannot be written.
 * @example
 * ```ts
 * import { movePins, openProject } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync();
 * console.log(movePins(openProject(folder), [])); // []: nothing is outdated
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function movePins(project: Project, moves: readonly Outdated[]): Wanted[] {
  const moved: Wanted[] = [];
  const models = project.manifest.models.map((wanted) => {
    const move = moves.find((one) => one.wanted === wanted && one.isPinned && one.newest !== undefined);
    if (move === undefined || namesFileId(wanted)) return wanted;
    const next = { ...wanted, air: formatAir({ ...parseAir(wanted.air), versionId: move.newest!.versionId }) };
    moved.push(next);
    return next;
  });
  if (moved.length > 0) change(project, { manifest: { ...project.manifest, models }, lock: project.lock });
  return moved;
}
