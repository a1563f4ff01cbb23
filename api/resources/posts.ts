import * as v from "valibot";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { type GalleryImage, galleryImageSchema } from "./images.ts";
import { maybe, number, rows, text, username } from "../client/schema_parts.ts";

/** A post: images someone has published together. Keys not named here are kept. */
export interface Post {
  /** Names the post. */
  id: number;
  /** Its title. */
  title?: string | null;
  /** HTML. */
  detail?: string | null;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32. */
  nsfwLevel?: number | null;
  /** ISO 8601. */
  publishedAt?: string | null;
  /** The version it shows. */
  modelVersionId?: number | null;
  /** Who posted it. */
  user?: { id?: number | null; username?: string | number | null } | null;
  /** Its tags. */
  tags?: { id?: number | null; name: string }[] | null;
  /** Its first 100 images, without generation data: `images.list({ postId })` gives all. */
  images?: GalleryImage[] | null;
}

/** Posts. */
export interface Posts {
  /**
   * The post with this id, as anyone without a key sees it.
   *
   * @throws {HttpError} `not_found` when it does not exist; `rate_limited` after 60 a minute.
   */
  get(id: number, options?: CallOptions): Promise<Post>;
}

const schema: v.GenericSchema<unknown, Post> = v.looseObject({
  id: v.number(),
  title: text,
  detail: text,
  nsfwLevel: number,
  publishedAt: text,
  modelVersionId: number,
  user: maybe(v.looseObject({ id: number, username })),
  tags: rows(v.looseObject({ id: number, name: v.string() })),
  images: rows(galleryImageSchema),
});

/** Makes {@linkcode Posts} on top of `call`. */
export function posts(call: Call): Posts {
  return {
    get: async (id, { signal } = {}) =>
      await call({
        path: `/posts/${checkedId(id, "post")}`,
        route: "/posts/:id",
        schema,
        signal,
      }),
  };
}
