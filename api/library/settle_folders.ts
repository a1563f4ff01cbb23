import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CivikitError, isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { settleTrash } from "../trash/open_trash.ts";
import { isOwnTrash, lookThrough, trashName } from "../trash/trash_folder.ts";
import { trashOf } from "../trash/trash_of.ts";
import type { HashCache } from "./hash_cache.ts";
import { type FinishedUpdate, finishUpdates } from "./update_folder.ts";
import { updatesPath } from "./update_journal.ts";

/** Settings of {@linkcode settleFolders}. */
export interface SettleOptions extends CallOptions {
  /** Where hashes are kept. Default: in memory. */
  cache?: HashCache | undefined;
  /** Leave updates to others that want sidecars written. Default false. */
  isOffline?: boolean | undefined;
  /** Called with each update that was ended, as that of `finishUpdates`. */
  onEnd?: ((finished: FinishedUpdate) => Promise<unknown> | void) | undefined;
  /** Told what could not be ended, and stays for the next time. Default: nobody is. */
  onTrouble?: ((error: CivikitError) => void) | undefined;
}

/** Folders with interrupted updates, and trash folders: in these folders, and around them. */
function findUnderWay(folders: readonly string[]): { updates: string[]; trash: string[] } {
  const places = new Set<string>();
  const roots = folders.map((folder) => resolve(folder));
  for (const root of roots) {
    for (let at = dirname(root); dirname(at) !== at; at = dirname(at)) places.add(at);
  }
  lookThrough(roots, (folder) => void places.add(folder));
  const trash = [...places].map((place) => join(place, trashName)).filter((path) =>
    existsSync(path) && isOwnTrash(path)
  );
  return { updates: [...places].filter((place) => existsSync(updatesPath(place))), trash };
}

/**
 * Ends what killed processes left half done in folders: updates, and what was on its way into the trash or out of it.
 * What another process is at is left to that. Costs a look at the names in each folder where there is nothing to do.
 *
 * @param folders Folders with models; those around and below are looked at as well.
 * @param options See {@linkcode SettleOptions}.
 * @returns The updates that were ended.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { settleFolders } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync();
 * console.log(await settleFolders([folder])); // []: nothing was under way
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function settleFolders(
  folders: readonly string[],
  { cache, isOffline, onEnd, onTrouble, signal }: SettleOptions = {},
): Promise<FinishedUpdate[]> {
  const ended: FinishedUpdate[] = [];
  const { updates, trash } = findUnderWay(folders);
  const end = async (work: () => Promise<unknown>) => {
    signal?.throwIfAborted();
    try {
      await work();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      if (!isCode(error, "target_locked")) onTrouble?.(error);
    }
  };
  for (const folder of updates) {
    await end(async () => {
      ended.push(...await finishUpdates(folder, { cache, trash: trashOf([folder]), isOffline, onEnd, signal }));
    });
  }
  for (const folder of trash) await end(() => settleTrash(folder));
  return ended;
}
