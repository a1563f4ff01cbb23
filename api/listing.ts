import { ContentError } from "../transport/mod.ts";
import type { CallOptions } from "./call.ts";
import { shownInput } from "./input.ts";
import { recentKeys } from "./recent_keys.ts";

/** A place in a list, fit for JSON: hand it back as `from`, also in another process, to go on there. */
export interface ListPosition {
  /** Where its page begins; null for the first page. */
  readonly cursor: string | null;
  /** The row after which to go on within that page; null for the page's start. */
  readonly after: number | string | null;
}

/** What goes with any list. */
export interface ListOptions extends CallOptions {
  /** Rows to give at most (all). */
  max?: number | undefined;
  /** Where to go on: the `position` of an earlier walk with the same query. */
  from?: ListPosition | undefined;
}

/**
 * A list under way: asks page by page as rows are taken, one page ahead at most; a row that comes again, as rows at the
 * edges of pages do, is given once. Breaking off gives up the page being asked for.
 *
 * @example
 * ```ts
 * import { civitai } from "@civikit/civikit/api";
 *
 * const page = { items: [{ id: 5, name: "Example", type: "LORA", modelVersions: [] }], metadata: { nextCursor: "9|5" } };
 * const api = civitai({ fetch: () => Promise.resolve(Response.json(page)) });
 * const list = api.models.list();
 * await list.next();
 * console.log(list.position); // { cursor: null, after: 5 }
 * const later = api.models.list({}, { from: list.position! });
 * ```
 */
export interface Listing<T> extends AsyncIterableIterator<T> {
  /** Right after the row given last, also after a failure; null once the list has come to its end. */
  readonly position: ListPosition | null;
}

/** One page, however it was asked for. */
export interface ListPage<T> {
  /** Its rows. */
  readonly items: readonly T[];
  /** Where the next one begins; undefined on the last. */
  readonly next: string | undefined;
}

/** What tells {@linkcode listing} how to walk a list. */
export interface ListSource<T> {
  /** The kind of call, such as `GET /models`: for errors. */
  readonly route: string;
  /** Asks for the page at `cursor`. */
  readonly ask: (cursor: string | undefined, signal: AbortSignal) => Promise<ListPage<T>>;
  /** What makes a row the same as another; undefined where nothing does. */
  readonly keyOf: (row: T) => number | string | undefined;
}

/** Filters may leave many pages empty in a row, but not for ever. */
const mostEmptyPages = 1000;
const mostStalePages = 10;

/** Walks a list; the guards against circles are here, the way to ask is the source's. */
export function listing<T>(source: ListSource<T>, { signal, max = Infinity, from }: ListOptions = {}): Listing<T> {
  const { route, ask, keyOf } = source;
  let position: ListPosition | null = from ?? { cursor: null, after: null };

  function circle(cursor: string | undefined, state: string): ContentError {
    const shown = cursor === undefined ? "the start" : `cursor ${JSON.stringify(shownInput(cursor))}`;
    return new ContentError(`walking "${route}" at ${shown}: ${state}`, { code: "page_loop", url: route });
  }

  /** Throws when the pages lead nowhere; `state` outlives the page. */
  function guard(state: { empty: number; stale: number }, page: ListPage<T>, fresh: number, cursor?: string): void {
    state.empty = page.items.length === 0 ? state.empty + 1 : 0;
    state.stale = page.items.length > 0 && fresh === 0 ? state.stale + 1 : 0;
    if (state.empty > mostEmptyPages) throw circle(cursor, `${mostEmptyPages} empty pages in a row`);
    if (state.stale > mostStalePages) throw circle(cursor, `${mostStalePages} pages in a row bring nothing new`);
  }

  async function* rows(): AsyncGenerator<T, void, undefined> {
    if (max <= 0) return;
    const stop = new AbortController(), either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    const isNew = recentKeys(), cursors = new Set<string>(), state = { empty: 0, stale: 0 };
    let cursor = from?.cursor ?? undefined, left = max;
    let coming: Promise<ListPage<T>> | undefined;
    try {
      for (;;) {
        const page = await (coming ?? ask(cursor, either));
        coming = undefined;
        if (cursor !== undefined) cursors.add(cursor);
        const { next } = page, isCircle = next !== undefined && cursors.has(next);
        const fresh = page.items.filter((row) => isNew(keyOf(row)));
        const start = from !== undefined && from.cursor === (cursor ?? null) ? rowAfter(fresh, from.after) : 0;
        for (let index = start; index < fresh.length; index++) {
          signal?.throwIfAborted();
          // whoever takes a second row goes on: the next page may come meanwhile, unless this one is enough
          if (index === start + 1 && next !== undefined && !isCircle && left > fresh.length - index) {
            coming = ask(next, either);
            coming.catch(() => {}); // it fails when its turn comes
          }
          const row = fresh[index]!;
          position = { cursor: cursor ?? null, after: keyOf(row) ?? null };
          left--;
          yield row;
          if (left === 0) return;
        }
        if (next === undefined) {
          position = null;
          return;
        }
        if (isCircle) throw circle(next, "the site names a page again that it has given before");
        guard(state, page, fresh.length, cursor);
        cursor = next;
        position = { cursor, after: null };
      }
    } finally {
      if (coming !== undefined) stop.abort();
    }
  }

  function rowAfter(items: readonly T[], after: ListPosition["after"]): number {
    // a row that is gone meanwhile: give the page again rather than lose a row
    return after === null ? 0 : items.findIndex((row) => keyOf(row) === after) + 1;
  }

  const walk = rows();
  return {
    next: () => walk.next(),
    return: () => walk.return(),
    throw: (error) => walk.throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
    get position() {
      return position;
    },
  };
}
