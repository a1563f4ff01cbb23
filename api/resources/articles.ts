import * as v from "valibot";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { cursorList } from "../client/cursor_list.ts";
import type { Listing, ListOptions } from "../client/listing.ts";
import { asIs, ids, joined, type QueryTable, readQuery, someText, whole } from "../client/query.ts";
import { cursorPage, freeForm, id, maybe, number, rows, text, username } from "../client/schema_parts.ts";

/** An article. Keys not named here are kept: the site adds many. */
export interface Article {
  /** Names the article. */
  id: number;
  /** Its title. */
  title?: string | null;
  /** HTML; by id only. */
  content?: string | null;
  /** The same as a tree; by id only. */
  contentJson?: unknown;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32. */
  nsfwLevel?: number | null;
  /** ISO 8601. */
  publishedAt?: string | null;
  /** Who wrote it. */
  user?: { id?: number | null; username?: string | number | null } | null;
  /** Its tags. */
  tags?: ({ id?: number | null; name?: string | null } | string)[] | null;
  /** Counts. */
  stats?: Record<string, unknown> | null;
  /** Files that hang on it; by id only. */
  attachments?: Record<string, unknown>[] | null;
  /** Its pictures; by id only. */
  contentImages?: Record<string, unknown>[] | null;
  /** The picture on top: an object, or its URL. */
  coverImage?: Record<string, unknown> | string | null;
}

/** Which articles to list. */
export interface ArticleQuery {
  /** Rows a page, 1 to 100 (100, or `max` if that is less). */
  limit?: number;
  /** Words to search for. */
  query?: string;
  /** Ids of tags. */
  tags?: readonly number[];
  /** Articles of one user. */
  username?: string;
  /** Order (`Newest`). */
  sort?: "Newest" | "Recently Updated" | "Most Reactions" | "Most Comments" | "Most Bookmarks" | "Most Collected";
  /** All levels. */
  nsfw?: boolean;
}

/** Articles. */
export interface Articles {
  /**
   * All articles that fit, none twice. The site allows 60 calls a minute.
   *
   * @throws {InputError} `invalid_argument` when a parameter cannot be meant.
   */
  list(query?: ArticleQuery, options?: ListOptions): Listing<Article>;
  /**
   * The whole article with this id.
   *
   * @throws {HttpError} `not_found` when it does not exist.
   */
  get(id: number, options?: CallOptions): Promise<Article>;
}

const records = rows(v.record(v.string(), v.unknown()));
const schema: v.GenericSchema<unknown, Article> = v.looseObject({
  id,
  title: text,
  content: text,
  contentJson: v.exactOptional(v.unknown()),
  nsfwLevel: number,
  publishedAt: text,
  user: maybe(v.looseObject({ id: number, username })),
  tags: rows(v.union([v.string(), v.looseObject({ id: number, name: text })])),
  stats: freeForm,
  attachments: records,
  contentImages: records,
  coverImage: maybe(v.union([v.string(), v.record(v.string(), v.unknown())])),
});
const pageSchema = cursorPage(schema);
const parameters: QueryTable<ArticleQuery> = {
  limit: whole(1, 100),
  query: someText,
  tags: joined(ids),
  username: someText,
  sort: asIs,
  nsfw: asIs,
};

/** Makes {@linkcode Articles} on top of `call`. */
export function articles(call: Call): Articles {
  return {
    list(query = {}, options = {}) {
      const wire = () => readQuery("listing articles", query, parameters, { most: 100, max: options.max });
      return cursorList(call, { path: "/articles", schema: pageSchema, wire, keyOf: ({ id }) => id }, options);
    },
    get: async (id, { signal } = {}) =>
      await call({ path: `/articles/${checkedId(id, "article")}`, route: "/articles/:id", schema, signal }),
  };
}
