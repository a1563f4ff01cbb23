import type { Civitai, Model, SiteReference, Version } from "../../api/mod.ts";

/** What the site was asked for at once, to be looked at as if it were asked one by one. */
export interface Gathered extends Pick<Civitai, "baseUrl" | "models" | "versions"> {
  /** Whether what a reference means is among it. */
  has(reference: SiteReference): boolean;
}

function versionsOf({ id, name, type, nsfw, poi, mode, modelVersions }: Model): Version[] {
  const model = { name, type, nsfw: nsfw ?? null, poi: poi ?? null, mode: mode ?? null } as Version["model"];
  return modelVersions.map((version) => ({
    ...version,
    ...{ model, modelId: id, earlyAccessEndsAt: version.earlyAccessDeadline ?? null },
  }));
}

/** Asks for what up to a hundred references mean in two calls; what the site does not list is missing. */
export async function gather(
  api: Civitai,
  references: readonly SiteReference[],
  signal: AbortSignal,
): Promise<Gathered> {
  const modelIds = new Set(references.filter(({ kind }) => kind === "model").map(({ modelId }) => modelId!));
  const versionIds = [...new Set(references.flatMap((one) => one.kind === "version" ? [one.versionId] : []))];
  const models = new Map<number, Model>();
  const versions = new Map<number, Version>();
  const note = (model: Model) => versionsOf(model).forEach((version) => versions.set(version.id, version));
  const byVersions = async () => {
    if (versionIds.length === 0) return;
    const asked = { modelVersionIds: versionIds, nsfw: true, archived: true, limit: 100 };
    for await (const model of api.models.list(asked, { signal })) note(model);
  };
  const byModels = async () => {
    for (const [id, model] of await api.models.byIds(modelIds, { signal })) models.set(id, model), note(model);
  };
  await Promise.all([byVersions(), byModels()]);
  return {
    baseUrl: api.baseUrl,
    models: { ...api.models, get: (id, options) => pick(models, id, () => api.models.get(id, options)) },
    versions: { ...api.versions, get: (id, options) => pick(versions, id, () => api.versions.get(id, options)) },
    has: (one) => one.kind === "model" ? models.has(one.modelId) : versions.has(one.versionId),
  };
}

const pick = <Value>(known: ReadonlyMap<number, Value>, id: number, ask: () => Promise<Value>): Promise<Value> => {
  const value = known.get(id);
  return value === undefined ? ask() : Promise.resolve(value);
};
