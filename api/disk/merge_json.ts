import { closeSync, fstatSync, lstatSync, readSync, rmSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import {
  ensureFolder,
  isRecord,
  lockPart,
  openPlain,
  type PartLock,
  renameDurably,
  sleep,
  systemClock,
  wrapDiskError,
} from "../../transport/internal.ts";
import { DiskError, isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { parseForWriting } from "../client/exact_json.ts";
import { type JsonObject, prettyJson, unreadable } from "./json_file.ts";

/** How long another program is given to finish what it writes, in milliseconds. */
const patienceMs = 1000;
const pauseMs = 10;
/** How long it is tried again where others are always quicker; what is theirs is never given up. */
const longestMs = 20_000;

/** A JSON file as it was read, and the open file it was read from: whoever writes into that later is noticed. */
interface Read {
  readonly text: string;
  readonly value: JsonObject;
  readonly file: number;
  readonly stats: Stats;
}

function textOf(file: number): string {
  const parts: Uint8Array[] = [];
  for (let at = 0;;) {
    const bytes = new Uint8Array(64 * 1024);
    const count = readSync(file, bytes, 0, bytes.length, at);
    if (count === 0) return new TextDecoder().decode(concat(parts));
    parts.push(bytes.subarray(0, count));
    at += count;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The object in a text. @throws {InputError} When it holds something else. */
function objectIn(text: string, path: string): JsonObject {
  let value: unknown;
  try {
    value = parseForWriting(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw unreadable(path, `not valid JSON: ${(cause as Error).message}`, cause);
  }
  if (isRecord(value)) return value;
  throw unreadable(path, "not a JSON object");
}

/** Reads it; what is half written is read again until it is whole, or nobody goes on with it. */
async function read(path: string, signal: AbortSignal | undefined): Promise<Read | undefined> {
  for (const untilMs = performance.now() + patienceMs;;) {
    let file: number;
    try {
      file = openPlain(path);
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw wrapDiskError(error, path, "reading");
    }
    try {
      const text = textOf(file);
      return { text, value: objectIn(text, path), file, stats: fstatSync(file) };
    } catch (error) {
      // nobody is at a file that has been so for a while
      const isQuiet = Date.now() - fstatSync(file).mtimeMs > patienceMs;
      closeSync(file);
      if (isQuiet || !isCode(error, "invalid_file") || performance.now() > untilMs) throw error;
      await sleep(systemClock, pauseMs, signal);
    }
  }
}

/** Takes the temporary file of a target; it is one process's at a time, and a dead one's is taken over. */
async function hold(path: string, signal: AbortSignal | undefined): Promise<PartLock> {
  for (const untilMs = performance.now() + 5 * patienceMs;;) {
    try {
      return lockPart(`${path}.tmp`, path, { beside: false });
    } catch (error) {
      if (!isCode(error, "target_locked") || performance.now() > untilMs) throw error;
      await sleep(systemClock, pauseMs, signal);
    }
  }
}

const isAsRead = (found: Stats | undefined, known: Read | undefined): boolean =>
  known === undefined
    ? found === undefined
    : found !== undefined && found.ino === known.stats.ino && found.dev === known.stats.dev &&
      found.size === known.stats.size && found.mtimeMs === known.stats.mtimeMs;

/** What somebody changed: of each key what it was and what it is, as JSON; undefined where it was not there. */
type Changes = Map<string, { readonly was: string | undefined; readonly value: unknown }>;

function changesOf(before: JsonObject, after: JsonObject): Changes {
  const was = (key: string) => JSON.stringify(before[key]);
  const changed = Object.entries(after).filter(([key, value]) => was(key) !== JSON.stringify(value));
  return new Map(changed.map(([key, value]) => [key, { was: was(key), value }]));
}

/** An object with changes that were made to an earlier one; what was changed again since stays. */
function withChanges(object: JsonObject, changes: Changes): JsonObject {
  const missing = [...changes].filter(([key, { was }]) => JSON.stringify(object[key]) === was);
  return missing.length === 0
    ? object
    : { ...object, ...Object.fromEntries(missing.map(([key, { value }]) => [key, value])) };
}

/** What somebody wrote into the old file while the new one took its name; undefined when nobody did. */
async function writtenSince({ file, text, value, stats }: Read, path: string): Promise<Changes | undefined> {
  for (const untilMs = performance.now() + patienceMs;;) {
    const { size, mtimeMs } = fstatSync(file);
    const now = size === stats.size && mtimeMs === stats.mtimeMs ? text : textOf(file);
    if (now === text) return undefined;
    try {
      return changesOf(value, objectIn(now, path));
    } catch {
      // it is being written; what is never finished is nobody's
      if (performance.now() > untilMs) return undefined;
      await sleep(systemClock, pauseMs);
    }
  }
}

/**
 * Changes a JSON object that other programs change, too: readers find the old one or the new one, whole; what another
 * program writes meanwhile is merged with, not written over, whether it writes into the file or puts another in its place.
 * What is half written is waited for.
 *
 * @param path The file.
 * @param merge Makes the new object of the one that is there (undefined: none); undefined or an equal one changes nothing.
 * May be called again, when somebody was quicker.
 * @returns Whether the file was written.
 * @throws {InputError} `invalid_file` when something else is there; it stays as it is.
 * @throws {DiskError} `target_locked` when others are at it all the time; what the disk says.
 */
export async function mergeJson(
  path: string,
  merge: (existing: JsonObject | undefined) => JsonObject | undefined,
  { signal }: CallOptions = {},
): Promise<boolean> {
  let isWritten = false;
  // what somebody wrote into a file while its name went to the next one
  const late: Changes = new Map();
  for (const untilMs = performance.now() + longestMs; late.size > 0 || performance.now() < untilMs;) {
    const found = await read(path, signal);
    try {
      const existing = late.size === 0 ? found?.value : withChanges(found?.value ?? {}, late);
      const next = merge(existing);
      const isSame = next === undefined || existing !== undefined && JSON.stringify(next) === JSON.stringify(existing);
      if (isSame && existing === found?.value) return isWritten;
      ensureFolder(dirname(path));
      const lock = await hold(path, signal);
      try {
        lock.file.truncateSync(0);
        lock.file.seekSync(0, Deno.SeekMode.Start);
        write(lock.file, prettyJson(next ?? existing));
        lock.file.syncSync();
        if (!isAsRead(lstatSync(path, { throwIfNoEntry: false }), found)) {
          rmSync(lock.path, { force: true });
          continue;
        }
        renameDurably(lock.path, path, { replace: found !== undefined });
      } catch (error) {
        rmSync(lock.path, { force: true });
        if (isCode(error, "target_exists")) continue;
        throw wrapDiskError(error, path, "writing");
      } finally {
        lock.release();
      }
      isWritten = true;
      for (const [key, change] of found && await writtenSince(found, path) || []) late.set(key, change);
      if (late.size === 0) return true;
      // whoever wrote may just be writing again what they read before: looked at once more
      await sleep(systemClock, 2 * pauseMs, signal);
    } finally {
      if (found !== undefined) closeSync(found.file);
    }
  }
  throw new DiskError(`writing ${JSON.stringify(path)}: other programs change it all the time`, {
    code: "target_locked",
    path,
  });
}

function write(file: Deno.FsFile, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
