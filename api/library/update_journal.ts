import { rmSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "../../transport/internal.ts";
import { isCode } from "../../transport/mod.ts";
import { prettyJson, readJsonObject, writeWhole } from "../disk/json_file.ts";
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

/**
 * The journal of the updates of a folder: `.civikit/updates.json` below it, gone when nothing is under way. One that cannot
 * be read counts as empty: then old files stay.
 *
 * @throws {DiskError} `invalid_path` when something else lies where it belongs; what the disk says.
 */
export function updateJournal(folder: string): UpdateJournal {
  const state = join(folder, stateFolder);
  const path = join(state, "updates.json");

  function list(): Replacement[] {
    hasOwn(state, "folder");
    hasOwn(path, "file");
    try {
      const entries = readJsonObject(path)?.updates;
      return Array.isArray(entries) ? entries.flatMap(readEntry) : [];
    } catch (error) {
      if (isCode(error, "invalid_file")) return [];
      throw error;
    }
  }

  function write(updates: readonly Replacement[]): void {
    if (updates.length === 0) return rmSync(path, { force: true });
    ownFolder(state);
    ownFile(join(state, ".gitignore"), "*\n");
    writeWhole(path, prettyJson({ version: 1, updates }));
  }

  return {
    list,
    put: (one) => write([...list().filter(({ old }) => old !== one.old), one]),
    drop: (gone) => write(list().filter(({ old }) => old !== gone)),
  };
}
