import type { GenericSchema } from "valibot";
import type { Call } from "./call.ts";
import {
  type Listing,
  listing,
  type ListOptions,
  type ListPage,
  type ListSource,
  type PageOptions,
} from "./listing.ts";
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

/** How a source is asked for one of its pages. */
function asking<T>(
  call: Call,
  { path, schema, wire, checkFirst, isSingle = false }: CursorSource<T>,
): ListSource<T>["ask"] {
  return async (cursor, signal) => {
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
}

/** Walks a list by cursor, built from the caller's own query: `nextPage` repeats a token and has been malformed. */
export function cursorList<T>(call: Call, source: CursorSource<T>, options: ListOptions = {}): Listing<T> {
  const { path, keyOf } = source;
  return listing({ route: `GET ${path}`, ask: asking(call, source), keyOf }, options);
}

/** One page of such a list, in one call. */
export function onePage<T>(
  call: Call,
  source: CursorSource<T>,
  { cursor, signal = new AbortController().signal, isTrusted = false }: PageOptions = {},
): Promise<ListPage<T>> {
  const { checkFirst: _, ...trusted } = source;
  return asking(call, isTrusted ? trusted : source)(cursor, signal);
}
