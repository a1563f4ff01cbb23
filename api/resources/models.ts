import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { cursorList } from "../client/cursor_list.ts";
import type { Listing, ListOptions } from "../client/listing.ts";
import { type ModelQuery, modelWire } from "./model_query.ts";
import type { OrNull } from "../client/or_null.ts";
import { badQuery, checkIds } from "../client/query.ts";
import { modelPageSchema, modelSchema } from "./schema.ts";
import type { Enums } from "./enums.ts";
import type { Tags } from "./tags.ts";
import type { Model } from "./types.ts";

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
   * Many models at once, by id, 100 a call; of all levels, archived ones included. Those the site does not list are
   * missing: ask for them with `get`.
   *
   * @throws {InputError} `invalid_argument` when an id can be none.
   */
  byIds(ids: Iterable<number>, options?: CallOptions): Promise<Map<number, Model>>;
}

const mostIds = 100;

function hasTag({ tags }: Model, wanted: string): boolean {
  return (tags ?? []).some((tag) => (typeof tag === "string" ? tag : tag.name) === wanted);
}

/** Makes {@linkcode Models} on top of `call`; `tags` and `enums` tell what the site knows. */
export function models(
  call: Call,
  orNull: OrNull,
  tags: Tags,
  enums: (options?: CallOptions) => Promise<Enums>,
): Models {
  const get: Models["get"] = async (id, { signal } = {}) =>
    await call({ path: `/models/${checkedId(id, "model")}`, route: "/models/:id", schema: modelSchema, signal });

  /** To an unknown tag the site sends everything. */
  async function checkTag(tag: string, items: readonly Model[], signal: AbortSignal): Promise<void> {
    if (items.every((model) => hasTag(model, tag))) return;
    for await (const { name } of tags.list({ query: tag }, { max: 1000, signal })) {
      if (name === tag) return;
    }
    throw badQuery(
      "listing models",
      "tag",
      tag,
      "the site knows no such tag, and would send everything",
      "unknown_word",
    );
  }

  /** To an unknown base model the site sends nothing. */
  async function checkBaseModels(wanted: readonly string[], signal: AbortSignal): Promise<void> {
    const { BaseModel: known = [], ActiveBaseModel: active = [] } = await enums({ signal });
    const all = new Set([...known ?? [], ...active ?? []]);
    const unknown = wanted.find((name) => all.size > 0 && !all.has(name));
    if (unknown === undefined) return;
    throw badQuery(
      "listing models",
      "baseModels",
      unknown,
      "the site knows no such base model, so nothing fits",
      "unknown_word",
    );
  }

  const list: Models["list"] = (query = {}, options = {}) => {
    const { tag, baseModels } = query;
    async function checkFirst(items: readonly Model[], signal: AbortSignal): Promise<void> {
      if (tag !== undefined) await checkTag(tag, items, signal);
      if (items.length === 0 && baseModels !== undefined) await checkBaseModels(baseModels, signal);
    }
    const wire = () => modelWire(query, options.max);
    const source = { path: "/models", schema: modelPageSchema, wire, keyOf: ({ id }: Model) => id, checkFirst };
    return cursorList(call, source, options);
  };

  const byIds: Models["byIds"] = async (ids, { signal } = {}) => {
    const all = [...new Set(ids)];
    const found = new Map<number, Model>();
    checkIds("asking for models", "ids", all);
    for (let at = 0; at < all.length; at += mostIds) {
      const query = { ids: all.slice(at, at + mostIds), nsfw: true, archived: true };
      for await (const model of list(query, { signal })) found.set(model.id, model);
    }
    return found;
  };

  return { get, getOrNull: (id, options) => orNull(get(id, options)), list, byIds };
}
