import * as v from "valibot";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { cursorList, type CursorSource, onePage } from "../client/cursor_list.ts";
import type { Listing, ListOptions, ListPage, PageOptions } from "../client/listing.ts";
import type { OrNull } from "../client/or_null.ts";
import {
  asIs,
  badQuery,
  checked,
  filled,
  ids,
  onOnly,
  type QueryTable,
  readQuery,
  someText,
  whole,
  words,
} from "../client/query.ts";
import { cursorPage, flag, id, kind, maybe, name, number, rows, text, texts } from "../client/schema_parts.ts";
import { type Creator, creator } from "./creators.ts";
import {
  type Availability,
  type EnumsCall,
  type FileFormat,
  type ModelMode,
  type ModelType,
  unknownBaseModel,
} from "./enums.ts";
import { isTag, type Tags } from "./tags.ts";
import { type Stats, stats } from "./version_parts.ts";
import { type ListVersion, listVersionSchema } from "./versions.ts";

/** A model with its versions, as `GET /models` and `GET /models/:id` send it. Keys not named here are kept. */
export interface Model {
  /** Names the model. */
  id: number;
  /** The creator's name for it. */
  name: string;
  /** HTML. */
  description?: string | null;
  /** What it is. */
  type: ModelType;
  /** Marked as mature. */
  nsfw?: boolean | null;
  /** Bit mask: PG 1, PG13 2, R 4, X 8, XXX 16, Blocked 32; 0 is not rated yet. */
  nsfwLevel?: number | null;
  /** Marked as showing minors. */
  minor?: boolean | null;
  /** Shown with safe content only. */
  sfwOnly?: boolean | null;
  /** Marked as showing a real person. */
  poi?: boolean | null;
  /** Missing on an ordinary model. */
  mode?: ModelMode | null;
  /** Who may see it. */
  availability?: Availability | null;
  /** The creator's id; in lists only. */
  userId?: number | null;
  /** What its versions were made for; in lists only. */
  baseModels?: string[] | null;
  /** License: credit may be left out. */
  allowNoCredit?: boolean | null;
  /** License: derivatives are allowed. */
  allowDerivatives?: boolean | null;
  /** License: derivatives may have another license. */
  allowDifferentLicense?: boolean | null;
  /** License: kinds of commercial use; in old data one word, or `{Image,Rent}`. */
  allowCommercialUse?: string[] | string | null;
  /** Tells whether the site can generate with it. */
  supportsGeneration?: boolean | null;
  /** Tells whether some version is sold. */
  hasActivePaidAccess?: boolean | null;
  /** Counts. */
  stats?: Stats | null;
  /** Missing for the house account and deleted users. */
  creator?: Creator | null;
  /** Tags; objects in very old data. */
  tags?: (string | { name: string })[] | null;
  /** Newest first, in the site's order. */
  modelVersions: ListVersion[];
}

