import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord, readPlainText, syncHandle, wrapDiskError } from "../../transport/internal.ts";
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

function readEntry(value: unknown): Replacement[] {
  if (!isRecord(value)) return [];
  const { old, oldSha256, fresh, freshSha256, target, how } = value;
  const isText = [old, oldSha256, fresh, target].every((one) => typeof one === "string" && one !== "");
  if (!isText || (how !== "replace" && how !== "trash")) return [];
  const sha256 = typeof freshSha256 === "string" ? freshSha256 : null;
  return [{ old, oldSha256, fresh, target, how, freshSha256: sha256 } as Replacement];
}

/** What is under way by the lines of a journal; a last line that a killed process left half says nothing. */
function entriesIn(text: string): Map<string, Replacement> {
  const entries = new Map<string, Replacement>();
  for (const line of text.split("\n")) {
    try {
      const value: unknown = JSON.parse(line);
      if (isRecord(value) && typeof value.drop === "string") entries.delete(value.drop);
      for (const one of readEntry(value)) entries.set(one.old, one);
    } catch {
      // half a line, or none of ours
    }
  }
  return entries;
}

/**
 * The journal of the updates of a folder: `.civikit/updates.jsonl` below it, a line for each step, gone when nothing is
 * under way. Lines that cannot be read count for nothing: then old files stay.
 *
 * @throws {DiskError} `invalid_path` when something else lies where it belongs; what the disk says.
 */
export function updateJournal(folder: string): UpdateJournal {
  const state = join(folder, stateFolder);
  const path = join(state, "updates.jsonl");
  hasOwn(state, "folder");
  const entries = hasOwn(path, "file") ? entriesIn(readPlainText(path)) : new Map<string, Replacement>();

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
