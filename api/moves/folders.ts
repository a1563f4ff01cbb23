import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { isInside } from "../../transport/internal.ts";
import { setTime } from "./copy_across.ts";
import { lookAt, type MoveStep } from "./entry.ts";

/** A folder as it was before anything moved. */
export interface OldFolder {
  /** Where. */
  readonly path: string;
  /** Its rights. */
  readonly mode: number;
  /** Its last change in milliseconds since the epoch. */
  readonly mtimeMs: number;
}

/** What becomes of folders when files move. */
export interface FolderPlan {
  /** Those that are made, the outer ones first. */
  readonly made: readonly string[];
  /** Those in which nothing is left, the outer ones first. */
  readonly emptied: readonly OldFolder[];
  /** All that were there and change, for who goes back. */
  readonly touched: readonly OldFolder[];
}

function oldFolder(path: string): OldFolder | undefined {
  const found = lookAt(path);
  return found?.isDirectory() ? { path, mode: found.mode & 0o7777, mtimeMs: Math.floor(found.mtimeMs) } : undefined;
}

const byDepth = (one: string, other: string) => one.length - other.length || (one < other ? -1 : 1);

/** Looks what the steps do to the folders below `root`, which stays in any case; links to folders stay, too. */
export function planFolders(root: string, steps: readonly MoveStep[]): FolderPlan {
  const leaving = new Set(steps.filter(({ from, to }) => from !== to).map(({ from }) => from));
  const made = new Set<string>();
  const touched = new Set<string>();
  for (const { to } of steps) {
    let place = dirname(to);
    for (; !existsSync(place) && dirname(place) !== place; place = dirname(place)) made.add(place);
    touched.add(place);
  }
  const emptied = new Map<string, OldFolder>();
  const staying = new Set<string>([...steps.map(({ to }) => dirname(to))].flatMap((place) => upTo(root, place)));
  // from the innermost outwards: a folder may hold nothing but such that go
  let places = new Set([...leaving].map(dirname));
  while (places.size > 0) {
    const next = new Set<string>();
    for (const place of [...places].sort((a, b) => byDepth(b, a))) {
      touched.add(place);
      if (place === root || !isInside(root, place) || staying.has(place) || emptied.has(place)) continue;
      const old = oldFolder(place);
      const names = old === undefined ? [] : readdirSync(place);
      const goes = (name: string) => leaving.has(join(place, name)) || emptied.has(join(place, name));
      if (old === undefined || !names.every(goes)) continue;
      emptied.set(place, old);
      next.add(dirname(place));
    }
    places = next;
  }
  return {
    made: [...made].sort(byDepth),
    emptied: [...emptied.values()].sort((a, b) => byDepth(a.path, b.path)),
    touched: [...touched].flatMap((path) => oldFolder(path) ?? []),
  };
}

/** `place` and what lies above it, up to `root`. */
function upTo(root: string, place: string): string[] {
  const way: string[] = [];
  for (let at = place; isInside(root, at) && dirname(at) !== at; at = dirname(at)) way.push(at);
  return way;
}

/** Removes folders, the inner ones first, as far as they are empty and folders. */
export function removeEmptyFolders(paths: readonly string[]): void {
  for (const path of paths.toReversed()) {
    try {
      rmdirSync(path);
    } catch {
      // somebody put something there, or took it away
    }
  }
}

/** Makes folders again that went, as they were. */
export function remakeFolders(folders: readonly OldFolder[]): void {
  for (const { path, mode } of folders) {
    if (existsSync(path)) continue;
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
  }
}

/** Gives folders the times they had. */
export function restoreTimes(folders: readonly OldFolder[]): void {
  for (const { path, mtimeMs } of folders) {
    try {
      if (lookAt(path)?.isDirectory()) setTime(path, mtimeMs);
    } catch {
      // somebody else's folder
    }
  }
}
