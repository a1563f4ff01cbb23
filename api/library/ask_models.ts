import { CivikitError, HttpError, isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { Model } from "../resources/models.ts";
import { isGeneral } from "./is_general.ts";
import type { Owned } from "./owned.ts";

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

/** What {@linkcode askModels} found. */
export interface AskedModels {
  /** The models that are there, by id. */
  readonly found: ReadonlyMap<number, Model>;
  /** The others, and why: deleted, or not answered for. */
  readonly failures: { modelId: number; error: CivikitError }[];
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
  const failures: { modelId: number; error: CivikitError }[] = [];
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
