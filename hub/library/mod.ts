/**
 * What lies in the model folders: an index over the hashes of earlier runs, and what can be done with it.
 *
 * @module
 */
export { type Library, type LibraryOptions, type LibraryPage, type LibraryTask, type ListRows } from "./library.ts";
export { type LibraryFilter, libraryFilters, type LibraryRow, type RowState, type ShownRow } from "./library_row.ts";
export { modelFolders } from "./model_folders.ts";
export type { Proving } from "./prover.ts";
export { openLibrary } from "./open_library.ts";
export type { UpdateTools } from "./update_tools.ts";
export { openTidy, type Tidy, type TidyEnd, type TidyKind, type TidyOptions } from "./tidy.ts";