/** Which models to list. Left out means: the site's default. What is not named here the site ignores: it is refused. */
export interface ModelQuery {
  /** Rows a page, 1 to 100 (100, or `max` if that is less). The list itself goes on to the end. */
  limit?: number;
  /** Words to search for; the order is then the search's own. */
  query?: string;
  /** One tag, exactly. The site ignores an unknown one and sends everything: that is noticed and refused. */
  tag?: string;
  /** Models of one user. */
  username?: string;
  /** These models only. */
  ids?: readonly number[];
  /** Models with these versions; the versions in the answer are cut to them. */
  modelVersionIds?: readonly number[];
  /** These kinds only. */
  types?: readonly ModelType[];
  /** For these base models only; the versions in the answer are cut to them. To an unknown one nothing fits. */
  baseModels?: readonly string[];
  /** `Trained` or `Merge`. */
  checkpointType?: "Trained" | "Merge";
  /** Order (`Highest Rated`). */
  sort?:
    | "Highest Rated"
    | "Most Downloaded"
    | "Most Liked"
    | "Most Discussed"
    | "Most Collected"
    | "Most Images"
    | "Newest"
    | "Oldest";
  /** How far back (`AllTime`). */
  period?: "AllTime" | "Year" | "Month" | "Week" | "Day";
  /** What `period` looks at: the date of the newest version (`published`), or the counts of that time. */
  periodMode?: "published" | "stats";
  /** Off: PG only. On: all levels. */
  nsfw?: boolean;
  /** Only the main file of each version. */
  primaryFileOnly?: boolean;
  /** Only models of new creators. */
  newCreators?: boolean;
  /** Only models the site can generate with. */
  supportsGeneration?: boolean;
  /** Only models in early access. */
  earlyAccess?: boolean;
  /** Only models made on the site. */
  fromPlatform?: boolean;
  /** Only models of creators the key's owner follows; needs a key. */
  followed?: boolean;
  /** Archived models too. */
  archived?: boolean;
  /** Only models with one of these formats. */
  fileFormats?: readonly FileFormat[];
  /** Only models that allow one of these uses. */
  allowCommercialUse?: readonly ("None" | "Image" | "RentCivit" | "Rent" | "Sell")[];
  /** Only models with this availability. */
  availability?: Availability;
  /** Only the key owner's favourites; needs a key. */
  favorites?: boolean;
  /** Only what the key's owner has hidden; needs a key. */
  hidden?: boolean;
}

/**
 * Models.
 *
 * @example
 * ```ts
 * import { civitai } from "@civikit/civikit/api";
 *
 * const page = { items: [{ id: 5, name: "Example", type: "LORA", modelVersions: [] }], metadata: {} };
 * const api = civitai({ fetch: () => Promise.resolve(Response.json(page)) });
 * for await (const model of api.models.list({ types: ["LORA"], sort: "Newest" })) console.log(model.name); // Example
 * ```
 */
export interface Models {
  /**
   * The model with this id and its versions, archived models included.
   *
   * @throws {HttpError} `not_found` when it does not exist.
   * @throws {InputError} `invalid_argument` when `id` can be no id.
   */
  get(id: number, options?: CallOptions): Promise<Model>;
  /** As `get`, but null after a failure, which is told to `onError`. */
  getOrNull(id: number, options?: CallOptions): Promise<Model | null>;
  /**
   * All models that fit, page by page as they are taken, no model twice.
   *
   * @throws {InputError} `invalid_argument` where the site would refuse, misread or ignore a parameter, an unknown tag
   * or base model included.
   * @throws {ContentError} `page_loop` when the site's pages go in a circle.
   */
  list(query?: ModelQuery, options?: ListOptions): Listing<Model>;
  /**
   * One page of them in one call, for those who show pages; it may hold less than `limit` though more follow.
   *
   * @throws {InputError} As `list`.
   */
  page(query?: ModelQuery, options?: PageOptions): Promise<ListPage<Model>>;
  /**
   * Many models at once, by id, 100 a call; of all levels, archived ones included. Those the site does not list are
   * missing: ask for them with `get`.
   *
   * @throws {InputError} `invalid_argument` when an id can be none.
   */
  byIds(ids: Iterable<number>, options?: CallOptions): Promise<Map<number, Model>>;
}

/** Checks a {@linkcode Model}. */
export const modelSchema: v.GenericSchema<unknown, Model> = v.looseObject({
  id,
  name,
  description: text,
  type: kind,
  nsfw: flag,
  nsfwLevel: number,
  minor: flag,
  sfwOnly: flag,
  poi: flag,
  mode: text,
  availability: text,
  userId: number,
  baseModels: texts,
  allowNoCredit: flag,
  allowDerivatives: flag,
  allowDifferentLicense: flag,
  allowCommercialUse: maybe(v.union([v.array(v.string()), v.string()])),
  supportsGeneration: flag,
  hasActivePaidAccess: flag,
  stats,
  creator,
  tags: rows(v.union([v.string(), v.looseObject({ name: v.string() })])),
  modelVersions: v.array(listVersionSchema),
});

