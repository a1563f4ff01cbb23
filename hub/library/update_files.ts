import { type HashCache, type OwnedFile, planFolderUpdate, updateFolder, type UpdateRules } from "../../api/mod.ts";
import { messageOf } from "../../transport/internal.ts";
import { trashOf } from "../../api/trash/trash_of.ts";
import type { LibraryOptions } from "./library.ts";
import { settleLibrary } from "./settle_library.ts";
import type { Work } from "./library_tasks.ts";
import type { UpdateTools } from "./update_tools.ts";

/** What of a library an update works on. */
export interface UpdateFilesOptions extends Pick<LibraryOptions, "folders" | "write"> {
  /** Hashes. */
  readonly hashes: HashCache;
  /** What it is done with. */
  readonly tools: UpdateTools;
  /** What is no update. */
  readonly rules: UpdateRules;
  /** Called with a path where something may be or be gone now. */
  onPath(path: string): void;
}

/**
 * Newer versions in the place of files, as `civikit update FOLDER --old` has it, by the same steps and the same journal:
 * what is killed here, a later update ends, here or there.
 *
 * @param all Every file of the models, whichever is meant: a version that lies elsewhere need not be fetched.
 * @param meant Paths of those that are to be newer.
 */
export function updateFiles(
  all: readonly OwnedFile[],
  meant: ReadonlySet<string>,
  old: "trash" | "replace",
  { folders, hashes, tools, rules, write, onPath }: UpdateFilesOptions,
): Work {
  return async (signal, tell) => {
    const { api, transport, fetch, settings } = tools;
    const { layout, folders: below, sidecars, concurrency } = settings();
    const roots = folders();
    const trash = trashOf(roots);
    let trouble: string | null = null;
    const fail = (error: unknown) => void (trouble ??= messageOf(error as Error));

    async function beside(path: string, sha256: string | undefined, versionId?: number): Promise<void> {
      if (!sidecars || write === undefined || sha256 === undefined) return;
      for await (const { error } of write([{ path, sha256, versionId }], signal)) if (error !== undefined) fail(error);
    }

    tell({ phase: "asking", done: 0, total: 0 });
    await settleLibrary({ ...{ folders, write, hashes, signal, onPath }, onTrouble: fail });
    const models = new Set(all.flatMap(({ identity: { modelId } }) => modelId ?? []));
    const plan = await planFolderUpdate(api, all, { models, rules, layout, folders: below ?? {}, signal });
    for (const { error } of plan.failures) fail(error);
    for (const { error } of plan.stays) if (error !== undefined) fail(error);
    const moves = plan.moves.filter(({ from }) => meant.has(from.path));
    let done = 0;
    tell({ phase: "writing", done, total: moves.length });
    for await (
      const { move, path, result, error } of updateFolder(transport, moves, roots, {
        ...{ old, trash, sidecars, cache: hashes, concurrency, fetch, signal },
      })
    ) {
      if (error !== undefined) fail(error);
      if (path !== undefined) await beside(path, result?.digests.SHA256, move.to.versionId);
      for (const one of [move.from.path, move.fresh, path ?? move.target]) onPath(one);
      tell({ phase: "writing", done: ++done, total: moves.length });
    }
    return trouble;
  };
}
