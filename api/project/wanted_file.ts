import type { Digests } from "../../transport/mod.ts";
import type { WantedFile } from "../download/fetch_files.ts";
import type { LockedFile } from "./lock.ts";

/** A locked file to fetch. */
export interface WantedLocked extends WantedFile {
  /** The file as the lock file has it. */
  readonly locked: LockedFile;
}

/**
 * The same path and query at the site that is used now: a lock file made with a mirror works without it. A file elsewhere
 * stays where it is.
 */
function onSite(url: string, { modelId }: LockedFile, baseUrl: string): string {
  if (modelId === null) return url;
  const { pathname, search } = new URL(url);
  return `${baseUrl}${pathname.slice(pathname.lastIndexOf("/api/download/models/"))}${search}`;
}

function hashesOf({ sha256, hashes }: LockedFile): Digests {
  return sha256 === null ? hashes ?? {} : { SHA256: sha256 };
}

/** What has to be fetched for a locked file, from the site at `baseUrl`; named by its locked path. */
export function wantedFile(file: LockedFile, baseUrl: string): WantedLocked {
  const { path: name, url, fallbackUrls = [], bytes } = file;
  return {
    locked: file,
    name,
    url: onSite(url, file, baseUrl),
    fallbackUrls: fallbackUrls.map((other) => onSite(other, file, baseUrl)),
    hashes: hashesOf(file),
    sizeBytes: bytes ?? undefined,
  };
}
