/**
 * The site as a Hono app; one file for each resource under `routes/`.
 *
 * @module
 */
import { Hono } from "hono";
import { etag } from "hono/etag";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { download, pages } from "./routes/download.ts";
import { cdn, images, posts } from "./routes/images.ts";
import { me } from "./routes/me.ts";
import { models } from "./routes/models.ts";
import { modelVersions } from "./routes/model_versions.ts";
import { creators, enums, tags, users } from "./routes/people.ts";
import { articles, collections, modelFiles, permissions, vault } from "./routes/shelves.ts";
import type { Site } from "./site.ts";

/** Builds the app. */
export function app(site: Site): Hono {
  const root = new Hono();

  root.use("*", async (c, next) => {
    if (!site.isInMaintenance) return await next();
    const page = "<!doctype html><html><body>We're adjusting a few things, be back in a few minutes...</body></html>";
    return c.html(page, 503);
  });

  root.use("/api/v1/*", async (c, next) => {
    const refusal = site.apiRefusals.shift();
    if (!refusal) return await next();
    const headers = { "Content-Type": "application/json", "Cache-Control": "no-store", ...refusal.headers };
    return c.body(refusal.body ?? "", refusal.status as ContentfulStatusCode, headers);
  });

  root.use("/api/v1/*", async (c, next) => {
    await next();
    c.header("X-Handled-By", "embedded");
  });
  root.use("/api/v1/*", etag());

  root.route("/api/v1/models", models(site));
  root.route("/api/v1/model-versions", modelVersions(site));
  root.route("/api/v1/model-files", modelFiles(site));
  root.route("/api/v1/images", images(site));
  root.route("/api/v1/posts", posts(site));
  root.route("/api/v1/creators", creators(site));
  root.route("/api/v1/tags", tags(site));
  root.route("/api/v1/users", users(site));
  root.route("/api/v1/enums", enums());
  root.route("/api/v1/collections", collections(site));
  root.route("/api/v1/articles", articles(site));
  root.route("/api/v1/vault", vault(site));
  root.route("/api/v1/permissions", permissions(site));
  root.route("/api/v1/me", me(site));
  root.route("/", cdn(site));
  root.route("/api/download", download(site));
  root.route("/", pages());
  root.notFound((c) => c.html("<!doctype html><html><body>404</body></html>", 404));
  return root;
}
