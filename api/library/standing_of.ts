import type { Model } from "../resources/models.ts";
import { inSiteOrder, type ListVersion } from "../resources/versions.ts";
import { earlyAccessOf } from "../references/early_access.ts";
import { ignoredBy, type ReadRules } from "./update_rules.ts";

/** A version, as far as an update is concerned. */
export interface VersionSummary {
  /** Names the version. */
  versionId: number;
  /** Its name. */
  versionName: string;
  /** What it was made for; null when unknown. */
  baseModel: string | null;
  /** ISO 8601; null when unknown. */
  publishedAt: string | null;
}

/**
 * What there is to a version: `new`; `early_access`, sold until a date; `other_base`, for no base model that is there;
 * `ignored_version`, `ignored_model`, `ignored_base`, by a rule; `have_elsewhere`, a file of it is there already;
 * `same_bytes`, all its weights are there under another version.
 */
export type UpdateState =
  | "new"
  | "early_access"
  | "other_base"
  | "ignored_version"
  | "ignored_model"
  | "ignored_base"
  | "have_elsewhere"
  | "same_bytes";

/** A newer version, and what there is to it. */
export interface VersionStanding extends VersionSummary {
  /** What there is to it. */
  state: UpdateState;
  /** Of `early_access`, and of `other_base` where that is sold as well: the end, ISO 8601; null for ever or not known. */
  until?: string | null | undefined;
}

/** How one model stands. */
export interface ModelUpdates {
  /** The model. */
  modelId: number;
  /** Its name. */
  modelName: string;
  /** Versions that are there; those the model no longer lists have only an id. */
  owned: number[];
  /** Versions newer than every one whose files are there, the newest first. Empty: up to date. */
  newer: VersionStanding[];
  /** The newest of `newer` that is `new`; undefined when there is none. */
  newest?: VersionStanding | undefined;
  /** Versions newer than the oldest one that is there and that need not be fetched: they are there as well. */
  held: VersionStanding[];
  /** Of `owned`, versions that the site has no more. */
  gone: number[];
}

function summary({ id, name, baseModel, publishedAt }: ListVersion): VersionSummary {
  return { versionId: id, versionName: name, baseModel: baseModel ?? null, publishedAt: publishedAt ?? null };
}

/** Whether all weights of a version are there, whatever version they came with. */
function hasAll({ files }: ListVersion, hashes: ReadonlySet<string>): boolean {
  const weights = (files ?? []).filter(({ type }) => type === "Model" || type === "Pruned Model");
  return weights.length > 0 && weights.every((file) => {
    const sha256 = file.hashes?.SHA256?.toUpperCase();
    return sha256 !== undefined && hashes.has(sha256);
  });
}

/** What is there of a model, as far as {@linkcode standingOf} is concerned. */
export interface There {
  /** Versions whose place decides what is newer. */
  readonly owned: readonly number[];
  /** Versions that somebody else has: never newer, and never fetched. Default: none. */
  readonly elsewhere?: readonly number[];
  /** SHA-256 of everything that is there, upper case. */
  readonly hashes: ReadonlySet<string>;
  /** What is no update. */
  readonly rules: ReadRules;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** How a model stands. */
export function standingOf(
  { id: modelId, name: modelName, mode, modelVersions }: Model,
  { owned: ids, elsewhere = [], hashes, rules, now }: There,
): ModelUpdates {
  const owned = [...new Set(ids)];
  const listed = inSiteOrder(modelVersions);
  const isOwned = ({ id }: ListVersion) => owned.includes(id);
  const isThere = (version: ListVersion) => isOwned(version) || elsewhere.includes(version.id);
  const mine = listed.filter((version) => isOwned(version) || hasAll(version, hashes));
  const bases = new Set(mine.map(({ baseModel }) => baseModel ?? null));

  function standing(version: ListVersion): VersionStanding {
    const facts = summary(version);
    const { baseModel } = facts;
    const early = earlyAccessOf(version, now);
    const ignored = ignoredBy(rules, { modelId, ...facts });
    const state: UpdateState = isThere(version)
      ? "have_elsewhere"
      : hasAll(version, hashes)
      ? "same_bytes"
      : ignored !== undefined
      ? ignored
      : bases.size > 0 && !bases.has(baseModel) && !rules.allowsOtherBase(modelId)
      ? "other_base"
      : early !== null
      ? "early_access"
      : "new";
    const isTimed = state === "early_access" || state === "other_base";
    return { ...facts, state, ...(early !== null && isTimed && { until: early.endsAt }) };
  }

  // the newest that is there, and the oldest: what is above the one is newer, what is between them is held
  const first = listed.findIndex((version) => isThere(version) || hasAll(version, hashes));
  const last = listed.findLastIndex(isOwned);
  const isOut = ({ status }: ListVersion) => (status ?? "Published") === "Published";
  // a version that is no longer listed says nothing about its place: then the date of its id must do
  const isNewer = (version: ListVersion, place: number) => first >= 0 ? place < first : version.id > Math.max(...owned);
  const newer = mode === "Archived" ? [] : listed.filter((one, place) => isOut(one) && isNewer(one, place));
  const held = listed.filter((one, place) => place < last && isOut(one) && (isThere(one) || hasAll(one, hashes)));
  const standings = newer.map(standing);
  const newest = standings.find(({ state }) => state === "new");
  return {
    modelId,
    modelName,
    owned,
    newer: standings,
    ...(newest && { newest }),
    held: held.map(standing),
    gone: mode === "TakenDown" ? owned : owned.filter((id) => !listed.some((version) => version.id === id)),
  };
}
