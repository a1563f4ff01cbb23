/** `/api/download/models/:versionId` and the HTML pages it sends browsers to (api reference, section 9). @module */
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type CatalogueFile, type CatalogueVersion, findVersion } from "../catalogue.ts";
import { badId, idOf, isBrowser, type Site, userOf } from "../site.ts";

const noStore = "no-store, max-age=0";
const weightTypes = new Set(["Model", "Pruned Model"]);

/** The file a request means: by id, by what is given, by the account's taste, or the primary one. */
function pick({ files }: CatalogueVersion, query: URLSearchParams, hasUser: boolean): CatalogueFile | undefined {
  const fileId = query.get("fileId");
  if (fileId !== null) return files.find(({ id }) => String(id) === fileId);
  const given = ["type", "format", "size", "fp", "quantType"].filter((name) => query.get(name));
  const fits = files.filter((file) =>
    given.every((name) => {
      const value = name === "type" ? file.type : file.metadata[name as keyof typeof file.metadata];
      return value === query.get(name);
    })
  );
  if (given.length === 0 && hasUser) {
    const score = ({ metadata: { format, size, fp } }: CatalogueFile) =>
      Number(format === "SafeTensor") + Number(size === "pruned") + Number(fp === "fp16");
    const best = fits.filter(({ type }) => weightTypes.has(type)).toSorted((a, b) => score(b) - score(a));
    return best[0] ?? fits[0];
  }
  return fits.find(({ primary }) => primary) ?? fits[0];
}

/** Refuses a program with JSON, a browser with plain text or, where a person could do something, with a page. */
function refuse(c: Context, status: ContentfulStatusCode, body: Record<string, unknown>, page?: string): Response {
  if (!isBrowser(c.req.raw)) return c.json(body, status);
  return page ? c.redirect(page) : c.text(String(body["message"] ?? body["error"]), status);
}

/** Routes of the resource. */
export function download(site: Site): Hono {
  const app = new Hono();

  app.use("*", async (c, next) => {
    await next();
    c.header("Cache-Control", noStore);
  });

  app.all("/models/:id", (c) => {
    if (c.req.method === "HEAD") return c.json({ error: "Unauthorized" }, 401);
    if (c.req.method !== "GET") return c.json({ error: "Method not allowed" }, 405);
    const refusal = site.downloadRefusals.shift();
    if (refusal) {
      const headers = { "Content-Type": "application/json", ...refusal.headers };
      return c.body(refusal.body ?? "", refusal.status as ContentfulStatusCode, headers);
    }
    const id = idOf(c.req.param("id"));
    if (id === undefined) return refuse(c, 400, { error: badId });
    if (id === 0) return refuse(c, 400, { error: "Missing modelVersionId" });
    const found = findVersion(site.models, id);
    const user = userOf(site, c.req.raw);
    const file = found && pick(found.version, new URL(c.req.url).searchParams, user !== undefined);
    if (!file) return refuse(c, 404, { error: "File not found" });
    const { model, version } = found;
    if (model.mode === "Archived") return refuse(c, 410, { error: "Model archived, not available for download" });
    if (version.usageControl !== "Download") {
      const message = "The creator of this asset has disabled downloads on this file";
      return refuse(c, 401, { error: "Unauthorized", message }, "/login");
    }
    if (version.isLoginRequired && !user) {
      const message = "The creator of this asset requires you to be logged in to download it";
      return refuse(c, 401, { error: "Unauthorized", message }, "/login");
    }
    if (version.earlyAccessUntil && !user?.hasEarlyAccess) {
      const message = "This asset is in Early Access. You can use Buzz access it now!";
      const body = { error: "Early Access", deadline: version.earlyAccessUntil, message };
      return refuse(c, 403, body, `/models/${model.id}?modelVersionId=${version.id}`);
    }
    return c.redirect(site.storage.sign(file), 307);
  });

  return app;
}

/** The pages people see: every path answers 200 with HTML. */
export function pages(): Hono {
  const app = new Hono();
  const page = (title: string) =>
    `<!doctype html><html><head><title>${title}</title></head><body>${title}</body></html>`;
  app.get("/login", (c) => c.html(page("Sign in")));
  app.get("/models/:id", (c) => c.html(page(`Model ${Number(c.req.param("id"))}`)));
  return app;
}
