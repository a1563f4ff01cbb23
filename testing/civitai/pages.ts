/**
 * How lists are cut into pages, and what goes wrong there: short and empty pages, rows that come twice, circles
 * (api reference, section 15, quirks 1 to 5).
 *
 * @module
 */
import type { Site } from "./site.ts";

/** One page of something. */
export interface CutPage<T> {
  readonly rows: readonly T[];
  /** Missing on the last page. */
  readonly nextCursor?: string | number;
}

/** The page of `all` at `cursor`; undefined where the cursor is none. */
export function cut<T>(
  { listQuirks }: Site,
  all: readonly T[],
  cursor: string | null,
  limit: number,
): CutPage<T> | undefined {
  const { emptyPages = 0, shortBy = 0, repeatsEdge = false, circleAfter = Infinity, numericCursor } = listQuirks;
  // start|pages so far|empty pages just given
  const match = /^(\d+)(?:\|(\d+)\|(\d+))?$/.exec(cursor ?? "0|0|0");
  if (!match) return undefined;
  const [start = 0, pages = 0, empty = 0] = match.slice(1).map((digits) => Number(digits ?? 0));
  const write = (...parts: number[]) => numericCursor ? parts[0]! : parts.join("|");
  if (empty < emptyPages) return { rows: [], nextCursor: write(start, pages, empty + 1) };
  const wanted = start + Math.max(1, limit);
  const isLast = wanted >= all.length;
  const end = isLast ? all.length : Math.max(start + 1, wanted - shortBy);
  const rows = all.slice(Math.max(0, repeatsEdge && start > 0 ? start - 1 : start), end);
  if (limit === 0 || (isLast && pages + 1 < circleAfter)) return { rows };
  return { rows, nextCursor: pages + 1 >= circleAfter ? write(0, 0, 0) : write(end, pages + 1, 0) };
}
