import type { Civitai, Model, ModelQuery } from "../../api/mod.ts";
import { InputError } from "../../transport/mod.ts";
import type { WatchRule, WatchTarget } from "./rule.ts";

/** What one request tells about what is watched. */
export interface WatchPage {
  /** Models, in the site's order; none of a collection. */
  readonly models: readonly Model[];
  /** Where the next page begins; null on the last. */
  readonly next: string | null;
  /** What it is called, where the site has told. */
  readonly name?: string | undefined;
  /** How much is in a collection; undefined where the site has not told. */
  readonly count?: number | undefined;
}

/** In which order a list comes: all at once, the newest first, or any. */
export type WatchOrder = "whole" | "newest" | "any";

/** In which order what is watched comes. */
export function orderOf(target: WatchTarget): WatchOrder {
  if (target.kind === "model" || target.kind === "collection") return "whole";
  // the search has an order of its own, and so have favourites: an old model can be a new one
  return target.kind === "favorites" || (target.kind === "search" && target.words !== "") ? "any" : "newest";
}

const most = 100;

function queryOf(target: WatchTarget, { filters: { bases, types, level } }: WatchRule): ModelQuery {
  return {
    ...{ limit: most, sort: "Newest", nsfw: level !== "pg" },
    ...(bases !== undefined && { baseModels: bases }),
    ...(types !== undefined && { types }),
    ...(target.kind === "creator" && { username: target.name }),
    ...(target.kind === "tag" && { tag: target.name }),
    ...(target.kind === "search" && target.words !== "" && { query: target.words }),
    ...(target.kind === "favorites" && { favorites: true }),
    ...(target.kind === "followed" && { followed: true }),
  };
}

/** To an unknown tag the site sends everything. */
function checkTag(models: readonly Model[], tag: string): void {
  const isTagged = ({ tags }: Model) => (tags ?? []).some((one) => (typeof one === "string" ? one : one.name) === tag);
  if (models.every(isTagged)) return;
  throw new InputError(`watching the tag ${JSON.stringify(tag)}: the site knows no such tag, and sends everything`, {
    ...{ code: "invalid_argument", reason: "unknown_word", input: tag },
  });
}

async function collection(api: Civitai, id: number, rule: WatchRule, signal: AbortSignal): Promise<WatchPage> {
  const nothing = { models: [], next: null };
  if (rule.name === rule.target) {
    const { name } = await api.collections.get(id, { signal });
    return { ...nothing, name };
  }
  // only lists tell how much is in one; the search for its name has it on the first page, or it was renamed
  const query = rule.name.slice(0, most);
  const { items } = await api.collections.page({ query, limit: most, nsfw: true }, { signal });
  const found = items.find((one) => one.id === id);
  return found === undefined
    ? { ...nothing, name: rule.target }
    : { ...nothing, name: found.name, count: found.itemCount ?? undefined };
}

/**
 * Asks the site for one page of what a rule watches: one request, whatever it is.
 *
 * @throws {CivikitError} When it cannot be had: `not_found` for a creator or a model that is gone.
 */
export async function lookAt(
  api: Civitai,
  target: WatchTarget,
  rule: WatchRule,
  signal: AbortSignal,
): Promise<WatchPage> {
  if (target.kind === "collection") return await collection(api, target.id, rule, signal);
  if (target.kind === "model") {
    const model = await api.models.get(target.id, { signal });
    return { models: [model], next: null, name: model.name };
  }
  const cursor = rule.cursor ?? undefined;
  const { items, next } = await api.models.page(queryOf(target, rule), { cursor, signal, isTrusted: true });
  if (target.kind === "tag") checkTag(items, target.name);
  return { models: items, next: next ?? null };
}
