import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { errnoOf, isUnsupported } from "./errno.ts";
import { DiskError } from "../errors/errors.ts";

const noFollow = constants.O_NOFOLLOW ?? 0;
const noWait = constants.O_NONBLOCK ?? 0;

/** Whether two looks at the disk saw one plain file. */
export function isSameFile(
  one: { dev: number; ino: number | null },
  other: Pick<Stats, "dev" | "ino" | "isFile"> | undefined,
): boolean {
  return other !== undefined && other.isFile() && one.dev === other.dev && one.ino === other.ino;
}

/**
 * Whether the empty file at `path` only keeps the name for the unfinished one beside it: its process died, where there
 * are no links, between the two steps in which it gives a file its name.
 */
export function isAbandonedClaim(path: string, partPath: string = `${path}.part`): boolean {
  const [claim, part] = [path, partPath].map((name) => lstatSync(name, { throwIfNoEntry: false }));
  return claim?.isFile() === true && claim.size === 0 && part?.isFile() === true && part.size > 0;
}

function refuse(path: string, kind: string): never {
  throw new DiskError(`opening ${JSON.stringify(path)}: is ${kind}`, { code: "invalid_path", path });
}

/** Refuses what a look found at `path` unless it is a plain file. */
export function refuseStrange(found: Stats | undefined, path: string): void {
  if (found === undefined || found.isFile()) return;
  refuse(path, found.isSymbolicLink() ? "a link" : found.isDirectory() ? "a folder" : "not a file");
}

/**
 * Refuses what must not be opened under a name that was computed: opening a pipe waits for ever for its other end, and
 * opening a device may do anything. Nothing there is fine; links are followed.
 *
 * @throws {DiskError} `invalid_path` when something is there that is no plain file.
 */
export function checkPlain(path: string): void {
  refuseStrange(statSync(path, { throwIfNoEntry: false }), path);
}

/** Settings of {@linkcode openPlain}. */
export interface OpenPlainOptions {
  /** Whether a link leads to the file; else it is refused. Default true. */
  follow?: boolean;
}

/**
 * Opens a plain file for reading, and never waits for it.
 *
 * @returns A handle of `node:fs`; whoever asked closes it.
 * @throws {DiskError} `invalid_path` when something else is there; what the system says is thrown as it is.
 */
export function openPlain(path: string, { follow = true }: OpenPlainOptions = {}): number {
  refuseStrange((follow ? statSync : lstatSync)(path, { throwIfNoEntry: false }), path);
  const file = openSync(path, constants.O_RDONLY | noWait | (follow ? 0 : noFollow));
  try {
    refuseStrange(fstatSync(file), path);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** The text of a plain file. @throws As {@linkcode openPlain} does. */
export function readPlainText(path: string): string {
  const file = openPlain(path);
  try {
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/**
 * Makes a new file and opens it for writing. What a killed process, or anybody, left under that name goes away; it is
 * neither opened nor followed.
 *
 * @throws {DiskError} `invalid_path` when a folder has that name; what the system says is thrown as it is.
 */
export function openFresh(path: string, mode = 0o666): number {
  try {
    return openSync(path, "wx", mode);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) refuse(path, "a folder");
  rmSync(path, { force: true });
  return openSync(path, "wx", mode);
}

/** Removes a file that mostly is not there: asking first costs less than a failure. */
export function removeIfThere(path: string): void {
  if (existsSync(path)) rmSync(path, { force: true });
}

/** Brings a file's bytes to the disk, where the file system has such a thing. */
export function syncHandle(file: number): void {
  try {
    fsyncSync(file);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
}
