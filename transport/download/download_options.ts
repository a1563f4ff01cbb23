import type { Clock } from "../clock.ts";
import type { TransportEvent } from "../transport.ts";
import type { Digests, HashName } from "./digest_engine.ts";
import type { Throttle } from "./throttle.ts";

/** What is promised about a file. */
export interface Promised {
  /** Hashes in hex, either case, as the API names them. */
  hashes?: Digests | undefined;
  /** Size in bytes. */
  sizeBytes?: number | undefined;
}

/** How far a download is. */
export interface DownloadProgress {
  /** Bytes on disk, those of earlier runs included. */
  readonly downloadedBytes: number;
  /** Size of the whole; undefined while unknown. */
  readonly totalBytes: number | undefined;
  /** Speed over the last seconds. */
  readonly bytesPerSecond: number;
}

/** Options of {@linkcode download}. */
export interface DownloadOptions extends Promised {
  /** Stops the download; what was written stays for the next run. */
  signal?: AbortSignal | undefined;
  /** Called at most ten times a second and at the end. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Called with every event of the download and of the transport beneath it. */
  report?: ((event: TransportEvent) => void) | undefined;
  /** Whether an existing target, or the part file of another download, gives way. Default false. */
  replace?: boolean | undefined;
  /** A folder the target must lie in: `path` is then relative to it and leads nowhere else; links below it are followed. */
  root?: string | undefined;
  /** Limits the rate; may be shared by several downloads. */
  throttle?: Throttle | undefined;
  /** Asked before each write: a promise holds the download until it settles. */
  gate?: (() => Promise<void> | undefined) | undefined;
  /** Hashes to compute besides the promised ones. Default `["SHA256"]`. */
  digests?: readonly HashName[] | undefined;
  /** Whether promised hashes and sizes have to agree. Default true. */
  verify?: boolean | undefined;
  /** Whether a file whose hash is wrong is fetched once more to mend it. Default true. */
  repair?: boolean | undefined;
  /**
   * Names the file once its first answer is there, within the folder of `path`: told the name that the answer suggests
   * (Content-Disposition), made safe, and made safe again. Until then, and for the part file, it has the name in `path`;
   * what an earlier run chose stays. Not asked if not given: the file is called as `path` says.
   */
  chooseName?: ((suggested: string | undefined) => string) | undefined;
  /** Asked when the file changed at the source in mid-download: what is promised now. */
  refresh?: (() => Promise<Promised>) | undefined;
  /** Whether what an earlier run has written of the file is gone on with. Default true; false begins at the first byte. */
  resume?: boolean | undefined;
  /** Keep the unfinished bytes of a file that changed at the source as `NAME.part.old`. Default true. */
  keepReplaced?: boolean | undefined;
  /** Attempts in a row that may bring no new byte. Default 5, 0 to 100. */
  maxAttempts?: number | undefined;
  /** Pause after the first fruitless attempt in milliseconds; doubles, with jitter, up to 30 s. Default 500. */
  delayMs?: number | undefined;
  /** What a killed process may lose at most, in bytes. Default 8 MiB, 64 KiB to 64 MiB. */
  flushBytes?: number | undefined;
  /** Time; tests hand in a fake one. */
  clock?: Clock | undefined;
  /** Source of jitter: a number in [0, 1). */
  random?: (() => number) | undefined;
}

/** The names of all options. */
export const downloadOptionNames: { readonly [Name in keyof Required<DownloadOptions>]: true } = {
  hashes: true,
  sizeBytes: true,
  signal: true,
  onProgress: true,
  report: true,
  replace: true,
  root: true,
  throttle: true,
  gate: true,
  digests: true,
  verify: true,
  repair: true,
  chooseName: true,
  refresh: true,
  resume: true,
  keepReplaced: true,
  maxAttempts: true,
  delayMs: true,
  flushBytes: true,
  clock: true,
  random: true,
};

/** How a download ended well. */
export interface DownloadResult {
  /** Where the file is. */
  readonly path: string;
  /** Its size in bytes. */
  readonly bytes: number;
  /** Its hashes. */
  readonly digests: Digests;
  /** True when a promised hash was compared and agrees; false: only the size and the kind of content were checked. */
  readonly verified: boolean;
  /** True when the file was there already and nothing was fetched. */
  readonly skipped: boolean;
  /** Bytes taken over from an earlier, interrupted run. */
  readonly resumedBytes: number;
  /** Time taken in milliseconds. */
  readonly elapsedMs: number;
}
