import {
  compose,
  type Digests,
  downloadAll,
  type DownloadAllOptions,
  type DownloadJob,
  type DownloadOptions,
  type DownloadResult,
  type Promised,
  type Transport,
} from "../../transport/mod.ts";
import type { Role } from "../layout/role.ts";
import type { HashCache } from "../library/hash_cache.ts";
import { recordDownload } from "../library/record_download.ts";
import { otherUrls } from "../references/other_urls.ts";
import { atSecondSource, type SecondSource } from "../references/second_source.ts";

/** A file to fetch, and what is promised about it. */
export interface WantedFile {
  /** Its path; below the `root` of the defaults, where there is one. */
  readonly name: string;
  /** Where it comes from. */
  readonly url: string;
  /** To try in order when `url` answers 404, where a hash decides which of them is right. */
  readonly fallbackUrls: readonly string[];
  /** What it is verified with. */
  readonly hashes: Digests;
  /** The size it must have; undefined where it is unknown or may be rounded. */
  readonly sizeBytes: number | undefined;
  /** Asks again what is promised; undefined where there is nobody to ask. */
  readonly refresh?: (() => Promise<Promised>) | undefined;
  /** Names it once its first answer is there; see {@linkcode DownloadOptions}. */
  readonly chooseName?: ((suggested: string | undefined) => string) | undefined;
  /** Whether another file of that name gives way; else the defaults say so. */
  readonly replace?: boolean | undefined;
  /** What it is to programs that load it; undefined where nobody knows. */
  readonly role?: Role | undefined;
  /** What was asked for, without secrets: whoever watches shows it. */
  readonly reference?: string | undefined;
}

/** How one file ended: with a result or with an error, never both. */
export interface FetchOutcome<File extends WantedFile = WantedFile> {
  /** The file as it was given. */
  readonly file: File;
  /** Set when it is there. */
  readonly result?: DownloadResult | undefined;
  /** Set when it failed or was cancelled. */
  readonly error?: unknown;
}

/** Settings of {@linkcode FetchFiles}. */
export interface FetchFilesOptions<File extends WantedFile = WantedFile> extends DownloadAllOptions {
  /** Where the hashes are kept that were proved. Default: nowhere. */
  readonly cache?: HashCache | undefined;
  /** Whom to ask for files by their SHA-256 that the site has no more. Default: nobody. */
  readonly secondSource?: SecondSource | undefined;
  /** The options of a file's download, made from what is promised about it; asked when it starts. */
  readonly optionsOf?: ((file: File, promised: DownloadOptions) => DownloadOptions) | undefined;
}

/** What fetches many files, a few at once: each ends on its own. */
export type FetchFiles = <File extends WantedFile>(
  transport: Transport,
  files: Iterable<File>,
  options?: FetchFilesOptions<File>,
) => AsyncIterable<FetchOutcome<File>>;

interface FileJob<File extends WantedFile> extends DownloadJob {
  readonly file: File;
}

/** Fetches with `downloadAll()`, over each file's other URLs where a hash decides, and keeps the hashes it proved. */
export async function* fetchFiles<File extends WantedFile>(
  transport: Transport,
  files: Iterable<File>,
  { cache, secondSource, optionsOf = (_, promised) => promised, ...options }: FetchFilesOptions<File> = {},
): AsyncGenerator<FetchOutcome<File>, void, undefined> {
  const others = new Map<string, readonly string[]>();
  const byUrl = new Map<string, string>();
  const known = compose(transport, otherUrls(others));
  const all = secondSource === undefined ? known : compose(known, atSecondSource(secondSource, byUrl));
  const { signal } = options;
  function* jobs(): Generator<FileJob<File>> {
    for (const file of files) {
      if (signal?.aborted) return;
      const { name, url, fallbackUrls, hashes, sizeBytes, refresh, chooseName, replace } = file;
      if (Object.keys(hashes).length > 0) others.set(url, fallbackUrls);
      if (hashes.SHA256 !== undefined) byUrl.set(url, hashes.SHA256);
      const promised = { hashes, sizeBytes, refresh, chooseName, ...(replace !== undefined && { replace }) };
      yield { file, request: url, path: name, options: optionsOf(file, promised) };
    }
  }
  for await (const outcome of downloadAll(all, jobs(), options)) {
    const { job: { file }, result, error } = outcome;
    if (result !== undefined && cache !== undefined) recordDownload(cache, result);
    yield { file, result, error };
  }
}
