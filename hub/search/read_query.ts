import { isLevel, type Level } from "./levels.ts";
import { periods, type SearchQuery, sorts } from "./search.ts";

const mostWords = 200;
const mostCursor = 400;
const usualLimit = 24;

const oneOf = <Word extends string>(words: readonly Word[], text: string | null): Word =>
  words.find((word) => word === text) ?? words[0]!;

/** What an address asks for; what it says wrongly is as if it said nothing, for it may be an old bookmark. */
export function readSearch(query: URLSearchParams, rememberedLevel: string | undefined): SearchQuery {
  const text = (name: string, most: number) => query.get(name)?.trim().slice(0, most) || undefined;
  const wished = query.get("level") ?? rememberedLevel;
  const level: Level = isLevel(wished) ? wished : "pg";
  return {
    query: text("query", mostWords) ?? "",
    type: text("type", mostWords),
    base: text("base", mostWords),
    sort: oneOf(sorts, query.get("sort")),
    period: oneOf(periods, query.get("period")),
    level,
    limit: usualLimit,
    cursor: text("cursor", mostCursor),
  };
}

/** The same as an address: of another page, where `cursor` is given. */
export function searchAddress(
  { query, type, base, sort, period }: SearchQuery,
  cursor?: string | undefined,
): URLSearchParams {
  return new URLSearchParams({
    ...(query !== "" && { query }),
    ...(type !== undefined && { type }),
    ...(base !== undefined && { base }),
    ...(sort !== sorts[0] && { sort }),
    ...(period !== periods[0] && { period }),
    ...(cursor !== undefined && { cursor }),
  });
}
