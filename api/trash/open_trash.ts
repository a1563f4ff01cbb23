import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  ensureFolder,
  lockPart,
  type PartLock,
  sleep,
  syncFolder,
  systemClock,
  wrapDiskError,
} from "../../transport/internal.ts";
import { DiskError, InputError, isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { isMeant, lookAt, type MoveStep, stampOf } from "../moves/entry.ts";
import { placeEntry } from "../moves/place_entry.ts";
import { ownFile } from "../project/own_file.ts";
import { companionsOf, namesakesOf } from "../sidecars/companions.ts";
import { type KeptItem, newItem, readItems, type TrashedItem, writeItem } from "./item.ts";
import { findTrashFolders, isOwnTrash, trashFolderFor } from "./trash_folder.ts";

/** Settings of {@linkcode Trash.put}. */
export interface PutOptions extends CallOptions {
  /** Why it goes, in a word or two, for whoever looks at the trash. Default `removed`. */
  why?: string | undefined;
  /** Its SHA-256, where known. */
  sha256?: string | null | undefined;
  /** Whether sidecars and previews go along. Default true. */
  sidecars?: boolean | undefined;
}

/** Which items {@linkcode Trash.empty} removes: those that are meant by every setting that is given. */
export interface EmptyOptions {
  /** These alone; each has to be there. */
  ids?: readonly string[] | undefined;
  /** Those that were put there before, in milliseconds since the epoch. */
  beforeMs?: number | undefined;
  /** The oldest, until no more than so many bytes are left. */
  keepBytes?: number | undefined;
}

/** Models that are out of the way and can come back. */
export interface Trash {
  /**
   * Puts a model with its sidecars into the trash of its disk: a change of name, whatever its size.
   *
   * @throws {DiskError} When it is not there, or the disk refuses; then it is where it was.
   */
  put(path: string, options?: PutOptions): Promise<TrashedItem>;
  /** Finishes what killed processes left half done: what belongs to a model that is in it follows that. */
  settle(): Promise<void>;
  /** What is in it, the newest first. */
  list(): TrashedItem[];
  /**
   * Puts an item back to where it was, named by its id, its short one, or the first four letters of that or more, with everything that belongs to it. Nothing is overwritten.
   *
   * @throws {InputError} `no_such_file` when there is no such item; `invalid_argument` when several begin so.
   * @throws {DiskError} `target_exists` when something has one of its names; then nothing was moved.
   */
  restore(id: string, options?: CallOptions): Promise<TrashedItem>;
  /** What {@linkcode empty} would remove. @throws {InputError} As that does. */
  meant(which?: EmptyOptions): TrashedItem[];
  /**
   * Removes items for good; those it removed.
   *
   * @throws {InputError} `no_such_file` when one of the ids is not there; then nothing was removed.
   */
  empty(which?: EmptyOptions): Promise<TrashedItem[]>;
}

/** Letters of an ID that name an item, at least. */
const shortestId = 4;

function notThere(doing: string, id: string): InputError {
  const state = id.length < shortestId
    ? `too short, it takes the first ${shortestId} letters of an ID at least`
    : "nothing of that name is in the trash";
  return new InputError(`${doing} ${JSON.stringify(id)}: ${state}`, {
    code: "no_such_file",
    reason: "not_in_trash",
    input: id,
  });
}

/** The items that a text names: by their ids, their short ones, or how those begin. @throws {InputError} Where there is not one. */
function namedItem(doing: string, text: string, items: readonly KeptItem[]): KeptItem {
  const whole = items.find(({ id }) => id === text);
  if (whole !== undefined) return whole;
  const begun = text.length < shortestId ? [] : items.filter(({ shortId }) => shortId.startsWith(text.toLowerCase()));
  const [found, ...others] = begun;
  if (found === undefined) throw notThere(doing, text);
  if (others.length === 0) return found;
  throw new InputError(`${doing} ${JSON.stringify(text)}: ${begun.map(({ shortId }) => shortId).join(", ")} begin so`, {
    code: "invalid_argument",
    input: text,
  });
}

const patienceMs = 5000;
const pauseMs = 20;

/** Lets one process at a time work in a trash folder. */
async function hold(trash: string, waitMs = patienceMs): Promise<PartLock> {
  ensureFolder(trash);
  ownFile(join(trash, ".gitignore"), "*\n");
  const path = join(trash, "busy");
  for (const untilMs = performance.now() + waitMs;;) {
    try {
      return lockPart(path, path, { beside: false });
    } catch (error) {
      if (!isCode(error, "target_locked") || performance.now() > untilMs) throw error;
      await sleep(systemClock, pauseMs);
    }
  }
}

const back = ({ from, to, link, ...rest }: MoveStep): MoveStep => ({
  ...{ from: to, to: from, ...rest },
  ...(link && { link: { before: link.after, after: link.before } }),
});

/** Moves one file; both names are safe before the old one goes. @throws {DiskError} When it cannot. */
async function move(
  step: MoveStep,
  { id }: TrashedItem,
  options: CallOptions & { readonly resumedMs?: number } = {},
): Promise<void> {
  const outcome = await placeEntry(step, { tag: id, ...options });
  if (outcome.state === "refused") throw outcome.error;
  if (outcome.state !== "placed") return;
  syncFolder(dirname(step.to));
  outcome.release();
}

/** The model itself decides: an item is in the trash as soon as that is, and until that has left it. */
const isIn = ({ steps }: KeptItem) => lookAt(steps[0]!.to) !== undefined;

/** Finishes what a killed process left in a trash folder. */
async function tidy(trash: string): Promise<void> {
  for (const name of readdirSync(trash)) {
    if (name.endsWith(".gone")) rmSync(join(trash, name), { recursive: true, force: true });
  }
  for (const item of readItems(trash)) {
    const { steps, folder } = item;
    if (isIn(item)) {
      for (const step of steps) {
        if (lookAt(step.from) !== undefined) await move(step, item, { resumedMs: 0 }).catch(() => {});
      }
    } else if (!steps.some(({ to }) => lookAt(to) !== undefined)) rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether {@linkcode tidy} has something to do. */
function isHalfDone(trash: string): boolean {
  if (readdirSync(trash).some((name) => name.endsWith(".gone"))) return true;
  return readItems(trash).some((item) => {
    const { steps } = item;
    if (!isIn(item)) return !steps.some(({ to }) => lookAt(to) !== undefined);
    return steps.some((step) => isMeant(step.from, lookAt(step.from), step, "before"));
  });
}

/**
 * Finishes what killed processes left half done in one trash folder.
 *
 * @throws {DiskError} `target_locked` when another one is at it.
 */
export async function settleTrash(trash: string): Promise<void> {
  if (!isHalfDone(trash)) return;
  using _held = await hold(trash, 0);
  await tidy(trash);
}

function sidecarsToo(path: string): string[] {
  // what another model of the same name needs as well stays with that
  return namesakesOf(path).length > 0 ? [] : companionsOf(path);
}

function filesOf(path: string, sidecars: boolean): Omit<MoveStep, "to">[] {
  const paths = [path, ...(sidecars ? sidecarsToo(path) : [])];
  return paths.flatMap((from) => {
    const stamp = stampOf(from);
    if (stamp === undefined) return [];
    const { text, ...rest } = stamp;
    return [{ from, ...rest, ...(text !== undefined && { link: { before: text, after: text } }) }];
  });
}

/**
 * The trash of the model folders `roots`: a hidden folder `.civikit-trash` on each of their disks, at the top of what lies
 * there, so that trashing and restoring are changes of name, also of 20 GB. (The trash of the desktop would do the same
 * only on the home disk, and knows neither hashes nor sidecars.) Whatever kills the process, a file is in one of the two
 * places.
 *
 * @param roots The folders in which models lie.
 * @example
 * ```ts
 * import { openTrash } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync();
 * for (const name of ["a.safetensors", "a.json"]) Deno.writeTextFileSync(`${root}/${name}`, "x");
 * const trash = openTrash([root]);
 * const { id, files } = await trash.put(`${root}/a.safetensors`, { why: "duplicate" });
 * console.log(files.length, [...Deno.readDirSync(root)].length); // 2 1
 * await trash.restore(id);
 * console.log(Deno.readTextFileSync(`${root}/a.json`)); // x
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export function openTrash(roots: Iterable<string>): Trash {
  const folders = [...roots].map((root) => resolve(root));
  const used = new Set<string>();
  const places = () => [...new Set([...findTrashFolders(folders), ...used])].filter(isOwnTrash);
  const kept = () => places().flatMap(readItems).filter(isIn).sort((a, b) => b.trashedMs - a.trashedMs);
  function meant({ ids, beforeMs = Infinity, keepBytes }: EmptyOptions = {}): KeptItem[] {
    const all = kept();
    const named = ids && new Set(ids.map((text) => namedItem("removing", text, all)));
    const items = all.filter((item) => (named?.has(item) ?? true) && item.trashedMs < beforeMs);
    if (keepBytes === undefined) return items;
    let left = all.reduce((sum, { bytes }) => sum + bytes, 0);
    return items.toReversed().filter(({ bytes }) => left > keepBytes && (left -= bytes, true));
  }
  const known = ({ folder: _, steps: __, ...item }: KeptItem): TrashedItem => item;

  return {
    async put(given, { why = "removed", sha256 = null, sidecars = true, signal } = {}) {
      const path = resolve(given);
      const files = filesOf(path, sidecars);
      if (files[0]?.from !== path) {
        const missing = Object.assign(new Error("not there"), { code: "ENOENT" });
        throw wrapDiskError(missing, path, "looking for");
      }
      const trash = trashFolderFor(path, folders);
      if (existsSync(trash) && !isOwnTrash(trash)) {
        throw new DiskError(`using ${JSON.stringify(trash)}: is a link`, { code: "invalid_path", path: trash });
      }
      using _held = await hold(trash);
      if (!used.has(trash)) await tidy(trash);
      used.add(trash);
      const trashedMs = Date.now();
      const random = crypto.getRandomValues(new Uint8Array(4)).toHex();
      const id = `${new Date(trashedMs).toISOString().replace(/[-:.]/g, "")}-${random}`;
      const item = newItem(join(trash, id), files, { why, sha256, trashedMs });
      writeItem(item);
      try {
        for (const step of item.steps) await move(step, item, { signal });
      } catch (error) {
        if (!isIn(item)) rmSync(item.folder, { recursive: true, force: true });
        throw error;
      }
      return known(item);
    },
    async settle() {
      for (const trash of places()) {
        using _held = await hold(trash);
        await tidy(trash);
      }
    },
    list: () => kept().map(known),
    async restore(id, { signal } = {}) {
      const found = namedItem("restoring", id, kept());
      using _held = await hold(dirname(found.folder));
      await tidy(dirname(found.folder));
      const there = found.steps.filter(({ to }) => lookAt(to) !== undefined);
      const taken = there.find(({ from }) => lookAt(from) !== undefined);
      if (taken !== undefined) {
        throw new DiskError(`restoring ${JSON.stringify(taken.from)}: another file has that name`, {
          code: "target_exists",
          reason: "place_taken",
          path: taken.from,
        });
      }
      // the model last: until it has left, all of it counts as in the trash
      for (const step of there.toReversed()) await move(back(step), found, { signal });
      rmSync(found.folder, { recursive: true, force: true });
      return known(found);
    },
    meant: (which) => meant(which).map(known),
    async empty(which) {
      const items = meant(which);
      for (const [trash, these] of Map.groupBy(items, ({ folder }) => dirname(folder))) {
        using _held = await hold(trash);
        await tidy(trash);
        for (const { folder } of these) {
          renameSync(folder, `${folder}.gone`);
          rmSync(`${folder}.gone`, { recursive: true, force: true });
        }
      }
      return items.map(known);
    },
  };
}
