import * as v from "valibot";
import type { Call } from "../client/call.ts";
import type { Listing, ListOptions } from "../client/listing.ts";
import { numberedList } from "../client/numbered_list.ts";
import { type QueryTable, readQuery, someText, whole } from "../client/query.ts";
import { number, numberedPage, text } from "../client/schema_parts.ts";

/** A tag. */
export interface Tag {
  /** What to filter models by. */
  name: string;
  /** Models that have it; in data of 2022-23. */
  modelCount?: number | null;
  /** Its models, as a URL of the API that is not encoded. */
  link?: string | null;
}

/** Which tags to list. */
export interface TagQuery {
  /** Rows a page, 1 to 200 (200, or `max` if that is less). */
  limit?: number;
  /** How the name begins, upper and lower case told apart. */
  query?: string;
}

/** Tags. */
export interface Tags {
  /**
   * All tags that fit, no tag twice. The site says neither how many there are nor which page is the last, so the list
   * ends with the first page that is not full.
   *
   * @throws {InputError} `invalid_argument` when a parameter cannot be meant.
   */
  list(query?: TagQuery, options?: ListOptions): Listing<Tag>;
}

const pageSchema = numberedPage<Tag>(v.looseObject({ name: v.string(), modelCount: number, link: text }));

const parameters: QueryTable<TagQuery> = { limit: whole(1, 200), query: someText };

/** Makes {@linkcode Tags} on top of `call`. */
export function tags(call: Call): Tags {
  return {
    list(query = {}, options = {}) {
      const wire = () => readQuery("listing tags", query, parameters, { most: 200, max: options.max });
      return numberedList(call, { path: "/tags", schema: pageSchema, wire, keyOf: ({ name }) => name }, options);
    },
  };
}

/** Tells whether the site knows the tag with exactly this name. */
export async function isTag(tags: Tags, wanted: string, signal: AbortSignal): Promise<boolean> {
  for await (const { name } of tags.list({ query: wanted }, { max: 1000, signal })) {
    if (name === wanted) return true;
  }
  return false;
}
