import * as v from "valibot";
import type { Call } from "../client/call.ts";
import type { Listing, ListOptions } from "../client/listing.ts";
import { numberedList } from "../client/numbered_list.ts";
import { type QueryTable, readQuery, someText, whole } from "../client/query.ts";
import { type Maybe, maybe, number, numberedPage, text, username } from "../client/schema_parts.ts";

/** Who made a model. */
export interface Creator {
  /** Null for some deleted users; a number when the name is made of digits. */
  username?: string | number | null;
  /** The avatar's URL. */
  image?: string | null;
}

/** Someone who has published models. */
export interface ListedCreator {
  /** Null for some deleted users; a number when the name is made of digits. */
  username?: string | number | null;
  /** Published models; missing now and then. */
  modelCount?: number | null;
  /** Their models, as a URL of the API. */
  link?: string | null;
  /** The avatar's URL. */
  image?: string | null;
}

/** Which creators to list. */
export interface CreatorQuery {
  /** Rows a page, 1 to 200 (200, or `max` if that is less). */
  limit?: number;
  /** A part of the name, upper and lower case told apart. */
  query?: string;
}

/** Creators. */
export interface Creators {
  /**
   * All creators that fit, in no promised order, none twice. The site is often slow here.
   *
   * @throws {InputError} `invalid_argument` when a parameter cannot be meant.
   */
  list(query?: CreatorQuery, options?: ListOptions): Listing<ListedCreator>;
}

/** Checks a {@linkcode Creator}. */
export const creator: Maybe<v.GenericSchema<unknown, Creator>> = maybe(v.looseObject({ username, image: text }));

const pageSchema = numberedPage<ListedCreator>(
  v.looseObject({ username, modelCount: number, link: text, image: text }),
);

const parameters: QueryTable<CreatorQuery> = { limit: whole(1, 200), query: someText };

/** Makes {@linkcode Creators} on top of `call`. */
export function creators(call: Call): Creators {
  return {
    list(query = {}, options = {}) {
      const wire = () => readQuery("listing creators", query, parameters, { most: 200, max: options.max });
      const keyOf = ({ username }: ListedCreator) => username ?? undefined;
      return numberedList(call, { path: "/creators", schema: pageSchema, wire, keyOf }, options);
    },
  };
}
