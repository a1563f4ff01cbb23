import { CivikitError, HttpError, isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { Model } from "../resources/models.ts";
import { inSiteOrder, type ListVersion } from "../resources/versions.ts";
import { earlyAccessOf } from "../references/early_access.ts";
import { isGeneral } from "./is_general.ts";
import { ignoredBy, type ReadRules, readRules, type UpdateRules } from "./update_rules.ts";

/** What is there of a model. */
export interface Owned {
  /** The model; what belongs to none that is known is passed over. */
  modelId: number | null;
  /** The version. */
  versionId: number;
  /** SHA-256 of the file, where known: a version that has nothing but such files is no update. */
  sha256?: string | null | undefined;
}

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
  /** Of `early_access`: its end, ISO 8601; null for ever or not known. */
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

/** What {@linkcode findUpdates} found. */
export interface UpdateReport {
  /** Every model that could be asked about. */
  models: ModelUpdates[];
  /** Versions that are there and that the site has no more, or whose model it has no more. */
  gone: { modelId: number; versionIds: number[] }[];
  /** Models that could not, and why: deleted, or not answered for. */
  failures: { modelId: number; error: CivikitError }[];
}

/** Settings of {@linkcode findUpdates}. */
export interface FindUpdatesOptions extends CallOptions {
  /** What is no update, and what is one besides. Default: no rules. */
  rules?: UpdateRules | undefined;
  /** Milliseconds since the epoch. Default: the machine's time. */
  now?: number | undefined;
}

/** Whether a failure says that the model is no longer on the site. */
export function isGone(error: CivikitError): boolean {
  return error instanceof HttpError && (isCode(error, "not_found") || isCode(error, "gone"));
}

/** What {@linkcode findUpdates} asks of the API. */
export interface ModelLookup {
  /** Models. */
  readonly models: {
    /** The model with this id. */
    get(id: number, options?: CallOptions): Promise<Model>;
    /** Models by id, as far as the site lists them. */
    byIds(ids: Iterable<number>, options?: CallOptions): Promise<Map<number, Model>>;
  };
}

const batchSize = 100;

/**
 * Looks for newer versions of models that are there, 100 models a question, and tells what there is to each. A model that
 * fails is reported; the others go on.
 *
 * @param api Whom to ask.
 * @param owned Versions that are there, all of them: what lies in another folder need not be fetched again.
 * @param options See {@linkcode FindUpdatesOptions}.
 * @throws {InputError} `invalid_config` when a rule cannot be meant.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { findUpdates } from "@civikit/civikit/api";
 *
 * const versions = [{ id: 8, name: "v2", baseModel: "SDXL 1.0" }, { id: 7, name: "v1", baseModel: "SDXL 1.0" }];
 * const model = { id: 5, name: "Example", type: "LORA", modelVersions: versions };
 * const get = () => Promise.resolve(model);
 * const api = { models: { get, byIds: () => Promise.resolve(new Map([[5, model]])) } };
 * const { models } = await findUpdates(api, [{ modelId: 5, versionId: 7 }]);
 * console.log(models[0]?.newest?.versionId); // 8
 * ```
 */
export async function findUpdates(
  api: ModelLookup,
  owned: Iterable<Owned>,
  { signal, rules, now = Date.now() }: FindUpdatesOptions = {},
): Promise<UpdateReport> {
  const all = [...owned];
  const read = readRules(rules);
  const byModel = Map.groupBy(all, ({ modelId }) => modelId);
  const { found, failures } = await askModels(api, all, { signal });
  const hashes = hashesOf(all);
  const models = [...byModel].flatMap(([modelId, these]) => {
    const model = modelId === null ? undefined : found.get(modelId);
    if (model === undefined) return [];
    return [standingOf(model, { owned: these.map(({ versionId }) => versionId), hashes, rules: read, now })];
  });
  const unlisted = models.flatMap(({ modelId, gone }) => gone.length > 0 ? [{ modelId, versionIds: gone }] : []);
  const deleted = failures.filter(({ error }) => isGone(error)).map(({ modelId }) => ({
    modelId,
    versionIds: [...new Set(byModel.get(modelId)!.map(({ versionId }) => versionId))],
  }));
  return { models, gone: [...unlisted, ...deleted], failures };
}

/** The SHA-256 that are known, upper case. */
export function hashesOf(owned: Iterable<Owned>): Set<string> {
  return new Set([...owned].flatMap(({ sha256 }) => sha256?.toUpperCase() ?? []));
}

/** What {@linkcode askModels} found. */
export interface AskedModels {
  /** The models that are there, by id. */
  readonly found: ReadonlyMap<number, Model>;
  /** The others, and why. */
  readonly failures: UpdateReport["failures"];
}

/**
 * Asks about the models of what is there, 100 a question; those that lists leave out, and those whose list lacks a version
 * that is there, one by one.
 *
 * @throws The signal's reason when it aborts.
 */
export async function askModels(
  api: ModelLookup,
  owned: Iterable<Owned>,
  { signal }: CallOptions = {},
): Promise<AskedModels> {
  const byModel = Map.groupBy(owned, ({ modelId }) => modelId);
  const ids = [...byModel.keys()].filter((id) => id !== null);
  const found = new Map<number, Model>();
  const failures: UpdateReport["failures"] = [];
  let general: CivikitError | undefined;

  async function attempt(work: () => Promise<void>): Promise<CivikitError | undefined> {
    try {
      signal?.throwIfAborted();
      await work();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      // one by one, the models of a batch would only meet a refusal again
      if (isGeneral(error) || error.code === "rate_limited") general = error;
      return error;
    }
  }

  const wanted = new Set<number>(ids);
  for (let at = 0; at < ids.length && general === undefined; at += batchSize) {
    const batch = ids.slice(at, at + batchSize);
    await attempt(async () => {
      // what nobody asked about has nothing to say here
      for (const [id, model] of await api.models.byIds(batch, { signal })) if (wanted.has(id)) found.set(id, model);
    });
  }
  for (const modelId of ids) {
    const known = found.get(modelId);
    const isListed = (id: number) => known!.modelVersions.some((version) => version.id === id);
    // what has gone is sure only by the model's own answer
    if (known !== undefined && byModel.get(modelId)!.every(({ versionId }) => isListed(versionId))) continue;
    const error = general ?? await attempt(async () => {
      const model = await api.models.get(modelId, { signal });
      if (model.id === modelId) found.set(modelId, model);
    });
    if (error === undefined || known !== undefined && !isGone(error)) continue;
    found.delete(modelId);
    failures.push({ modelId, error: deleted(modelId, error) });
  }
  return { found, failures };
}

function deleted(modelId: number, error: CivikitError): CivikitError {
  if (!(error instanceof HttpError) || !isGone(error)) return error;
  const { code, status, url, body } = error;
  return new HttpError(`asking for model "${modelId}": it is no longer on the site`, {
    code,
    status,
    url,
    body,
    cause: error,
  });
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
    return { ...facts, state, ...(state === "early_access" && { until: early!.endsAt }) };
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
