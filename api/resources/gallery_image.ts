import * as v from "valibot";
import { type CursorPage, cursorPage, freeForm, maybe, number, rows, text, username } from "../client/schema_parts.ts";

/** Reactions to an image; may be all zero for long. */
export interface ImageStats {
  /** Crying faces. */
  cryCount?: number | null;
  /** Laughing faces. */
  laughCount?: number | null;
  /** Thumbs up. */
  likeCount?: number | null;
  /** Thumbs down. */
  dislikeCount?: number | null;
  /** Hearts. */
  heartCount?: number | null;
  /** Comments. */
  commentCount?: number | null;
}

/** A picture, video or sound in the gallery, as `GET /images` sends it. Keys not named here are kept. */
export interface GalleryImage {
  /** Names the image. */
  id: number;
  /** Where the original is; the extension tells only the media class. */
  url: string;
  /** A BlurHash. */
  hash?: string | null;
  /** Pixels. */
  width?: number | null;
  /** Pixels. */
  height?: number | null;
  /** `None`, `Soft`, `Mature`, `X` or `Blocked`: text here, a number elsewhere. */
  nsfwLevel?: string | number | null;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32. */
  browsingLevel?: number | null;
  /** Marked as mature; a word in old data. */
  nsfw?: boolean | string | null;
  /** `image`, `video` or `audio`; missing in old data (then an image). */
  type?: "image" | "video" | "audio" | (string & Record<never, never>) | null;
  /** ISO 8601. */
  createdAt?: string | null;
  /** The post it is part of. */
  postId?: number | null;
  /** Still of a video. */
  thumbnail?: string | null;
  /** Reactions. */
  stats?: ImageStats | null;
  /**
   * Generation data, free-form, or `{ id, meta }` around it; only with `withMeta`. Whole numbers too large to be exact
   * are text. Read it with {@linkcode generationOf}.
   */
  meta?: Record<string, unknown> | null;
  /** Who posted it; a number when the name is made of digits. */
  username?: string | number | null;
  /** What the model it was made with was made for. */
  baseModel?: string | null;
  /** Versions it was made with. */
  modelVersionIds?: number[] | null;
  /** Only with `withTags`. */
  tags?: { id?: number | null; name: string }[] | null;
}

/** Checks a {@linkcode GalleryImage}. */
export const galleryImageSchema: v.GenericSchema<unknown, GalleryImage> = v.looseObject({
  id: v.number(),
  url: v.string(),
  hash: text,
  width: number,
  height: number,
  nsfwLevel: username,
  browsingLevel: number,
  nsfw: maybe(v.union([v.boolean(), v.string()])),
  type: text,
  createdAt: text,
  postId: number,
  thumbnail: text,
  stats: maybe(v.looseObject({
    cryCount: number,
    laughCount: number,
    likeCount: number,
    dislikeCount: number,
    heartCount: number,
    commentCount: number,
  })),
  meta: freeForm,
  username,
  baseModel: text,
  modelVersionIds: rows(v.number()),
  tags: rows(v.looseObject({ id: number, name: v.string() })),
});

/** Checks a page of {@linkcode GalleryImage}. */
export const galleryPageSchema: v.GenericSchema<unknown, CursorPage<GalleryImage>> = cursorPage(galleryImageSchema);
