import type { ListVersion, Model, ModelFile } from "../../api/mod.ts";
import { isOpen } from "../search/levels.ts";
import type { WatchFilters } from "./rule.ts";

const has = (words: readonly string[] | undefined, word: string | null | undefined): boolean =>
  words === undefined || words.some((one) => one.toLowerCase() === word?.toLowerCase());

/** Formats as people write them, without the letter case and the plural of the site. */
const plain = (format: string): string => format.toLowerCase().replace(/[^a-z\d]|s$/g, "");

function isFileMeant({ metadata, sizeKB }: ModelFile, { formats, minBytes, maxBytes }: WatchFilters): boolean {
  const format = metadata?.format;
  if (formats !== undefined && !formats.some((one) => plain(one) === plain(format ?? ""))) return false;
  if (minBytes === undefined && maxBytes === undefined) return true;
  if (typeof sizeKB !== "number") return false;
  const bytes = Math.round(sizeKB * 1024);
  return bytes >= (minBytes ?? 0) && bytes <= (maxBytes ?? Infinity);
}

/** What filters leave of a version: its file, null for the primary one; undefined where it does not fit. */
export function fits(model: Model, version: ListVersion, filters: WatchFilters): { file: number | null } | undefined {
  if (!has(filters.types, model.type) || !has(filters.bases, version.baseModel)) return undefined;
  const { level } = filters;
  if (level !== undefined && !isOpen({ nsfwLevel: version.nsfwLevel ?? model.nsfwLevel ?? null }, level)) {
    return undefined;
  }
  const files = version.files ?? [];
  const primary = files.find((file) => file.primary) ?? files[0];
  if (primary === undefined) return undefined;
  if (isFileMeant(primary, filters)) return { file: null };
  const other = files.find((file) => isFileMeant(file, filters));
  return other && { file: other.id };
}
