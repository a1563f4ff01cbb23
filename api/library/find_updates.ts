import type { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { askModels, isGone, type ModelLookup } from "./ask_models.ts";
import { hashesOf, type Owned } from "./owned.ts";
import { type ModelUpdates, standingOf } from "./standing_of.ts";
import { readRules, type UpdateRules } from "./update_rules.ts";

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
