import type { GenericSchema } from "valibot";
import type { Call } from "./call.ts";
import { type Listing, listing, type ListOptions, type ListSource } from "./listing.ts";
import type { Query } from "./query.ts";
import type { CursorPage } from "./schema_parts.ts";

/** What tells {@linkcode cursorList} how to walk a list. */
export interface CursorSource<T> {
  /** Below `/api/v1`, such as `/models`. */
  readonly path: string;
  /** What makes a readable page. */
  readonly schema: GenericSchema<unknown, CursorPage<T>>;
  /** The parameters, once they are checked. */
  readonly wire: () => Query;
  /** As in {@linkcode ListSource}. */
  readonly keyOf: ListSource<T>["keyOf"];
  /** Looks at the first page before its rows are given; throws where the site has not done what was asked. */
  readonly checkFirst?: (items: readonly T[], signal: AbortSignal) => Promise<void>;
  /** There is no second page. */
  readonly isSingle?: boolean;
}

function nextOf({ metadata }: CursorPage<unknown>): string | undefined {
  const next = metadata?.nextCursor;
  return typeof next === "string" || typeof next === "number" ? String(next) : undefined;
}

/** Walks a list by cursor, built from the caller's own query: `nextPage` repeats a token and has been malformed. */
export function cursorList<T>(
  call: Call,
  { path, schema, wire, keyOf, checkFirst, isSingle = false }: CursorSource<T>,
  options: ListOptions = {},
): Listing<T> {
  const ask: ListSource<T>["ask"] = async (cursor, signal) => {
    const page = await call({
      path,
      route: path,
      query: { ...wire(), cursor },
      schema,
      signal,
    });
    if (cursor === undefined) await checkFirst?.(page.items, signal);
    return { items: page.items, next: isSingle ? undefined : nextOf(page) };
  };
  return listing({ route: `GET ${path}`, ask, keyOf }, options);
}
