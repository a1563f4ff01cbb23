import { InputError } from "../transport/mod.ts";
import { type Call, type CallOptions, checkedId } from "./call.ts";
import type { OrNull } from "./or_null.ts";
import { modelPageSchema, modelSchema } from "./schema.ts";
import type { Availability, Model, ModelType } from "./types.ts";

/** Which models to list. Left out means: the site's default. */
export interface ModelQuery {
  /** Rows a page, 1 to 100 (100). The list itself goes on to the end. */
  limit?: number;
  /** Words to search for; the order is then the search's own. */
  query?: string;
  /** One tag, exactly. An unknown one is ignored by the site: the list comes unfiltered. */
  tag?: string;
  /** Models of one user. */
  username?: string;
  /** These models only. */
  ids?: readonly number[];
  /** Models with these versions; the versions in the answer are cut to them. */
  modelVersionIds?: readonly number[];
  /** These kinds only. */
  types?: readonly ModelType[];
  /** For these base models only; the versions in the answer are cut to them. */
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
  /** Off: PG only. On: all levels. */
  nsfw?: boolean;
  /** Only the main file of each version. */
  primaryFileOnly?: boolean;
  /** Only models the site can generate with. */
  supportsGeneration?: boolean;
  /** Only models in early access. */
  earlyAccess?: boolean;
  /** Archived models too. */
  archived?: boolean;
  /** Only models with this availability. */
  availability?: Availability;
  /** Only the key owner's favourites; needs a key. */
  favorites?: boolean;
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
   * All models that fit, one page at a time as they are taken, no model twice.
   *
   * @throws {InputError} `invalid_argument` when `limit` is not 1 to 100.
   */
  list(query?: ModelQuery, options?: CallOptions): AsyncIterableIterator<Model>;
}

// The site reads any text here as true, even "false", and the mere presence of `favorites` asks for a key.
const trueOrAbsent = ["supportsGeneration", "earlyAccess", "archived", "favorites"] as const;

function wireQuery(query: ModelQuery): Record<string, string | number | boolean | readonly (string | number)[]> {
  const { limit = 100 } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new InputError(`listing models with limit "${limit}": a whole number from 1 to 100 is due`, {
      code: "invalid_argument",
      input: String(limit),
    });
  }
  const wire = { ...query, limit };
  for (const name of trueOrAbsent) {
    if (!wire[name]) delete wire[name];
  }
  return wire;
}

/** Makes {@linkcode Models} on top of `call`. */
export function models(call: Call, orNull: OrNull): Models {
  const get: Models["get"] = async (id, { signal } = {}) =>
    await call({ path: `/models/${checkedId(id, "model")}`, route: "/models/:id", schema: modelSchema, signal });

  async function* walk(query: ModelQuery, { signal }: CallOptions): AsyncGenerator<Model, void, undefined> {
    const wire = wireQuery(query);
    const seen = new Set<number>(), cursors = new Set<string>();
    let cursor: string | undefined;
    while (true) {
      const page = await call({
        path: "/models",
        route: "/models",
        // Never nextPage: it repeats a token and has been malformed.
        query: { ...wire, cursor },
        schema: modelPageSchema,
        signal,
      });
      for (const model of page.items) {
        if (seen.has(model.id)) continue;
        seen.add(model.id);
        yield model;
      }
      // Pages may be short or empty: only a missing cursor ends the list. One that repeats would never end.
      const next = page.metadata?.nextCursor ?? undefined;
      if (next === undefined || cursors.has(String(next))) return;
      cursor = String(next);
      cursors.add(cursor);
    }
  }

  return {
    get,
    getOrNull: (id, options) => orNull(get(id, options)),
    list: (query = {}, options = {}) => walk(query, options),
  };
}
