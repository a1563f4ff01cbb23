import { rmSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { isInside, renameDurably, wrapDiskError } from "../../transport/internal.ts";
import type { CivikitError, DownloadResult, Transport } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { type FetchFiles, fetchFiles, type WantedFile } from "../download/fetch_files.ts";
import { hashOf } from "../project/disk_state.ts";
import { holdFolder } from "../project/hold_folder.ts";
import { promisedOf } from "../references/promised.ts";
import { carryUsage, moveUsage } from "../sidecars/usage.ts";
import { type HashCache, hashCache } from "./hash_cache.ts";
import type { FolderMove } from "./plan_folder_update.ts";
import { recordDownload } from "./record_download.ts";
import { type Replacement, type UpdateJournal, updateJournal } from "./update_journal.ts";

/** How one file of an update ended. */
export interface FolderOutcome {
  /** The file and what it was to become. */
  move: FolderMove;
  /** Where the new one is; undefined when it could not be had. */
  path?: string | undefined;
  /**
   * What became of the old one: `kept`; `replaced`: it is gone; `trashed`; `changed`: it stays, because it is no longer
   * what it was; `unproved`: it stays, because nothing is published that could prove the new one.
   */
  old: "kept" | "replaced" | "trashed" | "changed" | "unproved";
  /** How the new one was fetched. */
  result?: DownloadResult | undefined;
  /** Why it could not be had, or why the old one is still there. */
  error?: unknown;
}

/** Settings of {@linkcode updateFolder}. */
export interface UpdateFolderOptions extends CallOptions {
  /** What becomes of an old file once the new one is proved and there. Default `keep`. */
  old?: "keep" | "replace" | "trash" | undefined;
  /**
   * Puts a file away, for `trash`; its SHA-256 goes along. Of a file that a killed run has put away already it is asked
   * again, and ends what that left undone beside it.
   */
  trash?: ((path: string, sha256: string) => Promise<unknown>) | undefined;
  /** Whether the caller writes sidecars beside new files: who ends what was killed is told. Default false. */
  sidecars?: boolean | undefined;
  /** Where hashes are kept. Default: in memory. */
  cache?: HashCache | undefined;
  /** Files at once, 1 to 64. Default 3. */
  concurrency?: number | undefined;
  /** What fetches, in place of `downloadAll()`. */
  fetch?: FetchFiles | undefined;
  /** Called with each file before it is fetched, and what stands for it. */
  onFile?: ((file: WantedFile, move: FolderMove) => void) | undefined;
}

interface MovedFile extends WantedFile {
  readonly move: FolderMove;
}

type Ended = Pick<FolderOutcome, "old"> & { readonly path: string };

/** What finishing works with. */
interface Finishing extends CallOptions {
  readonly cache: HashCache;
  readonly trash: UpdateFolderOptions["trash"];
}

/**
 * Takes the old file away, if the new one is there and what it has to be, and gives the new one its name. Each step leaves
 * one of the two under its name, so this may be killed anywhere and done again. Undefined when the new one is not there.
 */
async function finish(
  { old, oldSha256, fresh, freshSha256, target, how }: Replacement,
  { cache, trash, signal }: Finishing,
): Promise<Ended | undefined> {
  const isFresh = async (path: string) =>
    freshSha256 !== null && (await hashOf(path, cache, { signal }))?.sha256 === freshSha256;
  if (!await isFresh(fresh)) {
    const isDone = target !== fresh && await isFresh(target);
    if (isDone) moveUsage(fresh, target);
    return isDone ? { path: target, old: how === "trash" ? "trashed" : "replaced" } : undefined;
  }
  const there = await hashOf(old, cache, { signal });
  if (there !== undefined && there.sha256 !== oldSha256) return { path: fresh, old: "changed" };
  // what takes the old one's name in one step has its notes already; the trash takes them along
  if (how === "trash" || target !== old) carryUsage(old, fresh);
  if (how === "trash") {
    if (trash === undefined && there !== undefined) return { path: fresh, old: "kept" };
    await trash?.(old, oldSha256);
  } else if (there !== undefined && target !== old) remove(old);
  if (target !== fresh) {
    renameDurably(fresh, target, { replace: how === "replace" });
    moveUsage(fresh, target);
    const found = await Deno.stat(target);
    recordDownload(cache, { path: target, bytes: found.size, digests: { SHA256: freshSha256! } });
  }
  return { path: target, old: how === "trash" ? "trashed" : "replaced" };
}

function remove(path: string): void {
  try {
    rmSync(path);
  } catch (error) {
    throw wrapDiskError(error, path, "removing");
  }
}

/** What a killed update began, and how it ended. */
export interface FinishedUpdate {
  /** The file that was to go. */
  old: string;
  /** Where the new one is. */
  path: string;
  /** Its SHA-256, upper case. */
  sha256: string;
  /** What became of the old one. */
  state: FolderOutcome["old"];
  /** Whether the killed run would have written sidecars beside the new one. */
  sidecars: boolean;
}

/** Settings of {@linkcode finishUpdates}. */
export interface FinishUpdatesOptions extends Pick<UpdateFolderOptions, "cache" | "trash" | "signal"> {
  /** Leave those to others that want sidecars written. Default false. */
  isOffline?: boolean | undefined;
  /** Called with each, and waited for, before it is crossed off: killed during that, it is called again. */
  onEnd?: ((finished: FinishedUpdate) => Promise<unknown> | void) | undefined;
}

/**
 * Ends what a killed {@linkcode updateFolder} began in a folder: where the new file is proved and there, the old one goes
 * as it was to; where it is not, the old one stays. Nothing is asked of anybody.
 *
 * @param folder The folder that was updated.
 * @param options See {@linkcode FinishUpdatesOptions}.
 * @returns How each ended.
 * @throws {DiskError} `target_locked` when another process is at it; what the disk says.
 * @example
 * ```ts
 * import { finishUpdates } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync();
 * console.log(await finishUpdates(folder)); // []: nothing was under way
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function finishUpdates(
  folder: string,
  { cache: given, trash, isOffline = false, onEnd, signal }: FinishUpdatesOptions = {},
): Promise<FinishedUpdate[]> {
  if (updateJournal(folder).list().length === 0) return [];
  using _held = holdFolder(folder);
  const journal = updateJournal(folder);
  using own = given === undefined ? hashCache(":memory:") : undefined;
  const ended: FinishedUpdate[] = [];
  for (const one of journal.list()) {
    const { sidecars = false } = one;
    if (isOffline && sidecars) continue;
    const done = await finish(one, { cache: given ?? own!, trash, signal });
    if (done !== undefined) {
      const end = { old: one.old, path: done.path, sha256: one.freshSha256!, state: done.old, sidecars };
      await onEnd?.(end);
      ended.push(end);
    }
    journal.drop(one.old);
  }
  return ended;
}

/**
 * Fetches the new files of a plan beside the old ones, verified, and then deals with the old ones: `keep` leaves them,
 * `replace` removes each, or puts the new one in its place in one step where both have one name, `trash` puts it away. An
 * old file goes only when the new one was held against a published hash and is there, and only if it still is what the
 * plan saw. Killed at any instant, one of the two is there under its name; {@linkcode finishUpdates} ends what was begun.
 *
 * @param transport What fetches.
 * @param moves From {@linkcode planFolderUpdate}.
 * @param roots The folders that were looked through: each keeps what is under way in its `.civikit`.
 * @param options See {@linkcode UpdateFolderOptions}.
 * @throws {DiskError} `target_locked` when another process updates one of the folders.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { updateFolder } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), transport = { fetch: () => Promise.reject(new Error("no network")) };
 * for await (const { path } of updateFolder(transport, [], [folder])) console.log(path);
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function* updateFolder(
  transport: Transport,
  moves: readonly FolderMove[],
  roots: readonly string[],
  { old = "keep", trash, sidecars, cache: given, concurrency = 3, fetch = fetchFiles, onFile, signal }:
    UpdateFolderOptions = {},
): AsyncGenerator<FolderOutcome, void, undefined> {
  if (moves.length === 0) return;
  using own = given === undefined ? hashCache(":memory:") : undefined;
  const cache = given ?? own!;
  const folders = [...new Set(roots.map((root) => resolve(root)))];
  using held = new DisposableStack();
  const journals = new Map<string, UpdateJournal>();
  const journalOf = ({ from: { path } }: FolderMove): UpdateJournal | undefined => {
    if (old === "keep") return undefined;
    const folder = folders.find((one) => isInside(one, path)) ?? dirname(path);
    const journal = journals.get(folder) ?? (held.use(holdFolder(folder)), updateJournal(folder));
    journals.set(folder, journal);
    return journal;
  };
  const files = moves.map((move): MovedFile => {
    const { file, fresh } = move;
    const { hashes, sizeBytes } = promisedOf(file);
    const { url, fallbackUrls } = file;
    return { move, name: basename(fresh), url, fallbackUrls, hashes, sizeBytes, reference: file.air ?? undefined };
  });
  const entryOf = ({ from, fresh, target }: FolderMove, freshSha256: string | null): Replacement => {
    const how = old === "trash" ? "trash" : "replace";
    return { old: from.path, oldSha256: from.sha256, fresh, freshSha256, target, how, sidecars };
  };
  for (const file of files) {
    onFile?.(file, file.move);
    journalOf(file.move)?.put(entryOf(file.move, file.hashes.SHA256?.toUpperCase() ?? null));
  }
  const optionsOf = ({ move }: MovedFile, promised: object) => ({ ...promised, root: dirname(move.fresh) });
  for await (const { file, result, error } of fetch(transport, files, { concurrency, signal, cache, optionsOf })) {
    const { move } = file;
    const journal = journalOf(move);
    if (result === undefined) {
      // what was stopped is gone on with; what failed is given up
      if (!signal?.aborted) journal?.drop(move.from.path);
      yield { move, old: "kept", error };
      continue;
    }
    const { path } = result;
    if (journal === undefined || !result.verified) {
      if (journal === undefined) carryUsage(move.from.path, path);
      journal?.drop(move.from.path);
      yield { move, path, old: journal === undefined ? "kept" : "unproved", result };
      continue;
    }
    try {
      const entry = entryOf(move, result.digests.SHA256 ?? null);
      journal.put(entry);
      const done = await finish(entry, { cache, trash, signal });
      yield { move, path: done?.path ?? path, old: done?.old ?? "kept", result };
      // what is done with the outcome belongs to it: killed before that, it is told again
      journal.drop(move.from.path);
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      yield { move, path, old: "kept", result, error: cause as CivikitError };
    }
  }
  signal?.throwIfAborted();
}
