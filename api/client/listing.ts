import { shownInput } from "../../transport/internal.ts";
import { ContentError } from "../../transport/mod.ts";
import type { CallOptions } from "./call.ts";
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

/** What goes with one page of a list. */
export interface PageOptions extends CallOptions {
  /** Where the page begins: `next` of the one before. Default: at the start. */
  cursor?: string | undefined;
  /** Whether the words of the query are taken as the site's: nothing is asked besides the page. Default: false. */
  isTrusted?: boolean | undefined;
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

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Walks a list; the guards against circles are here, the way to ask is the source's. Written out by hand because a row
 * through an async generator costs as much as reading it from JSON.
 */
export function listing<T>(source: ListSource<T>, { signal, max = Infinity, from }: ListOptions = {}): Listing<T> {
  const { route, ask, keyOf } = source;
  // a signal for each page: what hangs on one that lives as long as the list would live as long, bodies included
  const asking = new Set<AbortController>();
  const isNew = recentKeys<number | string>();
  const cursors = new Set<string>();
  let after: ListPosition["after"] = from?.after ?? null;
  let isAtEnd = false;
  let left = max;
  let isOver = max <= 0;
  // the page in hand: its rows not given before, and where it begins and leads
  let rows: readonly T[] = [];
  let start = 0;
  let at = 0;
  let cursor = from?.cursor ?? undefined;
  let next: string | undefined;
  let isCircle = false;
  let hasPage = false;
  let emptyPages = 0;
  let stalePages = 0;
  let coming: Promise<ListPage<T>> | undefined;
  let loading: Promise<void> | undefined;

  function finish(): void {
    isOver = true;
    rows = [];
    for (const page of asking) page.abort();
    signal?.removeEventListener("abort", giveUp);
  }

  function giveUp(): void {
    for (const page of asking) page.abort(signal?.reason);
  }

  function askAt(where: string | undefined): Promise<ListPage<T>> {
    const stop = new AbortController();
    asking.add(stop);
    const page = ask(where, stop.signal);
    // if it fails, that is said when its turn comes
    page.catch(() => {}).finally(() => asking.delete(stop));
    return page;
  }

  function circle(where: string | undefined, state: string): ContentError {
    const shown = where === undefined ? "the start" : `cursor ${JSON.stringify(shownInput(where))}`;
    return new ContentError(`walking "${route}" at ${shown}: ${state}`, { code: "page_loop", url: route });
  }

  /** Goes from a page that is given to the next; false when there is none. */
  function turn(): boolean {
    if (!hasPage) return true;
    if (next === undefined) return false;
    if (isCircle) throw circle(next, "the site names a page again that it has given before");
    if (emptyPages > mostEmptyPages) throw circle(cursor, `${mostEmptyPages} empty pages in a row`);
    if (stalePages > mostStalePages) throw circle(cursor, `${mostStalePages} pages in a row bring nothing new`);
    cursor = next;
    after = null;
    return true;
  }

  async function load(): Promise<void> {
    try {
      if (!turn()) {
        isAtEnd = true;
        return finish();
      }
      if (!hasPage) signal?.addEventListener("abort", giveUp);
      coming ??= askAt(cursor);
      const page = await coming;
      coming = undefined;
      if (isOver) return;
      if (cursor !== undefined) cursors.add(cursor);
      rows = page.items.filter((row) => isNew(keyOf(row)));
      next = page.next;
      isCircle = next !== undefined && cursors.has(next);
      emptyPages = page.items.length === 0 ? emptyPages + 1 : 0;
      stalePages = page.items.length > 0 && rows.length === 0 ? stalePages + 1 : 0;
      // a row to go on after that is gone meanwhile: give the page again rather than lose a row
      const isResumed = !hasPage && from !== undefined && from.after !== null;
      start = at = isResumed ? rows.findIndex((row) => keyOf(row) === from.after) + 1 : 0;
      hasPage = true;
    } catch (error) {
      finish();
      throw error;
    }
  }

  function give(): IteratorResult<T, undefined> {
    // whoever takes a second row goes on: the next page may come meanwhile, unless this one is enough
    if (at === start + 1 && coming === undefined && next !== undefined && !isCircle && left > rows.length - at) {
      coming = askAt(next);
    }
    const value = rows[at++]!;
    after = keyOf(value) ?? null;
    if (--left === 0) finish();
    return { done: false, value };
  }

  async function wait(): Promise<IteratorResult<T, undefined>> {
    while (!isOver && at >= rows.length) {
      loading ??= load().finally(() => loading = undefined);
      await loading;
    }
    return isOver ? over : give();
  }

  return {
    next() {
      if (isOver) return Promise.resolve(over);
      if (signal?.aborted) {
        finish();
        return Promise.reject(signal.reason);
      }
      return at < rows.length ? Promise.resolve(give()) : wait();
    },
    return() {
      finish();
      return Promise.resolve(over);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    get position() {
      return isAtEnd ? null : { cursor: cursor ?? null, after };
    },
  };
}
