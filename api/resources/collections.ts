import * as v from "valibot";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { cursorList, type CursorSource, onePage } from "../client/cursor_list.ts";
import type { Listing, ListOptions, ListPage, PageOptions } from "../client/listing.ts";
import { asIs, badQuery, type QueryTable, readQuery, someText, whole } from "../client/query.ts";
import { cursorPage, flag, maybe, name, number, rows, text, username } from "../client/schema_parts.ts";

/** A collection; what is in it has no public route. Keys not named here are kept. */
export interface Collection {
  /** Names the collection. */
  id: number;
  /** Its owner's name for it. */
  name: string;
  /** What it is about. */
  description?: string | null;
  /** `Model`, `Image`, `Post` or `Article`. Open. */
  type?: string | null;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32. */
  nsfwLevel?: number | null;
  /** Who may read it. */
  read?: string | null;
  /** Tells whether anyone may. */
  isPublic?: boolean | null;
  /** How much is in it; in lists only. */
  itemCount?: number | null;
  /** A picture. */
  coverImageUrl?: string | null;
  /** Its owner. */
  user?: { id?: number | null; username?: string | number | null } | null;
  /** Its tags; by id only. */
  tags?: { id?: number | null; name: string }[] | null;
}

/** Which collections to list. */
export interface CollectionQuery {
  /** Rows a page, 1 to 100 (100, or `max` if that is less). */
  limit?: number;
  /** Words to search for, at most 100 characters. */
  query?: string;
  /** Order (`Newest`); `Most Followers` has one page only, so it needs `max` of at most 100. */
  sort?: "Newest" | "Most Followers";
  /** All levels. */
  nsfw?: boolean;
}

/** Collections. */
export interface Collections {
  /**
   * All collections that fit, none twice. The site allows 60 calls a minute.
   *
   * @throws {InputError} `invalid_argument` when a parameter cannot be meant.
   */
  list(query?: CollectionQuery, options?: ListOptions): Listing<Collection>;
  /**
   * One page of them in one call.
   *
   * @throws {InputError} As `list`.
   */
  page(query?: CollectionQuery, options?: PageOptions): Promise<ListPage<Collection>>;
  /**
   * The collection with this id.
   *
   * @throws {HttpError} `not_found` when it does not exist.
   */
  get(id: number, options?: CallOptions): Promise<Collection>;
}

const schema: v.GenericSchema<unknown, Collection> = v.looseObject({
  id: v.number(),
  name,
  description: text,
  type: text,
  nsfwLevel: number,
  read: text,
  isPublic: flag,
  itemCount: number,
  coverImageUrl: text,
  user: maybe(v.looseObject({ id: number, username })),
  tags: rows(v.looseObject({ id: number, name: v.string() })),
});
const pageSchema = cursorPage(schema);
const action = "listing collections";
const parameters: QueryTable<CollectionQuery> = {
  limit: whole(1, 100),
  query(value, bad) {
    if (value.length > 100) throw bad("at most 100 characters are due");
    return someText(value, bad);
  },
  sort: asIs,
  nsfw: asIs,
};

/** Makes {@linkcode Collections} on top of `call`. */
export function collections(call: Call): Collections {
  function sourceOf(query: CollectionQuery, max?: number): CursorSource<Collection> {
    const { sort } = query;
    const isSingle = sort === "Most Followers";
    const wire = () => {
      const wire = readQuery(action, query, parameters, { most: 100, max });
      if (isSingle && (max === undefined || max > wire.limit)) {
        throw badQuery(
          action,
          "sort",
          sort,
          `the site gives one page of it only: max of at most ${wire.limit} is due`,
        );
      }
      return wire;
    };
    return { path: "/collections", schema: pageSchema, wire, keyOf: ({ id }) => id, isSingle };
  }

  return {
    list: (query = {}, options = {}) => cursorList(call, sourceOf(query, options.max), options),
    page: async (query = {}, options = {}) => await onePage(call, sourceOf(query, query.limit ?? 100), options),
    get: async (id, { signal } = {}) =>
      await call({ path: `/collections/${checkedId(id, "collection")}`, route: "/collections/:id", schema, signal }),
  };
}
