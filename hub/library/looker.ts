import { statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { type FileStamp, type HashCache, modelExtensions, type Presumption } from "../../api/mod.ts";
import { walkInSteps } from "../../api/library/walk.ts";
import { messageOf } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import { breather } from "./breather.ts";
import type { LibraryRows } from "./library_rows.ts";
import { type LibraryRow, rowId } from "./library_row.ts";

/** A file with its path below the folder that was looked through. */
export type NamedFile = FileStamp & { readonly name: string };

/** Looks which files are there, and knows of each what earlier runs found out. */
export interface Looker {
  /** Looks through all folders. @returns What could not be looked at, in words; null: nothing. */
  all(signal: AbortSignal): Promise<string | null>;
  /** Looks at one file. @returns It and its row; undefined when it does not count, or is gone. */
  one(path: string): { readonly file: NamedFile; readonly row: LibraryRow } | undefined;
  /** A row from what earlier runs found out. */
  remembered(file: NamedFile): LibraryRow;
}

const isModel = (path: string) => modelExtensions.includes(extname(path).slice(1).toLowerCase());
const nameIn = (folder: string, path: string) => relative(folder, path).split(sep).join("/");

/** Looks into the folders of a library; what is there goes into its rows. */
export function looker(rows: LibraryRows, folders: () => readonly string[], hashes: HashCache): Looker {
  function remembered(file: NamedFile): LibraryRow {
    const { path, name, bytes, mtimeMs } = file;
    const record = hashes.find(file);
    const presumed = hashes.presumed(file)?.presumption;
    if (record === undefined && presumed !== undefined) return presumedRow(file, presumed);
    const asked = record && hashes.asked(record.sha256);
    const identity = asked?.identity ?? null;
    const isOther = record && presumed?.sha256 && presumed.sha256 !== record.sha256 && asked !== undefined;
    const disproved = isOther && presumed.identity !== null
      ? `it was presumed to be ${presumed.identity.modelName} ${presumed.identity.versionName}, and its SHA-256 is not`
      : null;
    return {
      ...{ id: rowId(path), path, name, bytes, mtimeMs, identity },
      state: record === undefined ? "unhashed" : asked === undefined ? "unasked" : identity ? "known" : "unknown",
      sha256: record?.sha256 ?? null,
      provedMs: record?.provedMs ?? null,
      // a file the site knows is as it was published
      problem: identity === null ? record?.problem ?? disproved : null,
    };
  }

  function presumedRow({ path, name, bytes, mtimeMs }: NamedFile, { identity, candidates }: Presumption): LibraryRow {
    return {
      ...{ id: rowId(path), path, name, bytes, mtimeMs, identity, sha256: null, provedMs: null, problem: null },
      state: identity !== null ? "presumed" : candidates.length > 0 ? "ambiguous" : "unhashed",
    };
  }

  /** A folder that is not there is empty; one that cannot be read is told of. */
  async function through(folder: string, rest: () => Promise<void> | undefined): Promise<string | null> {
    try {
      const steps = walkInSteps(folder);
      for (;;) {
        const { done, value } = steps.next();
        if (done) return value[0] === undefined ? null : messageOf(value[0].error);
        if (value !== undefined) rows.put(remembered(value));
        await rest();
      }
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      return error.code === "folder_missing" ? null : messageOf(error);
    }
  }

  return {
    remembered,
    async all(signal) {
      const rest = breather(signal);
      let trouble: string | null = null;
      rows.begin();
      for (const folder of folders()) trouble = await through(folder, rest) ?? trouble;
      rows.sweep();
      return trouble;
    },
    one(path) {
      try {
        const { size: bytes, mtimeMs } = statSync(path);
        const folder = folders().find((one) => path.startsWith(join(one, sep)));
        if (folder === undefined || !isModel(path)) return undefined;
        const file = { path, name: nameIn(folder, path), bytes, mtimeMs: Math.trunc(mtimeMs) };
        const row = remembered(file);
        rows.put(row);
        return { file, row };
      } catch {
        rows.remove(rowId(path)); // gone again
        return undefined;
      }
    },
  };
}
