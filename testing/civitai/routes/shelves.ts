/** Collections, articles, vault, permissions and tensor metadata (api reference, sections 5 and 8). @module */
import { Hono } from "hono";
import { findFile, findVersion } from "../catalogue.ts";
import { cut } from "../pages.ts";
import { authedRoute, mixedRoute, publicRoute } from "../route_class.ts";
import { badId, idOf, type Site, userOf } from "../site.ts";

const dates = { publishedAt: "2026-01-02T03:04:05.678Z" };

/** Routes of the resource; cursors are numbers. */
export function collections(site: Site): Hono {
  const one = (id: number) => ({
    ...{ id, name: `Shelf ${id}`, description: null, type: "Model", nsfwLevel: null, read: "Public", isPublic: true },
    ...{ coverImageUrl: null, user: { id: null, username: null } },
  });
  const all = Array.from({ length: 7 }, (_, index) => one(501 + index));
  return new Hono().all("/:id", publicRoute(), (c) => {
    const id = idOf(c.req.param("id"));
    const found = all.find((each) => each.id === id);
    if (id === undefined) return c.json({ error: badId }, 400);
    if (!found) return c.json({ error: `No collection with id ${id}` }, 404);
    return c.json({ ...found, tags: [{ id: 5, name: "lantern" }] });
  }).all("/", publicRoute(), (c) => {
    const limit = Number(c.req.query("limit") ?? 100);
    const cursor = c.req.query("cursor");
    if (cursor !== undefined && c.req.query("sort") === "Most Followers") {
      return c.json({ message: "Invalid cursor" }, 400);
    }
    const page = cut({ ...site, listQuirks: { numericCursor: true } }, all, cursor ?? null, limit);
    if (!page) return c.json({ message: "Invalid cursor" }, 400);
    const items = page.rows.map((row) => ({ ...row, itemCount: site.collectionItems.get(row.id) ?? 3 }));
    return c.json({ items, metadata: page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor } });
  });
}

/** Routes of the resource. */
export function articles(site: Site): Hono {
  const all = Array.from({ length: 5 }, (_, index) => ({
    ...{ id: 601 + index, title: `How to light lantern ${index}`, nsfwLevel: 1, ...dates, coverImage: null },
    ...{ user: { id: 77, username: "lamplighter" }, tags: [{ id: 5, name: "guide" }], stats: { viewCount: 5 } },
  }));
  return new Hono().all("/:id", publicRoute(), (c) => {
    const id = idOf(c.req.param("id"));
    const found = all.find((each) => each.id === id);
    if (id === undefined) return c.json({ error: badId }, 400);
    if (!found) return c.json({ message: `No article with id ${id}` }, 404);
    return c.json({
      ...found,
      content: "<p>Light it.</p>",
      contentJson: { type: "doc" },
      attachments: [],
      contentImages: [],
    });
  }).all("/", publicRoute(), (c) => {
    const limit = Number(c.req.query("limit") ?? 100);
    const page = cut(site, all, c.req.query("cursor") ?? null, limit);
    if (!page) return c.json({ message: "Invalid cursor" }, 400);
    return c.json({ items: page.rows, metadata: page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor } });
  });
}

/** Routes of the resource; only `member-key` has a vault. */
export function vault(site: Site): Hono {
  const stored = new Set<number>([2001]);
  const app = new Hono();
  const itemOf = (id: number) => {
    const found = findVersion(site.models, id);
    return {
      id: id * 10,
      modelVersionId: id,
      modelId: found?.model.id,
      modelName: found?.model.name,
      status: "Stored",
    };
  };
  const isMember = (request: Request) => userOf(site, request)?.hasEarlyAccess ?? false;
  app.all("/get", authedRoute(site), (c) => {
    if (!isMember(c.req.raw)) return c.json({ vault: null });
    return c.json({ vault: { userId: 8, storageKb: 1000, usedStorageKb: 10, meta: {}, updatedAt: dates.publishedAt } });
  });
  app.all("/all", authedRoute(site), (c) => {
    const limit = Number(c.req.query("limit") ?? 60);
    const page = Number(c.req.query("page") ?? 1);
    const all = [...stored];
    const items = all.slice((page - 1) * limit, page * limit).map(itemOf);
    const totalPages = Math.ceil(all.length / limit);
    return c.json({ items, totalItems: all.length, currentPage: page, pageSize: limit, totalPages });
  });
  app.all("/check-vault", authedRoute(site), (c) => {
    const ids = (c.req.query("modelVersionIds") ?? "").split(",").map(Number);
    return c.json(ids.map((id) => ({ modelVersionId: id, vaultItem: stored.has(id) ? itemOf(id) : null })));
  });
  app.all("/toggle-version", (c) => {
    if (c.req.method !== "POST") return c.json({ error: "Method not allowed" }, 405);
    if (!isMember(c.req.raw)) return c.json({ error: "Unauthorized" }, 401);
    const id = Number(c.req.query("modelVersionId"));
    if (!stored.delete(id)) stored.add(id);
    return c.json({ success: true, vaultId: 8 });
  });
  return app;
}

/** Routes of the resource. */
export function permissions(site: Site): Hono {
  return new Hono().all("/check", publicRoute(), (c) => {
    const ids = (c.req.query("entityIds") ?? "").split(",").filter(Boolean).map(Number);
    if (ids.length === 0) return c.json([]);
    if (ids.some(Number.isNaN)) return c.json({ error: "Could not parse provided model versions array." }, 400);
    return c.json(Object.fromEntries(ids.map((id) => [id, findVersion(site.models, id) !== undefined])));
  });
}

/** Routes of the resource. */
export function modelFiles(site: Site): Hono {
  return new Hono().all("/:id/tensor-metadata", mixedRoute(site), (c) => {
    const id = idOf(c.req.param("id"));
    const found = id === undefined ? undefined : findFile(site.models, id);
    if (!found) return c.json({ error: "File not found" }, 404);
    const { content, headerBytes } = found.file;
    if (headerBytes === undefined) return c.json({ error: "Not a safetensors file" }, 422);
    const header = JSON.parse(new TextDecoder().decode(content.read(8, headerBytes - 8)));
    const tensors = Object.keys(header).filter((name) => name !== "__metadata__");
    if (c.req.query("summaryOnly")) return c.json({ metadata: header.__metadata__, tensorCount: tensors.length });
    return c.json(header);
  });
}
