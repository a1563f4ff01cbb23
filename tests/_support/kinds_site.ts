import type { WireFile, WireModel, WireVersion } from "./model_kinds.ts";

/** A site that knows made models: what `civitai()` takes as a transport. */
export interface KindsSite {
  /** Answers what the site answers for models, versions and hashes. */
  fetch(request: Request): Promise<Response>;
}

const json = (value: unknown, status = 200) => Response.json(value, { status });

function hashOf({ hashes }: WireFile, name: string): string | undefined {
  const hash = (hashes as Record<string, unknown> | null | undefined)?.[name];
  return typeof hash === "string" ? hash.toUpperCase() : undefined;
}

/** A version as it comes alone: with its model, without its place in the list. */
function alone({ index: _, ...version }: WireVersion, { id, name, type, nsfw, mode }: WireModel): unknown {
  const air = `urn:air:sdxl:lora:civitai:${id}@${version.id}`;
  return { ...version, modelId: id, air, model: { name, type, nsfw, poi: false, ...(mode !== undefined && { mode }) } };
}

/** Makes it; lists give what is asked for by its id, and versions are found by SHA-256. */
export function kindsSite(models: Iterable<WireModel>): KindsSite {
  const byId = new Map<number, WireModel>();
  const versions = new Map<number, unknown>();
  const byHash = new Map<string, unknown>();
  for (const model of models) {
    byId.set(model.id, model);
    // the earliest one that has a file counts
    for (const version of model.modelVersions.toReversed()) {
      const shown = alone(version, model);
      versions.set(version.id, shown);
      for (const file of version.files ?? []) {
        const sha256 = hashOf(file, "SHA256");
        if (sha256 !== undefined && !byHash.has(sha256)) byHash.set(sha256, shown);
      }
    }
  }

  async function fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const path = pathname.replace(/^\/api\/v1/, "");
    const [, id] = /^\/(?:models|model-versions)\/(\d+)$/.exec(path) ?? [];
    if (path === "/model-versions/by-hash" && request.method === "POST") {
      const asked = await request.json() as string[];
      return json([null, ...new Set(asked.map((hash) => byHash.get(hash.toUpperCase())))].filter(Boolean));
    }
    if (path === "/models") {
      const wanted = searchParams.getAll("ids").flatMap((ids) => ids.split(",")).map(Number);
      return json({ items: wanted.flatMap((one) => byId.get(one) ?? []), metadata: {} });
    }
    const found = path.startsWith("/models/") ? byId.get(Number(id)) : versions.get(Number(id));
    return found === undefined ? json({ error: "not found" }, 404) : json(found);
  }
  return { fetch };
}
