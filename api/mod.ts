/**
 * The Civitai REST API: typed calls over any transport, resource names, and the way from what someone wrote down to files
 * that can be downloaded and verified.
 *
 * @module
 */
export { type Civitai, civitai, type CivitaiOptions } from "./civitai.ts";
export type { CallOptions } from "./client/call.ts";
export { classifyCivitai, InvalidResponseError, type InvalidResponseErrorOptions } from "./client/errors.ts";
export { type CivitaiPolicy, civitaiPolicy, type CivitaiPolicyOptions } from "./client/civitai_policy.ts";
export { getJson } from "./client/get_json.ts";
export type { Listing, ListOptions, ListPage, ListPosition, PageOptions } from "./client/listing.ts";
export type { OnError, OrNull } from "./client/or_null.ts";
export { type Gguf, readGguf } from "./disk/gguf.ts";
export { readSafetensors, type Safetensors, type TensorInfo } from "./disk/safetensors.ts";
export {
  type DownloadedFile,
  downloadModel,
  type DownloadModelOptions,
  type ModelProgress,
} from "./download/download_model.ts";
export type { FetchFiles, FetchFilesOptions, FetchOutcome, WantedFile } from "./download/fetch_files.ts";
export { type LayoutFacts, layoutFacts } from "./layout/facts.ts";
export { usedModelsOfGraph } from "./pictures/graph_models.ts";
export { modelsIn, type NamedModels } from "./pictures/models_in.ts";
export { type UsedModel, usedModels, usedModelsOfImage } from "./pictures/used_models.ts";
export { type Layout, layout, layoutNames, type LayoutOptions } from "./layout/layout.ts";
export { layoutFolders } from "./layout/layout_folders.ts";
export type { Role } from "./layout/role.ts";
export type { ProfileName } from "./layout/profiles.ts";
export {
  clearDuplicate,
  type ClearOptions,
  type ClearOutcome,
  type DuplicateOptions,
  type DuplicatePlan,
  type DuplicateReport,
  keepPolicies,
  type KeepPolicy,
  planDuplicates,
  scanDuplicates,
} from "./library/clear_duplicates.ts";
export { type DuplicateGroup, findDuplicates, linkDuplicates, type LinkOutcome } from "./library/duplicates.ts";
export {
  type AskedRecord,
  type FileStamp,
  type HashCache,
  hashCache,
  type HashCacheOptions,
  type HashRecord,
  type PresumedRecord,
} from "./library/hash_cache.ts";
export { type FileToHash, hashFiles, type HashFilesOptions, type HashOutcome } from "./library/hash_files.ts";
export type { Identity } from "./library/identity.ts";
export type { PresumeLookup } from "./library/find_candidates.ts";
export { presume, type PresumedFile, type PresumeReport } from "./library/presume.ts";
export type { Presumption, SelfTold } from "./library/presumption.ts";
export {
  type FactsLookup,
  type HeadFacts,
  type ModelFacts,
  modelFacts,
  type ModelFactsOptions,
} from "./library/model_facts.ts";
export { recordDownload } from "./library/record_download.ts";
export {
  type Disproved,
  type HashLookup,
  type LibraryFile,
  scan,
  type ScanOptions,
  type ScanProgress,
  type ScanReport,
} from "./library/scan.ts";
export {
  type FinishedUpdate,
  finishUpdates,
  type FinishUpdatesOptions,
  type FolderOutcome,
  updateFolder,
  type UpdateFolderOptions,
} from "./library/update_folder.ts";
export {
  type FolderMove,
  type FolderPlan,
  type FolderStay,
  type OwnedFile,
  type PlanFolderOptions,
  planFolderUpdate,
} from "./library/plan_folder_update.ts";
export { parseRule } from "./library/parse_rule.ts";
export { type UpdateRules, withRules } from "./library/update_rules.ts";
export type { ModelUpdates, UpdateState, VersionStanding, VersionSummary } from "./library/standing_of.ts";
export type { ModelLookup } from "./library/ask_models.ts";
export { findUpdates, type FindUpdatesOptions, type UpdateReport } from "./library/find_updates.ts";
export type { Owned } from "./library/owned.ts";
export { type Expected, recordedFiles, verify, type VerifyOptions, type VerifyOutcome } from "./library/verify.ts";
export { type DiskFile, modelExtensions, type Skip, type Walk, walk, type WalkOptions } from "./library/walk.ts";
export type { MoveStep } from "./moves/entry.ts";
export { type Followers, followMoves } from "./moves/follow_moves.ts";
export type { MovesState } from "./moves/journal.ts";
export { applyOrganize } from "./moves/apply_organize.ts";
export { modelDetails } from "./moves/model_details.ts";
export type { ModelDetails } from "./layout/placer.ts";
export { planMoves, type WantedMove } from "./moves/plan_moves.ts";
export {
  type FileToOrganize,
  type OrganizeMove,
  type OrganizeOptions,
  type OrganizePlan,
  planOrganize,
  type StayReason,
} from "./moves/plan_organize.ts";
export {
  applyMoves,
  continueMoves,
  type MovesOptions,
  type MovesReport,
  type RefusedMove,
  undoMoves,
} from "./moves/moves.ts";
export { checkMoves, type MeantMoves, meantMoves, movesHistory, type MovesRecord } from "./moves/moves_history.ts";
export { folderShelf, type FolderShelfOptions } from "./needs/folder_shelf.ts";
export type { Held, Need } from "./needs/need.ts";
export { needsOf, type NeedsOptions } from "./needs/needs_of.ts";
export { type Generation, generationOf, generationOfTexts } from "./pictures/generation.ts";
export { imageTexts } from "./pictures/image_texts.ts";
export { imageId, type ImageSize, imageUrl } from "./pictures/image_url.ts";
export { type ImageOutcome, type ImageSource, saveImages, type SaveImagesOptions } from "./pictures/save_images.ts";
export { type MediaType, sniffMedia } from "./pictures/sniff_media.ts";
export { adopt, type AdoptedFile, type AdoptOptions, type AdoptReport } from "./project/adopt.ts";
export { type ApartFile, type ApartReason, readApart } from "./project/apart.ts";
export { type Added, addModel, type AddOptions, findWanted, removeModel, setUpdateRules } from "./project/edit.ts";
export { install, type InstallOptions, type InstallOutcome, type InstallReport } from "./project/install.ts";
export type { Lock, LockedFile } from "./project/lock.ts";
export type { Manifest, Wanted } from "./project/manifest.ts";
export { lockName, manifestName } from "./project/names.ts";
export { type Outdated, outdated, type OutdatedOptions, type OutdatedReport } from "./project/outdated.ts";
export { openProject, type Project, type ProjectOptions } from "./project/project.ts";
export type { ProjectApi } from "./project/resolve_wanted.ts";
export { settleFolders, type SettleOptions } from "./library/settle_folders.ts";
export { settlePresumed } from "./project/settle_presumed.ts";
export type { WantedFailure } from "./project/sync_lock.ts";
export {
  applyUpdate,
  type Move,
  planUpdate,
  type Stay,
  type UpdateOptions,
  type UpdatePlan,
} from "./project/update.ts";
export { type Air, formatAir, parseAir } from "./references/air.ts";
export { galleryImageId } from "./references/gallery_page.ts";
export { type HubFile, hubFile, isHubUrl } from "./references/hub_file.ts";
export { otherUrls } from "./references/other_urls.ts";
export {
  type FileSelection,
  type ModelReference,
  parseReference,
  type Reference,
  type SiteReference,
  type UrlReference,
  type VersionReference,
} from "./references/reference.ts";
export { type EarlyAccessFacts, earlyAccessOf } from "./references/early_access.ts";
export { type SecondCopy, type SecondSource, templateSource } from "./references/second_source.ts";
export { resolveDownloads, type ResolveOptions } from "./references/resolve.ts";
export type { ResolvedFile, ResolveWarning } from "./references/resolved_file.ts";
export type { FileChoice } from "./references/select_files.ts";
export type { Article, ArticleQuery, Articles } from "./resources/articles.ts";
export type { Collection, CollectionQuery, Collections } from "./resources/collections.ts";
export type { Creator, CreatorQuery, Creators, ListedCreator } from "./resources/creators.ts";
export type {
  Availability,
  Enums,
  EnumsCall,
  FileFormat,
  ModelFileType,
  ModelMode,
  ModelType,
  ScanResult,
  UsageControl,
} from "./resources/enums.ts";
export type { Files, TensorMetadata } from "./resources/files.ts";
export type { GalleryImage, ImageQuery, Images, ImageStats } from "./resources/images.ts";
export type { KeyCheck, Me, MeCall } from "./resources/me.ts";
export type { MiniVersion, MiniVersionCall } from "./resources/mini_version.ts";
export type { Model, ModelQuery, Models } from "./resources/models.ts";
export type { Permissions } from "./resources/permissions.ts";
export type { Post, Posts } from "./resources/posts.ts";
export type { Tag, TagQuery, Tags } from "./resources/tags.ts";
export type { User, Users } from "./resources/users.ts";
export type { Vault, VaultItem, VaultQuery, VaultState } from "./resources/vault.ts";
export type {
  FileMetadata,
  Hashes,
  ModelFile,
  ModelImage,
  PaidAccess,
  Stats,
  VersionCore,
} from "./resources/version_parts.ts";
export type { ListVersion, Version, VersionIds, Versions } from "./resources/versions.ts";
export { type ModelInfo, readModelInfo } from "./sidecars/model_info.ts";
export { readUsage, setUsage, type Usage, type UsageChange } from "./sidecars/usage.ts";
export { type SidecarOptions, type SidecarOutcome, writeSidecars } from "./sidecars/write_sidecars.ts";
export type { TrashedItem } from "./trash/item.ts";
export { type EmptyOptions, openTrash, type PutOptions, type Trash } from "./trash/open_trash.ts";
export type { Site } from "./client/site.ts";
