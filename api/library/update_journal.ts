import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isInside, isRecord, readPlainText, syncHandle, wrapDiskError } from "../../transport/internal.ts";
import { hasOwn, ownFile, ownFolder } from "../project/own_file.ts";
import { stateFolder } from "../project/names.ts";

/** A file that is to take another one's place: written down before the first byte of it comes. */
export interface Replacement {
  /** The file that goes. */
  readonly old: string;
  /** Its SHA-256: a file that was changed since stays. */
  readonly oldSha256: string;
  /** Where the new one is first. */
  readonly fresh: string;
  /** Its SHA-256; null until that is known. */
  readonly freshSha256: string | null;
  /** Where the new one goes once the old one is away; mostly the same. */
  readonly target: string;
  /** What becomes of the old one. */
  readonly how: "replace" | "trash";
  /** Whether what other programs read is to be written beside the new one. */
  readonly sidecars?: boolean | undefined;
}

/** What is under way in a folder. */
export interface UpdateJournal {
  /** What earlier runs began and did not end, and this one. */
  list(): Replacement[];
  /** Writes down the one for its `old`, in place of the last one. */
  put(replacement: Replacement): void;
  /** It is done, or was given up. */
  drop(old: string): void;
}

/** A folder may come from elsewhere, and its journal with it: only what an update of this very folder writes counts. */
function readEntry(value: unknown, folder: string): Replacement[] {
  if (!isRecord(value)) return [];
  const { old, oldSha256, fresh, freshSha256, target, how, sidecars } = value;
  const isText = [old, oldSha256, fresh, target].every((one) => typeof one === "string" && one !== "");
  if (!isText || (how !== "replace" && how !== "trash")) return [];
  const isBeside = target === old && dirname(String(fresh)) === dirname(old as string);
  const isOurs = isInside(folder, String(old)) && (target === fresh || isBeside);
  if (!isOurs) return [];
  const sha256 = typeof freshSha256 === "string" ? freshSha256 : null;
  return [{ old, oldSha256, fresh, target, how, freshSha256: sha256, sidecars: sidecars === true } as Replacement];
}

/** What is under way by the lines of a journal; a last line that a killed process left half says nothing. */
function entriesIn(text: string, folder: string): Map<string, Replacement> {
  const entries = new Map<string, Replacement>();
  for (const line of text.split("\n")) {
    try {
      const value: unknown = JSON.parse(line);
      if (isRecord(value) && typeof value.drop === "string") entries.delete(value.drop);
      for (const one of readEntry(value, folder)) entries.set(one.old, one);
    } catch {
      // half a line, or none of ours
    }
  }
  return entries;
}

/** Where the journal of a folder is. */
export const updatesPath = (folder: string): string => join(folder, stateFolder, "updates.jsonl");

/**
 * The journal of the updates of a folder: `.civikit/updates.jsonl` below it, a line for each step, gone when nothing is
 * under way. Lines that cannot be read count for nothing: then old files stay.
 *
 * @throws {DiskError} `invalid_path` when something else lies where it belongs; what the disk says.
 */
export function updateJournal(folder: string): UpdateJournal {
  const state = join(folder, stateFolder);
  const path = updatesPath(folder);
  hasOwn(state, "folder");
  const entries = hasOwn(path, "file")
    ? entriesIn(readPlainText(path), resolve(folder))
    : new Map<string, Replacement>();

  function append(value: object): void {
    try {
      const file = openSync(path, "a", 0o666);
      try {
        writeFileSync(file, `${JSON.stringify(value)}\n`);
        syncHandle(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw wrapDiskError(error, path, "writing");
    }
  }

  return {
    list: () => [...entries.values()],
    put(one) {
      if (JSON.stringify(entries.get(one.old)) === JSON.stringify(one)) return;
      if (entries.size === 0) {
        ownFolder(state);
        ownFile(join(state, ".gitignore"), "*\n");
        // half a line of a killed run must not spoil the first of this one
        if (hasOwn(path, "file")) rmSync(path, { force: true });
      }
      append(one);
      entries.set(one.old, one);
    },
    drop(old) {
      if (!entries.delete(old)) return;
      if (entries.size === 0) rmSync(path, { force: true });
      else append({ drop: old });
    },
  };
}
