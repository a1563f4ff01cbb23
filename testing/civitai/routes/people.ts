/** `/api/v1/creators`, `/tags`, `/users` and `/enums` (api reference, section 7). @module */
import { type Context, Hono } from "hono";
import { publicRoute } from "../route_class.ts";
import type { Site } from "../site.ts";

function paging(c: Context): { limit: number; page: number } | Response {
  const limit = Number(c.req.query("limit") ?? 20);
  const page = Number(c.req.query("page") ?? 1);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200 || page < 1) {
    return c.json(
      [{ code: "too_big", path: ["limit"], message: "Invalid input: expected a number from 1 to 200" }],
      400,
    );
  }
  return { limit, page };
}

/** Every name once, then made-up ones. */
function namesOf(site: Site, names: readonly string[], more: string): string[] {
  return [...new Set(names), ...Array.from({ length: site.extraNames }, (_, index) => `${more}${index}`)];
}

/** Routes of the resource. */
export function creators(site: Site): Hono {
  return new Hono().all("/", publicRoute(), (c) => {
    const given = paging(c);
    if (given instanceof Response) return given;
    const { limit, page } = given;
    const words = c.req.query("query") ?? "";
    const { origin } = new URL(c.req.url);
    const all: (string | null)[] = namesOf(site, site.models.map(({ creator }) => creator), "maker");
    if (words === "") all.splice(1, 0, null); // a deleted user
    const fitting = all.filter((name) => name?.includes(words) ?? true);
    const rows = fitting.slice((page - 1) * limit, page * limit);
    const totalPages = Math.ceil(fitting.length / limit);
    const items = rows.map((username) => ({
      username,
      modelCount: site.models.filter(({ creator }) => creator === username).length,
      link: `${origin}/api/v1/models?username=${username}`,
    }));
    const hasNext = page < totalPages;
    const totals = words === ""
      ? { totalItems: fitting.length, totalPages }
      : { totalItems: Math.min(fitting.length, page * limit), totalPages: page, hasMore: hasNext };
    const next = hasNext ? { nextPage: `${origin}/api/v1/creators?limit=${limit}&page=${page + 1}` } : {};
    return c.json({ items, metadata: { ...totals, currentPage: page, pageSize: limit, ...next } });
  });
}

/** Routes of the resource: no totals and no `nextPage`, though more exist. */
export function tags(site: Site): Hono {
  return new Hono().all("/", publicRoute(), (c) => {
    const given = paging(c);
    if (given instanceof Response) return given;
    const { limit, page } = given;
    const words = c.req.query("query") ?? "";
    const { origin } = new URL(c.req.url);
    const fitting = namesOf(site, site.models.flatMap(({ tags }) => tags), "tag ").filter((name) =>
      name.startsWith(words)
    );
    const items = fitting.slice((page - 1) * limit, page * limit).map((name) => ({
      name,
      link: `${origin}/api/v1/models?tag=${name}`,
    }));
    return c.json({ items, metadata: { totalItems: 0, currentPage: page, pageSize: limit, totalPages: 0 } });
  });
}

/** Routes of the resource. */
export function users(site: Site): Hono {
  return new Hono().all("/", publicRoute(), (c) => {
    const ids = c.req.query("ids")?.split(",").map(Number);
    const words = c.req.query("query")?.toLowerCase();
    if (ids?.some(Number.isNaN)) return c.json({ name: "ZodError", message: "Invalid input: ids" }, 400);
    const all = [
      ...[...site.users.values()].map(({ id, username }) => ({ id, username: username as string | number })),
      ...[...new Set(site.models.map(({ creator }) => creator))].map((username, index) => ({
        id: 77 + index,
        username,
      })),
      { id: 99, username: 12345 },
    ];
    const fitting = all.filter(({ id, username }) =>
      ids ? ids.includes(id) : String(username).toLowerCase().includes(words ?? "")
    );
    return c.json({ items: fitting.slice(0, ids?.length ?? 5).map((user) => ({ ...user, avatarNsfw: 1 })) });
  });
}

/** Routes of the resource: no cache headers, no CORS. */
export function enums(): Hono {
  return new Hono().all("/", (c) =>
    c.json({
      ModelType: ["Checkpoint", "TextualInversion", "LORA", "VAE", "Other"],
      ModelFileType: ["Model", "Pruned Model", "VAE", "Config"],
      ActiveBaseModel: ["SDXL 1.0"],
      BaseModel: ["SD 1.5", "SDXL 1.0", "Flux.1 D"],
      BaseModelType: ["Standard", "Inpainting", "Refiner", "Pix2Pix"],
    }));
}
