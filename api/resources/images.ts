import * as v from "valibot";
import { CivikitError } from "../../transport/mod.ts";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { cursorList } from "../client/cursor_list.ts";
import type { Listing, ListOptions } from "../client/listing.ts";
import { asIs, id, ids, joined, type QueryTable, readQuery, whole, words } from "../client/query.ts";
import { cursorPage, freeForm, maybe, number, rows, text, username } from "../client/schema_parts.ts";

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

/** Which images to list. Left out means: the site's default. What is not named here the site ignores: it is refused. */
export interface ImageQuery {
  /** Rows a page, 1 to 200 (200, or `max` if that is less). */
  limit?: number;
  /** Images of one post. */
  postId?: number;
  /** Images made with a model; times out for big ones: `modelVersionId` is quicker. */
  modelId?: number;
  /** Images made with a version. */
  modelVersionId?: number;
  /** One image. */
  imageId?: number;
  /** Images of one user, by id. */
  userId?: number;
  /** These images only, up to 100; they come in the order of `sort`. */
  ids?: readonly number[];
  /** Images of one user: letters, digits and `_`. */
  username?: string;
  /** How far back (`AllTime`). */
  period?: "AllTime" | "Year" | "Month" | "Week" | "Day";
  /** Order (`Most Reactions`); with `modelId` or `imageId` alone, `Most …` means newest first. */
  sort?: "Most Reactions" | "Most Comments" | "Most Collected" | "Newest" | "Oldest" | "Random";
  /** The highest level (`None`); true is all levels, not what the site makes of it: mature ones only. */
  nsfw?: "None" | "Soft" | "Mature" | "X" | "Blocked" | boolean;
  /** Bit mask of levels: PG 1, PG13 2, R 4, X 8, XXX 16. Wins over `nsfw`. */
  browsingLevel?: number;
  /** Ids of tags. */
  tags?: readonly number[];
  /** What it is. */
  type?: "image" | "video" | "audio";
  /** Made with models for these base models. */
  baseModels?: readonly string[];
  /** With generation data. */
  withMeta?: boolean;
  /** Only images that have generation data. */
  requiringMeta?: boolean;
  /** With tags. */
  withTags?: boolean;
  /** Generation data never wrapped as `{ id, meta }`. */
  flatMeta?: boolean;
}

/** The gallery. */
export interface Images {
  /**
   * All images that fit, page by page as they are taken, none twice.
   *
   * @throws {InputError} `invalid_argument` where the site would refuse, misread or ignore a parameter.
   * @throws {ContentError} `page_loop` when the site's pages go in a circle.
   */
  list(query?: ImageQuery, options?: ListOptions): Listing<GalleryImage>;
  /**
   * One image, of any level, with its generation data.
   *
   * @throws {CivikitError} `not_found` when the site does not list it.
   */
  get(id: number, options?: CallOptions): Promise<GalleryImage>;
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

const galleryPageSchema = cursorPage(galleryImageSchema);

const parameters: QueryTable<ImageQuery> = {
  limit: whole(1, 200),
  postId: id,
  modelId: id,
  modelVersionId: id,
  imageId: id,
  userId: id,
  ids(values, bad) {
    if (values.length === 0 || values.length > 100) throw bad("1 to 100 ids are due", values.length);
    return joined(ids)(values, bad);
  },
  username(value, bad) {
    if (!/^\w+$/.test(value)) throw bad("letters, digits and _ are due; for others use userId");
    return value;
  },
  period: asIs,
  sort: asIs,
  nsfw: (value) => value === true ? "X" : value === false ? "None" : value,
  browsingLevel: whole(1, 63),
  tags: joined(ids),
  type: asIs,
  baseModels: words,
  withMeta: asIs,
  requiringMeta: asIs,
  withTags: asIs,
  flatMeta: asIs,
};

/** Makes {@linkcode Images} on top of `call`. */
export function images(call: Call): Images {
  const list: Images["list"] = (query = {}, options = {}) => {
    const wire = () => readQuery("listing images", query, parameters, { most: 200, max: options.max });
    const keyOf = ({ id }: GalleryImage) => id;
    return cursorList(
      call,
      { path: "/images", schema: galleryPageSchema, wire, keyOf },
      options,
    );
  };

  const get: Images["get"] = async (id, { signal } = {}) => {
    const query = { imageId: checkedId(id, "image"), nsfw: true, withMeta: true, flatMeta: true };
    for await (const image of list(query, { max: 1, signal })) return image;
    // to an id it does not know the site answers 200 and no rows
    throw new CivikitError(`asking for image "${id}": the site lists no such image`, {
      code: "not_found",
      reason: "image_missing",
    });
  };

  return { list, get };
}
