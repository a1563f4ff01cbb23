/** `/api/v1/models` and `/api/v1/models/:id`. @module */
import { Hono } from "hono";
import type { CatalogueModel, CatalogueVersion } from "../catalogue.ts";
import { bulkModels } from "../bulk_models.ts";
import { cut } from "../pages.ts";
import { mixedRoute, publicRoute } from "../route_class.ts";
import { listModel, oneModel } from "../shapes.ts";
import { badId, idOf, type Site, userOf } from "../site.ts";

const modelTypes = new Set(
  ("Checkpoint TextualInversion Hypernetwork AestheticGradient LORA LoCon DoRA Controlnet Upscaler MotionModule VAE " +
    "TextEncoder UNet CLIPVision Poses Wildcards Workflows ComfyWorkflows Detection VisionLanguage CLIP LLM Other")
    .split(" "),
);
const yes = /^(true|1|yes|on|y|enabled)$/i;
const no = /^(false|0|no|off|n|disabled)$/i;

function zodError(path: string, message: string): { error: { name: string; message: string } } {
  return {
    error: { name: "ZodError", message: JSON.stringify([{ code: "invalid_type", path: [path], message }], null, 2) },
  };
}

function numbers(values: readonly string[]): number[] {
  return values.flatMap((value) => value.split(",")).map(Number);
}

const typedOnly = ["allowNoCredit", "allowDerivatives", "allowDifferentLicense", "browsingLevel", "collectionId"];

const newestOf = ({ versions }: CatalogueModel): number =>
  Math.max(...versions.map(({ publishedAt }) => Date.parse(publishedAt)));

function isUnfiltered(query: URLSearchParams): boolean {
  return [...query.keys()].every((name) => ["limit", "cursor", "nsfw", "sort", "period", "archived"].includes(name));
}

/** Routes of the resource. */
export function models(site: Site): Hono {
  const app = new Hono();
  const bulk = bulkModels(site);

  app.all("/:id", publicRoute(), async (c) => {
    const id = idOf(c.req.param("id"));
    if (id === undefined || id > 2147483647) return c.json({ error: badId }, 400);
    const model = site.models.find((one) => one.id === id);
    if (!model) return c.json({ error: `No model with id ${id}` }, 404);
    return c.json(await oneModel(site, new URL(c.req.url).origin, model));
  });

  app.all("/", mixedRoute(site), async (c) => {
    const url = new URL(c.req.url);
    const { searchParams: query, origin } = url;
    const limit = Number(query.get("limit") ?? 100);
    const page = Number(query.get("page") ?? 1);
    if (!Number.isInteger(limit) || limit < 0 || limit > 100) {
      return c.json(zodError("limit", "Invalid input: expected a number from 0 to 100"), 400);
    }
    const types = query.getAll("types");
    const unknown = types.find((type) => !modelTypes.has(type));
    if (unknown !== undefined) return c.json(zodError("types", `Invalid option: ${unknown}`), 400);
    const nsfw = query.get("nsfw");
    if (nsfw !== null && !yes.test(nsfw) && !no.test(nsfw)) return c.json(zodError("nsfw", "Invalid input"), 400);
    if (query.has("page") && query.has("query")) {
      return c.json({ error: "Cannot use page param with query search. Use cursor-based pagination." }, 400);
    }
    if (page * limit > 1000) {
      return c.json({ error: "You've requested too many pages, please use cursors instead" }, 429);
    }
    const username = query.get("username") ?? query.get("user");
    if (username !== null && !site.models.some(({ creator }) => creator === username)) {
      return c.json({ message: "User not found" }, 404);
    }

    const ids = numbers(query.getAll("ids"));
    const versionIds = numbers(query.getAll("modelVersionIds"));
    const baseModels = query.getAll("baseModels");
    const words = query.get("query")?.toLowerCase();
    const tag = query.get("tag") ?? query.get("tagname");
    const isKnownTag = tag !== null && site.models.some(({ tags }) => tags.includes(tag)); // an unknown one is ignored
    const isVersionWanted = (version: CatalogueVersion) =>
      (versionIds.length === 0 || versionIds.includes(version.id)) &&
      (baseModels.length === 0 || baseModels.includes(version.baseModel));
    const isWanted = (model: CatalogueModel) =>
      (ids.length === 0 || ids.includes(model.id)) &&
      (types.length === 0 || types.includes(model.type)) &&
      (username === null || model.creator === username) &&
      (!isKnownTag || model.tags.includes(tag)) &&
      (words === undefined || model.name.toLowerCase().includes(words)) &&
      (model.nsfwLevel === 1 || (nsfw !== null && yes.test(nsfw))) &&
      (model.mode === undefined || Boolean(query.get("archived"))) &&
      model.versions.some(isVersionWanted);

    const forbidden = typedOnly.find((name) => query.has(name));
    if (forbidden !== undefined) return c.json(zodError(forbidden, "Invalid input: expected boolean"), 400);
    if (["favorites", "hidden"].some((name) => query.has(name)) && !userOf(site, c.req.raw)) {
      return c.json({ error: "Unauthorized" }, 401);
    }
    if (query.getAll("fileFormats").length === 1) return c.json(zodError("fileFormats", "expected array"), 400);

    const cursor = query.get("cursor");
    if (site.bulkModels > 0 && isUnfiltered(query)) return await bulk.answer(c, cursor, limit);
    const wanted = site.models.filter(isWanted);
    // the search has an order of its own
    if (query.get("sort") === "Newest" && words === undefined) wanted.sort((a, b) => newestOf(b) - newestOf(a));
    const found = cut(site, wanted, cursor, limit);
    if (!found) return c.json({ message: `Invalid cursor: ${cursor}` }, 400);
    const metadata: Record<string, unknown> = {};
    if (query.has("page")) Object.assign(metadata, { currentPage: page, pageSize: limit });
    if (found.nextCursor !== undefined) {
      metadata["nextCursor"] = found.nextCursor;
      query.set("cursor", String(found.nextCursor));
      metadata["nextPage"] = url.href; // with the key in it, if it came as ?token=
    }
    const items = await Promise.all(found.rows.map((model) => listModel(site, origin, model, isVersionWanted)));
    return c.json({ items, metadata });
  });

  return app;
}
