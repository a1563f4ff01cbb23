/**
 * The Civitai REST API: typed calls over any transport, resource names, and the way from what someone wrote down to files
 * that can be downloaded and verified.
 *
 * @module
 */
export * from "./air.ts";
export { type Article, type ArticleQuery, type Articles } from "./articles.ts";
export { type CallOptions } from "./call.ts";
export * from "./civitai.ts";
export { type Collection, type CollectionQuery, type Collections } from "./collections.ts";
export { type CreatorQuery, type Creators, type ListedCreator } from "./creators.ts";
export { type Enums, type EnumsCall } from "./enums.ts";
export { classifyCivitai, errorMessage, InvalidResponseError, type InvalidResponseErrorOptions } from "./errors.ts";
export { type FetchFiles, type FetchFilesOptions, type FetchOutcome, type WantedFile } from "./fetch_files.ts";
export { type Files, type TensorMetadata } from "./files.ts";
export { type GalleryImage, type ImageStats } from "./gallery_image.ts";
export { type ImageQuery, type Images } from "./images.ts";
export * from "./images/mod.ts";
export { type Listing, type ListOptions, type ListPosition } from "./listing.ts";
export { type KeyCheck, type Me, type MeCall } from "./me.ts";
export { type MiniVersion } from "./mini_version.ts";
export { type ModelQuery } from "./model_query.ts";
export { type Models } from "./models.ts";
export { type OnError, type OrNull } from "./or_null.ts";
export { otherUrls } from "./other_urls.ts";
export { type Permissions } from "./permissions.ts";
export { type Post, type Posts } from "./posts.ts";
export * from "./layout/mod.ts";
export * from "./library/mod.ts";
export * from "./lockfile/mod.ts";
export * from "./reference.ts";
export * from "./resolve.ts";
export * from "./sidecars/mod.ts";
export { type ResolvedFile, type ResolveWarning } from "./resolved_file.ts";
export { type FileChoice } from "./select_files.ts";
export { readSafetensors, type Safetensors, type TensorInfo } from "./safetensors.ts";
export { type Site } from "./site.ts";
export { type Tag, type TagQuery, type Tags } from "./tags.ts";
export * from "./types.ts";
export { type User, type Users } from "./users.ts";
export { type Vault, type VaultItem, type VaultQuery, type VaultState } from "./vault.ts";
export { type VersionIds, type Versions } from "./versions.ts";
