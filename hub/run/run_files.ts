import { join } from "node:path";
import {
  type FetchFiles,
  fetchFiles,
  type FetchFilesOptions,
  type FetchOutcome,
  type WantedFile,
} from "../../api/download/fetch_files.ts";
import type { SecondSource } from "../../api/mod.ts";
import type { Role } from "../../api/layout/role.ts";
import type { TransferList } from "../../monitor/metrics/transfer.ts";
import type { DownloadOptions, Transport } from "../../transport/mod.ts";
import { type RunWatcher, type WatchedFile, watchFile } from "./watch_file.ts";

/** A file that has just come. */
export interface PublishedFile {
  /** Where it is. */
  readonly path: string;
  /** What it is to programs that load it; undefined where nobody knows. */
  readonly role?: Role | undefined;
  /** How large it is; undefined where nobody says. */
  readonly bytes?: number | undefined;
  /** Its SHA-256; undefined where it was not computed. */
  readonly sha256?: string | undefined;
  /** What was asked for, without secrets. */
  readonly reference?: string | undefined;
}

/** Who watches a run. */
export interface RunWatch {
  /** Told about every file. */
  readonly watcher?: RunWatcher;
  /** Shows each transfer to the monitor. */
  readonly track?: TransferList["track"] | undefined;
  /** Told of every file that is new. */
  readonly published?: ((file: PublishedFile) => void) | undefined;
  /** Whom to ask for files that the site has no more. Default: nobody. */
  readonly secondSource?: SecondSource | undefined;
  /** What holds for every file of every run, before what a run says. Default: nothing. */
  readonly defaults?: DownloadOptions;
}

/**
 * The one way in which commands and services fetch files: some at once, each verified, watched, and told how it ended,
 * also when it failed before its first byte. Ends early, without throwing, when the signal aborts.
 *
 * @param watch Who is told.
 * @returns What `install()` takes as its `fetch`.
 * @example
 * ```ts
 * import { runFiles } from "./mod.ts";
 *
 * const folder = Deno.makeTempDirSync(), transport = { fetch: () => Promise.resolve(new Response("tensors")) };
 * const url = "https://civitai.com/api/download/models/1";
 * const file = { name: "a.safetensors", url, fallbackUrls: [], hashes: {}, sizeBytes: undefined };
 * const fetch = runFiles({ watcher: { ended: ({ name }, { receivedBytes }) => console.log(name, receivedBytes) } });
 * for await (const { result } of fetch(transport, [file], { defaults: { root: folder } })) console.log(result?.bytes);
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function runFiles({ watcher = {}, track, published, secondSource, defaults: own }: RunWatch = {}): FetchFiles {
  return async function* runFiles<File extends WantedFile>(
    transport: Transport,
    files: Iterable<File>,
    options: FetchFilesOptions<File> = {},
  ): AsyncGenerator<FetchOutcome<File>, void, undefined> {
    const watched = new Map<File, WatchedFile>();
    const defaults = { ...own, ...options.defaults };
    const optionsOf: FetchFilesOptions<File>["optionsOf"] = (file, promised) => {
      const path = defaults.root === undefined ? file.name : join(defaults.root, file.name);
      const one = watchFile<WantedFile>(file, options.optionsOf?.(file, promised) ?? promised, {
        watcher,
        track,
        path,
      });
      watched.set(file, one);
      return one.options;
    };
    for await (const outcome of fetchFiles(transport, files, { secondSource, ...options, defaults, optionsOf })) {
      watched.get(outcome.file)?.end(outcome);
      watched.delete(outcome.file);
      const { file: { role, reference }, result } = outcome;
      if (result !== undefined && !result.skipped) {
        const { path, bytes, digests: { SHA256: sha256 } } = result;
        published?.({ path, role, bytes, sha256, reference });
      }
      yield outcome;
    }
  };
}
