import { isCode } from "../errors/errors.ts";
import type { Promised } from "./download_options.ts";
import { belongs, type Journal, peekJournal } from "./journal.ts";

/** The journal of the unfinished file beside `path`; undefined where there is none to go on from. */
function journalOf(path: string): Journal | undefined {
  try {
    const journal = peekJournal(`${path}.part.json`);
    return typeof journal === "string" ? undefined : journal;
  } catch (error) {
    // what may not be read, or is no file, the download itself will speak of
    if (isCode(error, "permission_denied") || isCode(error, "invalid_path")) return undefined;
    throw error;
  }
}

/**
 * Bytes of the file at `path` that an earlier run wrote down as there, and that a download of `url` would go on from; 0
 * where there are none. Nothing is locked, read again or changed.
 */
export function unfinishedBytes(path: string, url: string, { hashes = {} }: Pick<Promised, "hashes"> = {}): number {
  const journal = journalOf(path);
  if (journal === undefined || !belongs(journal, url, hashes)) return 0;
  return journal.spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

/**
 * Tells whether a download of `url` would go on from the unfinished file beside `path`, or be refused because it is
 * another one's; undefined where there is none.
 */
export function isOwnPart(
  path: string,
  url: string,
  { hashes = {} }: Pick<Promised, "hashes"> = {},
): boolean | undefined {
  const journal = journalOf(path);
  return journal && belongs(journal, url, hashes);
}
