import { CivikitError, HttpError, isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { Model } from "../resources/models.ts";
import { inSiteOrder, type ListVersion } from "../resources/versions.ts";
import { isGeneral } from "./is_general.ts";

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

/** How one model stands. */
export interface ModelUpdates {
  /** The model. */
  modelId: number;
  /** Its name. */
  modelName: string;
  /** Versions that are there; those the model no longer lists have only an id. */
  owned: number[];
  /** Versions newer than every one whose files are there, the newest first. Empty: up to date. */
  newer: VersionSummary[];
  /** The newest of `newer` for a base model that is there; undefined when there is none. */
  newest?: VersionSummary | undefined;
}

/** What {@linkcode findUpdates} found. */
export interface UpdateReport {
  /** Every model that could be asked about. */
  models: ModelUpdates[];
  /** Models that could not, and why: deleted, or not answered for. */
  failures: { modelId: number; error: CivikitError }[];
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
 * Looks for newer versions of models that are there, 100 models a question. A model that fails is reported; the others
 * go on.
 *
 * @param api Whom to ask.
 * @param owned Versions that are there.
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
  { signal }: CallOptions = {},
): Promise<UpdateReport> {
  const all = [...owned];
  const hashes = new Set(all.map(({ sha256 }) => sha256?.toUpperCase()).filter(Boolean));
  const byModel = Map.groupBy(all, ({ modelId }) => modelId);
  const report: UpdateReport = { models: [], failures: [] };
  const ids = [...byModel.keys()].filter((id) => id !== null);
  const found = new Map<number, Model>();
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

  for (let at = 0; at < ids.length && general === undefined; at += batchSize) {
    const batch = ids.slice(at, at + batchSize);
    await attempt(async () => {
      for (const [id, model] of await api.models.byIds(batch, { signal })) found.set(id, model);
    });
  }
  for (const modelId of ids) {
    // lists leave out archived models and some others; a failed batch all of its own
    const error = found.has(modelId)
      ? undefined
      : general ?? await attempt(async () => void found.set(modelId, await api.models.get(modelId, { signal })));
    const model = found.get(modelId);
    if (model !== undefined) {
      report.models.push(compare(model, byModel.get(modelId)!.map((one) => one.versionId), hashes));
    } else if (error !== undefined) report.failures.push({ modelId, error: deleted(modelId, error) });
  }
  return report;
}

function deleted(modelId: number, error: CivikitError): CivikitError {
  if (!(error instanceof HttpError) || !isCode(error, "not_found")) return error;
  const { status, url, body } = error;
  return new HttpError(`asking for model "${modelId}": it is no longer on the site`, {
    code: "not_found",
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
function hasAll({ files }: ListVersion, hashes: ReadonlySet<string | undefined>): boolean {
  const weights = (files ?? []).filter(({ type }) => type === "Model" || type === "Pruned Model");
  return weights.length > 0 && weights.every((file) => {
    const sha256 = file.hashes?.SHA256?.toUpperCase();
    return sha256 !== undefined && hashes.has(sha256);
  });
}

function compare(
  { id, name, mode, modelVersions }: Model,
  versionIds: readonly number[],
  hashes: ReadonlySet<string | undefined>,
): ModelUpdates {
  const owned = [...new Set(versionIds)];
  const listed = inSiteOrder(modelVersions);
  const isMine = (version: ListVersion) => owned.includes(version.id) || hasAll(version, hashes);
  const mine = listed.filter(isMine);
  const first = listed.findIndex(isMine);
  // a version that is no longer listed says nothing about its place: then the date of its id must do
  const isNewer = (version: ListVersion, place: number) => first >= 0 ? place < first : version.id > Math.max(...owned);
  const newer = mode === "Archived"
    ? []
    : listed.filter((version, place) => isNewer(version, place) && (version.status ?? "Published") === "Published");
  const bases = new Set(mine.map(({ baseModel }) => baseModel ?? null));
  const newest = newer.find(({ baseModel }) => bases.size === 0 || bases.has(baseModel ?? null));
  return {
    modelId: id,
    modelName: name,
    owned,
    newer: newer.map(summary),
    ...(newest && { newest: summary(newest) }),
  };
}
