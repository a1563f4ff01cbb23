import { isCode } from "../errors.ts";
import type { Promised } from "./download.ts";
import { readJournal } from "./journal.ts";
import { belongs } from "./part_file.ts";

/**
 * Bytes of the file at `path` that an earlier run wrote down as there, and that a download of `url` would go on from; 0
 * where there are none. Nothing is locked, read again or changed.
 */
export function unfinishedBytes(path: string, url: string, { hashes = {} }: Pick<Promised, "hashes"> = {}): number {
  try {
    const journal = readJournal(`${path}.part.json`);
    if (journal === undefined || "damaged" in journal || !belongs(journal, url, hashes)) return 0;
    return journal.spans.reduce((sum, { start, end }) => sum + end - start, 0);
  } catch (error) {
    // what may not be read, or is no file, the download itself will speak of
    if (isCode(error, "permission_denied") || isCode(error, "invalid_path")) return 0;
    throw error;
  }
}
