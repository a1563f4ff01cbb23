/**
 * The Civitai REST API: typed calls over any transport, resource names, and the way from what someone wrote down to files
 * that can be downloaded and verified.
 *
 * @module
 */
export * from "./references/air.ts";
export { type Article, type ArticleQuery, type Articles } from "./resources/articles.ts";
export { type CallOptions } from "./client/call.ts";
export * from "./civitai.ts";
export { type CivitaiPolicy, civitaiPolicy, type CivitaiPolicyOptions } from "./client/civitai_policy.ts";
export { type Collection, type CollectionQuery, type Collections } from "./resources/collections.ts";
export { type CreatorQuery, type Creators, type ListedCreator } from "./resources/creators.ts";
export { type Enums, type EnumsCall } from "./resources/enums.ts";
export {
  classifyCivitai,
  errorMessage,
  InvalidResponseError,
  type InvalidResponseErrorOptions,
} from "./client/errors.ts";
export { type FetchFiles, type FetchFilesOptions, type FetchOutcome, type WantedFile } from "./fetch_files.ts";
export { type Files, type TensorMetadata } from "./resources/files.ts";
export { type GalleryImage, type ImageStats } from "./resources/gallery_image.ts";
export { type ImageQuery, type Images } from "./resources/images.ts";
export * from "./pictures/mod.ts";
export { type Listing, type ListOptions, type ListPosition } from "./client/listing.ts";
export { type KeyCheck, type Me, type MeCall } from "./resources/me.ts";
export { type MiniVersion } from "./resources/mini_version.ts";
export { type ModelQuery } from "./resources/model_query.ts";
export { type Models } from "./resources/models.ts";
export { type OnError, type OrNull } from "./client/or_null.ts";
export { otherUrls } from "./references/other_urls.ts";
export { type Permissions } from "./resources/permissions.ts";
export { type Post, type Posts } from "./resources/posts.ts";
export * from "./layout/mod.ts";
export * from "./library/mod.ts";
export * from "./project/mod.ts";
export * from "./references/reference.ts";
export * from "./references/resolve.ts";
export * from "./sidecars/mod.ts";
export { type ResolvedFile, type ResolveWarning } from "./references/resolved_file.ts";
export { type FileChoice } from "./references/select_files.ts";
export { readSafetensors, type Safetensors, type TensorInfo } from "./disk/safetensors.ts";
export { type Site } from "./site.ts";
export { type Tag, type TagQuery, type Tags } from "./resources/tags.ts";
export * from "./resources/types.ts";
export { type User, type Users } from "./resources/users.ts";
export { type Vault, type VaultItem, type VaultQuery, type VaultState } from "./resources/vault.ts";
export { type VersionIds, type Versions } from "./resources/versions.ts";
