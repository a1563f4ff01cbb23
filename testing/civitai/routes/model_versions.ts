/** `/api/v1/model-versions/...`. @module */
import { type Context, Hono } from "hono";
import { findVersion } from "../catalogue.ts";
import { mixedRoute, publicRoute } from "../route_class.ts";
import { oneVersion, shownHashes } from "../shapes.ts";
import { badId, idOf, type Site } from "../site.ts";

/** Routes of the resource. */
export function modelVersions(site: Site): Hono {
  const app = new Hono();

  /** Every version with a file whose SHA-256 is asked for, in no particular order. */
  async function bulk(c: Context, most: number) {
    if (c.req.method !== "POST") return c.json({ error: "Method not allowed" }, 405);
    const asked: unknown = await c.req.json().catch(() => undefined);
    const isList = Array.isArray(asked) && asked.length <= most &&
      asked.every((hash) => typeof hash === "string" && hash.length === 64);
    if (!isList) return c.json({ error: "Request must include an array of SHA256 Hashes. [invalid]" }, 400);
    const wanted = new Set(asked.map((hash: string) => hash.toUpperCase()));
    const found = [];
    for (const model of site.models) {
      for (const version of model.versions) {
        for (const file of version.files) {
          const hash = (await shownHashes(file))["SHA256"];
          if (hash !== undefined && wanted.has(hash)) found.push({ model, version, hash });
        }
      }
    }
    return found.toReversed();
  }

  app.all("/by-hash/ids", publicRoute(), async (c) => {
    const found = await bulk(c, 10_000);
    if (found instanceof Response) return found;
    return c.json(found.map(({ model, version, hash }) => ({
      modelVersionId: version.id,
      modelId: model.id,
      hash,
    })));
  });

  // the origin of every download is broken, the order is lost, and nulls stand among the versions
  app.all("/by-hash", publicRoute(), async (c) => {
    const found = await bulk(c, 100);
    if (found instanceof Response) return found;
    const base = new URL(c.req.url).origin;
    const shape = { byHash: true, filesBase: "https://undefined" };
    const versions = await Promise.all(
      found.map(({ model, version }) => oneVersion(site, base, model, version, shape)),
    );
    return c.json([null, ...versions]);
  });

  app.all("/mini/:id", mixedRoute(site), async (c) => {
    if (c.req.query("epoch") !== undefined) return c.json({ error: badId }, 400);
    const found = findVersion(site.models, idOf(c.req.param("id")) ?? 0);
    const fileId = c.req.query("modelFileId");
    if (!found) return c.json({ error: "Model not found" }, 404);
    const { model, version } = found;
    const file = version.files.find(({ id, primary }) => fileId === undefined ? primary : String(id) === fileId);
    if (!file) return c.json({ error: `Model file ${fileId} not found in version ${version.id}` }, 404);
    return c.json({
      ...{
        air: `urn:air:sdxl:lora:civitai:${model.id}@${version.id}`,
        versionName: version.name,
        modelName: model.name,
      },
      ...{ userId: 77, baseModel: version.baseModel, availability: "Public", publishedAt: version.publishedAt },
      ...{ size: file.content.size / 1024, fileType: file.type, fileName: file.name, hashes: await shownHashes(file) },
      downloadUrls: [`${new URL(c.req.url).origin}/api/download/models/${version.id}?fileId=${file.id}`],
      ...{ format: file.metadata.format, canGenerate: true, isFeatured: false, checkPermission: false },
      ...{
        requireAuth: version.isLoginRequired ?? false,
        additionalResourceCharge: true,
        minor: false,
        sfwOnly: false,
      },
      ...{ fees: [], payoutEnabled: false },
    });
  });

  app.all("/by-hash/:hash", publicRoute("public, s-maxage=3600, stale-while-revalidate=1800"), async (c) => {
    const hash = c.req.param("hash").toUpperCase();
    for (const model of site.models) {
      // the earliest version that has the file
      for (const version of model.versions.toReversed()) {
        for (const file of version.files) {
          if (!Object.values(await shownHashes(file)).includes(hash)) continue;
          return c.json(await oneVersion(site, new URL(c.req.url).origin, model, version, { byHash: true }));
        }
      }
    }
    return c.json({ error: "Model not found" }, 404);
  });

  app.all("/:id", mixedRoute(site), async (c) => {
    const id = idOf(c.req.param("id"));
    if (id === undefined) return c.json({ error: badId }, 400);
    if (id === 0) return c.json({ error: "Missing modelVersionId" }, 400);
    if (id > 2147483647) return c.json({ error: "Failed to fetch model version details" }, 500);
    const found = findVersion(site.models, id);
    if (!found) return c.json({ error: "Model not found" }, 404);
    return c.json(await oneVersion(site, new URL(c.req.url).origin, found.model, found.version, { byHash: false }));
  });

  return app;
}
