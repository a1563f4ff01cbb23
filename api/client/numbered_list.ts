import type { GenericSchema } from "valibot";
import type { Call } from "./call.ts";
import { type Listing, listing, type ListOptions, type ListSource } from "./listing.ts";
import type { Query } from "./query.ts";
import type { NumberedPage } from "./schema_parts.ts";

/** What tells {@linkcode numberedList} how to walk a list. */
export interface NumberedSource<T> {
  /** Below `/api/v1`, such as `/tags`. */
  readonly path: string;
  /** What makes a readable page. */
  readonly schema: GenericSchema<unknown, NumberedPage<T>>;
  /** The parameters, once they are checked; with the page's size. */
  readonly wire: () => Query & { limit: number };
  /** As in {@linkcode ListSource}. */
  readonly keyOf: ListSource<T>["keyOf"];
}

/** Walks a list by page numbers. Totals and `nextPage` are often missing or wrong, so a full page always has a next one. */
export function numberedList<T>(
  call: Call,
  { path, schema, wire, keyOf }: NumberedSource<T>,
  options: ListOptions = {},
): Listing<T> {
  let last: string | undefined;

  async function ask(cursor: string | undefined, signal: AbortSignal) {
    const query = wire();
    const page = Number(cursor ?? 1);
    const { items, metadata } = await call({ path, route: path, query: { ...query, page }, schema, signal });
    // a server that gives its last page again for every later number
    const content = JSON.stringify(items);
    const isRepeat = content === last;
    last = content;
    const hasMore = (metadata?.hasMore ?? false) || (metadata?.nextPage ?? undefined) !== undefined;
    const isEnd = items.length === 0 || isRepeat || (items.length < query.limit && !hasMore);
    return { items, next: isEnd ? undefined : String(page + 1) };
  }

  return listing({ route: `GET ${path}`, ask, keyOf }, options);
}
