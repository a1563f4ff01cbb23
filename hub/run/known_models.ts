import type { Civitai, Model } from "../../api/mod.ts";

/**
 * The same site, asked about many models at once: what it said of them is not asked again. Fewer than two are not worth a
 * question of their own, and those the site does not list are asked for one by one, as if this had not been.
 *
 * @param ids The models; the same one may be there more than once.
 * @throws The signal's reason when it aborts.
 */
export async function withKnownModels(api: Civitai, ids: readonly number[], signal: AbortSignal): Promise<Civitai> {
  const different = new Set(ids);
  if (different.size < 2) return api;
  const known = await api.models.byIds(different, { signal }).catch((): Map<number, Model> => {
    signal.throwIfAborted();
    return new Map();
  });
  const { models } = api;
  return {
    ...api,
    models: { ...models, get: async (id, options) => known.get(id) ?? await models.get(id, options) },
  };
}
