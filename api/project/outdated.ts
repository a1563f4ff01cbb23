import type { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { findUpdates, type ModelLookup, type VersionSummary } from "../library/updates.ts";
import { type Wanted, wantedKey } from "./manifest.ts";
import type { Project } from "./project.ts";
import { parseReference } from "../references/reference.ts";
import type { LockedFile } from "./lock.ts";
import type { ProjectApi } from "./resolve_wanted.ts";

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

type OnSite = LockedFile & { readonly modelId: number; readonly versionId: number };

/** Files elsewhere stay what they are. */
const isOnSite = (file: LockedFile): file is OnSite => file.modelId !== null && file.versionId !== null;

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
  const onSite = lock.files.filter(isOnSite);
  const { models, failures } = await findUpdates(api, onSite, { signal });
  const report: OutdatedReport = { outdated: [], failures: [] };
  for (const wanted of manifest.models) {
    const file = onSite.find((one) => one.wanted === wantedKey(wanted));
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
    const isPinned = parseReference(wanted.air, api).kind === "version";
    const { modelName: model, newest, newer } = own;
    report.outdated.push({ wanted, modelId, model, versionId, version, isPinned, newest, newer });
  }
  return report;
}
