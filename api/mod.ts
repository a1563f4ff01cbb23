/**
 * The Civitai REST API: typed calls over any transport, resource names, and the way from what someone wrote down to files
 * that can be downloaded and verified.
 *
 * @module
 */
export * from "./air.ts";
export { type CallOptions } from "./call.ts";
export * from "./civitai.ts";
export { classifyCivitai, errorMessage, InvalidResponseError, type InvalidResponseErrorOptions } from "./errors.ts";
export { type MeCall } from "./me.ts";
export { type ModelQuery, type Models } from "./models.ts";
export { type OnError, type OrNull } from "./or_null.ts";
export * from "./reference.ts";
export * from "./resolve.ts";
export { type ResolvedFile, type ResolveWarning } from "./resolved_file.ts";
export { type FileChoice } from "./select_files.ts";
export { type Site } from "./site.ts";
export * from "./types.ts";
export { type Versions } from "./versions.ts";
