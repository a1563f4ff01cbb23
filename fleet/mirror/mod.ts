/**
 * Files that every machine has from one place, and nothing more of what several machines share: neither queue nor Redis
 * loads with it.
 *
 * @module
 */
export type {
  CleanOptions,
  FileStore,
  KeptFile,
  ProveOptions,
  PutFile,
  PutOptions,
  StoredFile,
  StoreProgress,
  UnfinishedUpload,
} from "../file_store.ts";
export { parseS3Place, type S3Place } from "../s3/s3_place.ts";
export { s3Store, type S3StoreOptions } from "../s3/s3_store.ts";
export { type S3Credentials, signS3, type SignS3Options } from "../s3/sign_s3.ts";
export { checkStore, type CheckStoreOptions, type StoreCheck } from "./check_store.ts";
export { type CheckMirror, fillMirror, type FillMirrorOptions, type MirrorOutcome } from "./fill_mirror.ts";
export { mirrorFirst, type MirrorFirstOptions, type MirrorTrouble } from "./mirror_first.ts";
