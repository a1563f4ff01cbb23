/** `/api/v1/model-versions/...`. @module */
import { Hono } from "hono";
import { findVersion } from "../catalogue.ts";
import { mixedRoute, publicRoute } from "../route_class.ts";
import { oneVersion, shownHashes } from "../shapes.ts";
import { badId, idOf, type Site } from "../site.ts";

/** Routes of the resource. */
export function modelVersions(site: Site): Hono {
  const app = new Hono();

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
