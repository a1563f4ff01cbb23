import type { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { readRules, type UpdateRules } from "../library/update_rules.ts";
import { askModels, isGone, type ModelLookup } from "../library/ask_models.ts";
import { hashesOf } from "../library/owned.ts";
import { standingOf, type VersionStanding } from "../library/standing_of.ts";
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
  /** The newest version that is an update; undefined when there is none. */
  newest: VersionStanding | undefined;
  /** Every version newer than all that are locked of the model, the newest first, and what there is to each. */
  newer: VersionStanding[];
  /** Newer versions that other entries have already. */
  held: VersionStanding[];
}

/** What {@linkcode outdated} found. */
export interface OutdatedReport {
  /** Entries with newer versions. */
  outdated: Outdated[];
  /** Entries whose version the site has no more: they stay as they are locked. */
  gone: { wanted: Wanted; modelId: number; versionId: number }[];
  /** Entries whose model could not be asked about, and why. */
  failures: { wanted: Wanted; error: CivikitError }[];
}

type OnSite = LockedFile & { readonly modelId: number; readonly versionId: number };

/** Files elsewhere stay what they are. */
const isOnSite = (file: LockedFile): file is OnSite => file.modelId !== null && file.versionId !== null;

/** Settings of {@linkcode outdated}. */
export interface OutdatedOptions extends CallOptions {
  /** What is no update, and what is one besides. Default: the rules of the manifest. */
  rules?: UpdateRules | undefined;
  /** Milliseconds since the epoch. Default: the machine's time. */
  now?: number | undefined;
}

/**
 * Looks which locked versions have newer ones. Nothing is changed.
 *
 * @param project From {@linkcode openProject}.
 * @param api Whom to ask.
 * @param options See {@linkcode OutdatedOptions}.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { civitai, openProject, outdated } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), transport = { fetch: () => Promise.reject(new Error("no network")) };
 * console.log(await outdated(openProject(folder), civitai(transport))); // { outdated: [], gone: [], failures: [] }
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function outdated(
  { manifest, lock }: Project,
  api: ProjectApi & ModelLookup,
  { signal, rules: given = manifest.updates, now = Date.now() }: OutdatedOptions = {},
): Promise<OutdatedReport> {
  const onSite = lock.files.filter(isOnSite);
  const rules = readRules(given);
  const hashes = hashesOf(onSite);
  const { found, failures } = await askModels(api, onSite, { signal });
  const report: OutdatedReport = { outdated: [], gone: [], failures: [] };
  for (const wanted of manifest.models) {
    const file = onSite.find((one) => one.wanted === wantedKey(wanted));
    if (file === undefined) continue;
    const { modelId, versionId, version } = file;
    const failure = failures.find((one) => one.modelId === modelId);
    if (failure !== undefined) report.failures.push({ wanted, error: failure.error });
    if (failure !== undefined && isGone(failure.error)) report.gone.push({ wanted, modelId, versionId });
    const model = found.get(modelId);
    if (model === undefined) continue;
    // another entry may own a newer version of the same model
    const elsewhere = onSite.filter((one) => one.modelId === modelId && one.versionId !== versionId)
      .map((one) => one.versionId);
    const standing = standingOf(model, { owned: [versionId], elsewhere, hashes, rules, now });
    if (standing.gone.length > 0) report.gone.push({ wanted, modelId, versionId });
    const { modelName, newest, newer, held } = standing;
    if (newer.length === 0 && held.length === 0) continue;
    const isPinned = parseReference(wanted.air, api).kind === "version";
    report.outdated.push({ wanted, modelId, model: modelName, versionId, version, isPinned, newest, newer, held });
  }
  return report;
}
