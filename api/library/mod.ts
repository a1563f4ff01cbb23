export { type DuplicateGroup, findDuplicates, linkDuplicates, type LinkOutcome } from "./duplicates.ts";
export {
  type AskedRecord,
  type FileStamp,
  type HashCache,
  hashCache,
  type HashCacheOptions,
  type HashRecord,
} from "./hash_cache.ts";
export { hashFiles, type HashFilesOptions, type HashOutcome } from "./hash_files.ts";
export type { Identity } from "./identity.ts";
export { recordDownload } from "./record_download.ts";
export {
  type HashLookup,
  type LibraryFile,
  scan,
  type ScanOptions,
  type ScanProgress,
  type ScanReport,
} from "./scan.ts";
export {
  findUpdates,
  type ModelLookup,
  type ModelUpdates,
  type Owned,
  type UpdateReport,
  type VersionSummary,
} from "./updates.ts";
export { type Expected, recordedFiles, verify, type VerifyOptions, type VerifyOutcome } from "./verify.ts";
export { type DiskFile, modelExtensions, type Skip, type Walk, walk, type WalkOptions } from "./walk.ts";
