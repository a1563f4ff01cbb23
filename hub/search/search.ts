import type { Civitai, Model, ModelQuery } from "../../api/mod.ts";
import { civitai } from "../../api/mod.ts";
import { cacheInfo } from "../../cache/mod.ts";
import { type Clock, compose, type Transport } from "../../transport/mod.ts";
import { type Level, levels } from "./levels.ts";

/** Orders of a list, the site's own first. */
export const sorts = ["Highest Rated", "Most Downloaded", "Most Liked", "Most Collected", "Newest", "Oldest"] as const;

/** How far back a list goes, all time first. */
export const periods = ["AllTime", "Year", "Month", "Week", "Day"] as const;

/** What is looked for. */
export interface SearchQuery {
  /** Words; empty for everything. */
  readonly query: string;
  /** One kind of models, such as `LORA`; undefined for all. */
  readonly type?: string | undefined;
  /** For one base model; undefined for all. */
  readonly base?: string | undefined;
  /** The order. */
  readonly sort: typeof sorts[number];
  /** How far back. */
  readonly period: typeof periods[number];
  /** What is shown openly; from the second level on, everything is listed. */
  readonly level: Level;
  /** Models on a page, 1 to 100. */
  readonly limit: number;
  /** Where the page begins. Default: at the start. */
  readonly cursor?: string | undefined;
}

/** A page of models. */
export interface SearchPage {
  /** The models, in the site's order. */
  readonly models: readonly Model[];
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined;
  /** How old the answer is, in milliseconds, where it stands in for one that could not be had. */
  readonly staleMs: number | undefined;
}

/** The words the site knows. */
export interface SearchWords {
  /** Kinds of models. */
  readonly types: readonly string[];
  /** Base models. */
  readonly bases: readonly string[];
}

/** Looks for models on the site. */
export interface Search {
  /**
   * Asks for a page, in one call; the same page again within a minute costs none.
   *
   * @throws {CivikitError} When the site does not answer, or refuses.
   */
  find(query: SearchQuery): Promise<SearchPage>;
  /** What can be chosen; asked once in a while, and little where the site does not say. */
  words(): Promise<SearchWords>;
}

/** What {@linkcode openSearch} is made of. */
export interface SearchOptions {
  /** Whom to ask. */
  readonly api: Pick<Civitai, "baseUrl" | "trustedHosts" | "enums">;
  /** What asks: the service's own stack. */
  readonly transport: Transport;
  /** The clock. */
  readonly clock: Pick<Clock, "now">;
}

/** Pages renew themselves at every event of the queue: what was just asked is not asked again. */
const freshMs = 60_000;
/** A site that is down is not asked at every event, but soon again. */
const failedMs = 5_000;
const wordsMs = 3_600_000;
const wordsPatienceMs = 2_000;
const mostKept = 20;

/** Kinds of models that are there whatever the site says. */
const usualTypes = ["Checkpoint", "LORA", "LoCon", "DoRA", "TextualInversion", "VAE", "Controlnet", "Upscaler"];

function modelQuery({ query, type, base, sort, period, level, limit }: SearchQuery): ModelQuery {
  return {
    ...{ limit, sort, period, nsfw: level !== levels[0] },
    ...(query !== "" && { query }),
    ...(type !== undefined && { types: [type] }),
    ...(base !== undefined && { baseModels: [base] }),
  };
}

/** Opens a search. */
export function openSearch({ api, transport, clock }: SearchOptions): Search {
  const kept = new Map<string, { untilMs: number; readonly page: Promise<SearchPage> }>();
  let words: { readonly untilMs: number; readonly answer: Promise<SearchWords> } | undefined;

  async function ask(query: SearchQuery): Promise<SearchPage> {
    let staleMs: number | undefined;
    const noting = compose(transport, async function noteStale(request, next) {
      const response = await next(request);
      const info = cacheInfo(response);
      if (info?.result === "stale" && info.reason !== undefined) staleMs = info.ageMs;
      return response;
    });
    const { baseUrl, trustedHosts } = api;
    const { models } = civitai(noting, { baseUrl, trustedHosts });
    const { items, next } = await models.page(modelQuery(query), { cursor: query.cursor });
    return { models: items, next, staleMs };
  }

  return {
    find(query) {
      const { level, ...rest } = query;
      const key = JSON.stringify({ ...rest, isOpen: level !== levels[0] });
      const known = kept.get(key);
      if (known !== undefined && known.untilMs > clock.now()) return known.page;
      const entry = { untilMs: clock.now() + freshMs, page: ask(query) };
      const shorten = () => entry.untilMs = Math.min(entry.untilMs, clock.now() + failedMs);
      entry.page.then(({ staleMs }) => staleMs !== undefined && shorten(), shorten);
      kept.delete(key);
      kept.set(key, entry);
      for (const oldest of kept.keys()) {
        if (kept.size <= mostKept) break;
        kept.delete(oldest);
      }
      return entry.page;
    },
    words() {
      if (words !== undefined && words.untilMs > clock.now()) return words.answer;
      // what can be chosen holds no page up
      const answer = api.enums({ signal: AbortSignal.timeout(wordsPatienceMs) }).then(
        ({ ModelType, ActiveBaseModel, BaseModel }) => ({
          types: ModelType ?? usualTypes,
          bases: ActiveBaseModel ?? BaseModel ?? [],
        }),
        () => {
          words = { untilMs: clock.now() + failedMs, answer };
          return { types: usualTypes, bases: [] };
        },
      );
      words = { untilMs: clock.now() + wordsMs, answer };
      return answer;
    },
  };
}
