import { existsSync, lstatSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isLocked, lockPart } from "../../transport/internal.ts";
import { DiskError, isCode } from "../../transport/mod.ts";
import { stateFolder } from "./names.ts";
import { ownFile, ownFolder } from "./own_file.ts";

/** Where it is told that files below a folder are moving. */
export function movingPath(root: string): string {
  return join(resolve(root), stateFolder, "moves", "busy");
}

/** `path` and every folder above it. */
function above(path: string): string[] {
  const way: string[] = [];
  for (let at = resolve(path);; at = dirname(at)) {
    way.push(at);
    if (dirname(at) === at) return way;
  }
}

/** What a command hears that would change a folder while files in it move. */
export function movesRunning(root: string, cause?: unknown): DiskError {
  return new DiskError(`moving files in ${JSON.stringify(resolve(root))}: another civikit is doing that`, {
    code: "target_locked",
    reason: "moves_running",
    path: root,
    cause,
  });
}

/** Why nothing may be changed at `place` now: files there, or around it, move; undefined where none do. */
export function movesAround(place: string): DiskError | undefined {
  const root = above(place).find((folder) => isLocked(movingPath(folder)));
  return root === undefined ? undefined : movesRunning(root);
}

function holdState(folder: string): Disposable {
  const state = join(folder, stateFolder);
  const path = join(state, "busy");
  try {
    ownFolder(state);
    // what is in there concerns this machine only
    ownFile(join(state, ".gitignore"), "*\n");
    return lockPart(path, path, { beside: false });
  } catch (error) {
    // where nobody can write, nobody is in the way; whoever has to write will hear of it
    if (isCode(error, "permission_denied")) return { [Symbol.dispose]: () => {} };
    if (!isCode(error, "target_locked")) throw error;
    throw new DiskError(`opening ${JSON.stringify(folder)}: another civikit is changing it`, {
      code: "target_locked",
      path: folder,
      cause: error,
    });
  }
}

/**
 * Lets one process at a time change a folder, and none while files in it or around it move; the lock goes with the
 * process, however it ends.
 *
 * @param root Where its files are, if that is elsewhere.
 * @throws {DiskError} `target_locked` when another one is at it; `invalid_path` when something else lies where the lock
 * belongs.
 */
export function holdFolder(folder: string, root: string = folder): Disposable {
  using held = new DisposableStack();
  held.use(holdState(folder));
  // looked at after that is taken: who moves takes the two in the other order, so that one of both sees the other
  for (const place of new Set([folder, root])) {
    const error = movesAround(place);
    if (error !== undefined) throw error;
  }
  return held.move();
}

const isState = (folder: string) => lstatSync(join(folder, stateFolder), { throwIfNoEntry: false })?.isDirectory();

/**
 * Keeps everybody from changing any of `places`, or a folder around them; the caller says before that files move there.
 *
 * @throws {DiskError} `target_locked` when another process is at one of them.
 */
export function holdAround(places: Iterable<string>): Disposable {
  const around = new Set<string>();
  for (const place of places) {
    for (const folder of above(place)) {
      if (around.has(folder)) break;
      around.add(folder);
    }
  }
  const states = [...around].filter((folder) => existsSync(folder) && isState(folder));
  using held = new DisposableStack();
  // two names of one folder are one
  for (const folder of new Set(states.map((one) => realpathSync(one)))) held.use(holdState(folder));
  return held.move();
}
