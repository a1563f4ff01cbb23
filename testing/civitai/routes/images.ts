/** `/api/v1/images`, `/api/v1/posts/:id`, and the image CDN (api reference, sections 6 and 10). @module */
import { Hono } from "hono";
import { type GalleryEntry, galleryPrompt, imageBytes } from "../gallery.ts";
import { cut } from "../pages.ts";
import { mixedRoute, publicRoute } from "../route_class.ts";
import { badId, idOf, type Site } from "../site.ts";

type Json = Record<string, unknown>;

const bucket = "xG1nkqKTMzGDvpLrqFT7WA";
const yes = /^(true|1|yes|on|y|enabled)$/i;
const no = /^(false|0|no|off|n|disabled)$/i;
const masks: Readonly<Record<string, number>> = { None: 1, Soft: 3, Mature: 7, X: 31, Blocked: 32 };
const media = { mp4: "video", webm: "video", mp3: "audio" } as Record<string, string>;

/** Where an image is; the ending tells only the class. */
export function imageUrlOf(base: string, { id, uuid, kind }: GalleryEntry): string {
  const ending = { video: "mp4", audio: "mp3" }[media[kind] ?? ""] ?? "jpeg";
  return `${base}/${bucket}/${uuid}/original=true/${id}.${ending}`;
}

function metaOf({ id }: GalleryEntry): Json {
  return {
    ...{ prompt: galleryPrompt, negativePrompt: "blurry", steps: 20, sampler: "Euler a", cfgScale: 7 },
    ...{ seed: 2 ** 40 + id, "Clip skip": "2", Size: "512x768", Model: "harbourMix" },
    comfy: '{"prompt": {}, "workflow": undefined}',
  };
}

function imageJson(base: string, entry: GalleryEntry, meta: unknown, withTags: boolean): Json {
  const { id, browsingLevel, postId, username, modelVersionId, kind } = entry;
  return {
    ...{ id, url: imageUrlOf(base, entry), hash: "U5IiO6s-4Vn+0~EO^5xa00VsL#IU_O?E7yWC", width: 512, height: 768 },
    ...{ nsfwLevel: browsingLevel === 1 ? "None" : "X", browsingLevel, nsfw: browsingLevel > 1 },
    ...{ type: media[kind] ?? "image", createdAt: "2026-01-02T03:04:05.678Z", postId },
    stats: { cryCount: 0, laughCount: 0, likeCount: 0, dislikeCount: 0, heartCount: 0, commentCount: 0 },
    ...{ meta, username, baseModel: "SDXL 1.0", modelVersionIds: [modelVersionId] },
    ...(withTags ? { tags: [{ id: 5, name: "lantern" }] } : {}),
  };
}

/** `seed`s beyond 2^53 go out with all their digits. */
function withLongSeeds(text: string): string {
  return text.replace(/"seed":1099518627776/g, '"seed":18446744073709551615');
}

/** Routes of the resource. */
export function images(site: Site): Hono {
  const app = new Hono();

  app.all("/", publicRoute(), (c) => {
    const url = new URL(c.req.url);
    const query = url.searchParams;
    const limit = Number(query.get("limit") ?? 100);
    const username = query.get("username");
    const nsfw = query.get("nsfw");
    const refuse = (message: string) =>
      c.json({ error: { name: "ZodError", message: JSON.stringify([{ message }]) } }, 400);
    if (!Number.isInteger(limit) || limit < 0 || limit > 200) return refuse("limit");
    if (username !== null && !/^[A-Za-z0-9_]*$/.test(username)) return refuse("username");
    if (nsfw !== null && !yes.test(nsfw) && !no.test(nsfw) && !(nsfw in masks)) return refuse("nsfw");
    const page = Number(query.get("page") ?? 1);
    if (page * limit > 1000) {
      return c.json({ error: "You've requested too many pages, please use cursors instead" }, 429);
    }
    // true leaves PG out
    const byWord = nsfw === null || no.test(nsfw) ? 1 : yes.test(nsfw) ? 60 : masks[nsfw]!;
    const mask = Number(query.get("browsingLevel") ?? byWord);
    const ids = query.get("ids")?.split(",").map(Number);
    const wants = (name: string, value: unknown) => query.get(name) === null || query.get(name) === String(value);
    const fits = (entry: GalleryEntry) =>
      (entry.browsingLevel & mask) !== 0 && wants("postId", entry.postId) && wants("modelId", entry.modelId) &&
      wants("modelVersionId", entry.modelVersionId) && wants("imageId", entry.id) &&
      wants("username", entry.username) &&
      wants("type", media[entry.kind] ?? "image") && (ids === undefined || ids.includes(entry.id));
    const found = cut(site, site.gallery.filter(fits), query.get("cursor"), limit);
    if (!found) return c.json({ message: `Invalid cursor: ${query.get("cursor")}` }, 400);
    const isWrapped = (query.has("modelId") || query.has("imageId")) && !yes.test(query.get("flatMeta") ?? "");
    const items = found.rows.map((entry) => {
      const meta = yes.test(query.get("withMeta") ?? "") ? metaOf(entry) : null;
      const shape = meta === null || !isWrapped ? meta : { id: entry.id, meta };
      return imageJson(url.origin, entry, shape, yes.test(query.get("withTags") ?? ""));
    });
    const { nextCursor } = found;
    if (nextCursor !== undefined) query.set("cursor", String(nextCursor));
    const metadata = nextCursor === undefined ? {} : { nextCursor, nextPage: url.href };
    return c.body(withLongSeeds(JSON.stringify({ items, metadata })), 200, { "Content-Type": "application/json" });
  });

  return app;
}

/** Routes of the resource. */
export function posts(site: Site): Hono {
  return new Hono().all("/:id", mixedRoute(site), (c) => {
    const id = idOf(c.req.param("id"));
    if (id === undefined || id === 0) return c.json({ error: badId }, 400);
    const entries = site.gallery.filter(({ postId }) => postId === id);
    const { origin } = new URL(c.req.url);
    if (entries.length === 0) return c.json({ error: "Post not found" }, 404);
    return c.json({
      ...{ id, title: null, detail: "<p>Lanterns.</p>", nsfwLevel: 1, publishedAt: "2026-01-02T03:04:05.678Z" },
      ...{ modelVersionId: entries[0]!.modelVersionId, user: { id: 77, username: entries[0]!.username } },
      tags: [{ id: 5, name: "lantern" }],
      images: entries.slice(0, 100).map((entry) => imageJson(origin, entry, null, false)),
    });
  });
}

/** The image CDN: any name and ending, options in the path. A still of a video is a JPEG. */
export function cdn(site: Site): Hono {
  return new Hono().get(`/${bucket}/:uuid/:options/:name`, (c) => {
    const entry = site.gallery.find(({ uuid }) => uuid === c.req.param("uuid"));
    const options = c.req.param("options");
    if (!entry) return c.text("Not found", 404);
    if (!/^(?:\w+=[\w-]+)(?:,\w+=[\w-]+)*$/.test(options)) return c.text("Bad options", 400);
    const isStill = media[entry.kind] === "video" && options.includes("anim=false");
    const kind = isStill ? "jpeg" : entry.kind;
    const type = { video: "video/mp4", audio: "audio/mpeg" }[media[kind] ?? ""] ?? `image/${kind}`;
    return c.body(imageBytes({ id: entry.id, kind }, site.imageBytes), 200, {
      "Content-Type": type,
      "Cache-Control": "public, max-age=31536000, immutable",
    });
  });
}