const modelPageSchema = cursorPage(modelSchema);

const action = "listing models";
const parameters: QueryTable<ModelQuery> = {
  limit: whole(1, 100),
  query: someText,
  tag: someText,
  username: someText,
  ids: filled(ids),
  modelVersionIds: filled(ids),
  types: filled(words),
  baseModels: filled(words),
  checkpointType: asIs,
  sort: asIs,
  period: asIs,
  periodMode: asIs,
  nsfw: asIs,
  primaryFileOnly: asIs,
  newCreators: asIs,
  supportsGeneration: onOnly,
  earlyAccess: onOnly,
  fromPlatform: onOnly,
  followed: onOnly,
  archived: onOnly,
  // one value alone is refused
  fileFormats: (values, bad) => filled(words)(values.length === 1 ? [...values, ...values] : values, bad),
  allowCommercialUse: filled(words),
  availability: asIs,
  favorites: onOnly,
  hidden: onOnly,
};

const typedOnly = "the site refuses it in a query, whatever its value";
const reasons: Readonly<Record<string, string>> = {
  rating: "accepted by the site and ignored",
  status: "for moderators of the site only",
  ...Object.fromEntries(
    ["allowNoCredit", "allowDerivatives", "allowDifferentLicense", "browsingLevel", "collectionId", "collectionTagId"]
      .concat(["pending", "isFeatured", "disablePoi", "disableMinor", "poiOnly", "minorOnly"])
      .map((name) => [name, typedOnly]),
  ),
};

const mostIds = 100;

function hasTag({ tags }: Model, wanted: string): boolean {
  return (tags ?? []).some((tag) => (typeof tag === "string" ? tag : tag.name) === wanted);
}

const unknownWord = (name: string, word: string, state: string) => badQuery(action, name, word, state, "unknown_word");

/** Makes {@linkcode Models} on top of `call`; `tags` and `enums` tell what the site knows. */
export function models(call: Call, orNull: OrNull, tags: Tags, enums: EnumsCall): Models {
  const get: Models["get"] = async (id, { signal } = {}) =>
    await call({ path: `/models/${checkedId(id, "model")}`, route: "/models/:id", schema: modelSchema, signal });

  function sourceOf(query: ModelQuery, max?: number): CursorSource<Model> {
    const { tag, baseModels } = query;
    // to an unknown tag the site sends everything, to an unknown base model nothing
    async function checkFirst(items: readonly Model[], signal: AbortSignal): Promise<void> {
      if (tag !== undefined && !items.every((model) => hasTag(model, tag)) && !await isTag(tags, tag, signal)) {
        throw unknownWord("tag", tag, "the site knows no such tag, and would send everything");
      }
      if (items.length > 0 || baseModels === undefined) return;
      const unknown = await unknownBaseModel(enums, baseModels, signal);
      if (unknown === undefined) return;
      throw unknownWord("baseModels", unknown, "the site knows no such base model, so nothing fits");
    }
    const wire = () => readQuery(action, query, parameters, { most: 100, max }, reasons);
    return { path: "/models", schema: modelPageSchema, wire, keyOf: ({ id }) => id, checkFirst };
  }

  const list: Models["list"] = (query = {}, options = {}) => cursorList(call, sourceOf(query, options.max), options);
  const page: Models["page"] = async (query = {}, options = {}) => await onePage(call, sourceOf(query), options);

  const byIds: Models["byIds"] = async (wanted, { signal } = {}) => {
    const all = [...new Set(wanted)];
    const found = new Map<number, Model>();
    checked("asking for models", "ids", all, ids);
    for (let at = 0; at < all.length; at += mostIds) {
      const query = { ids: all.slice(at, at + mostIds), nsfw: true, archived: true };
      for await (const model of list(query, { signal })) found.set(model.id, model);
    }
    return found;
  };

  return { get, getOrNull: (id, options) => orNull(get(id, options)), list, page, byIds };
}
