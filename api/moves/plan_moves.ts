import { realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { isOneEntry } from "../disk/on_disk.ts";
import { lookAt, type MoveStep, realPlace, stampOf } from "./entry.ts";

/** A file or link, and the place it is to have. */
export interface WantedMove {
  /** Where it is. */
  readonly from: string;
  /** Where it is to be. */
  readonly to: string;
}

/** The folder that `path` will really lie in, as far as it is there yet. */
function realFolder(path: string): string {
  for (let place = dirname(path);; place = dirname(place)) {
    try {
      return join(realpathSync(place), relative(place, dirname(path)));
    } catch {
      if (dirname(place) === place) return dirname(path);
    }
  }
}

/** What a link has to say at its new place, when what it leads to moves as well. */
function textAt({ from, to }: WantedMove, before: string, placeOf: (path: string) => string): string {
  const meant = resolve(realFolder(from), before);
  const place = placeOf(meant);
  if (isAbsolute(before)) return place === meant ? before : place;
  const base = realFolder(to);
  if (place === meant && base === realFolder(from)) return before;
  return relative(base, place);
}

/**
 * What {@linkcode applyMoves} needs to know of files and links that are to move: size and time of each, which tell later
 * whether somebody changed it, and what relative links have to say from their new places. What is not there is left out.
 *
 * @param wanted Where to, for each; no two to the same place.
 * @param links Links that stay: those that lead to what moves follow it.
 * @example
 * ```ts
 * import { applyMoves, planMoves, undoMoves } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${root}/a.safetensors`, "x");
 * const steps = planMoves([{ from: `${root}/a.safetensors`, to: `${root}/loras/a.safetensors` }]);
 * await applyMoves(root, "example", steps);
 * console.log(Deno.readTextFileSync(`${root}/loras/a.safetensors`)); // x
 * await undoMoves(root);
 * console.log(Deno.readTextFileSync(`${root}/a.safetensors`)); // x
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export function planMoves(wanted: readonly WantedMove[], links: readonly string[] = []): MoveStep[] {
  const places = new Map(
    wanted.map(({ from, to }) => [realPlace(from), join(realFolder(to), to.slice(dirname(to).length))]),
  );
  const placeOf = (path: string) => places.get(realPlace(path)) ?? path;
  const moving = new Set(wanted.map(({ from }) => from));
  const staying = links.filter((path) => !moving.has(path)).map((path) => ({ from: path, to: path }));
  return [...wanted, ...staying].flatMap(({ from, to }) => {
    const stamp = stampOf(from);
    if (stamp === undefined) return [];
    const { text, ...rest } = stamp;
    if (text === undefined) return from === to ? [] : [{ from, to, ...rest }];
    const after = textAt({ from, to }, text, placeOf);
    return from === to && after === text ? [] : [{ from, to, ...rest, link: { before: text, after } }];
  });
}

/** Whether two paths are names of one place, through whatever links to folders. */
export function isSamePlace(one: string, other: string): boolean {
  if (one === other || realPlace(one) === realPlace(other) || isOneEntry(one, other)) return true;
  if (basename(one) !== basename(other)) return false;
  // on a disk that does not tell upper from lower case
  const [these, those] = [one, other].map((path) => statSync(dirname(path), { throwIfNoEntry: false }));
  return these !== undefined && these.ino !== 0 && these.ino === those?.ino && these.dev === those.dev;
}

/** Whether something has that name, also a link to nowhere. */
export function isTaken(path: string): boolean {
  return lookAt(path) !== undefined;
}
