import { join } from "node:path";
import { isRecord } from "../../transport/internal.ts";
import { type CivikitError, isCode } from "../../transport/mod.ts";
import { prettyJson, readJsonObject, writeWhole } from "../disk/json_file.ts";
import { stateFolder } from "./names.ts";
import { hasOwn } from "./own_file.ts";
import type { Project } from "./project.ts";

/**
 * Why a file is no part of a project. `unknown`: the site has no such file. `unasked`: the site could not be asked.
 * `unproved`: nobody has hashed it, and nothing fits what can be told at once. `ambiguous`: several files fit, and only the
 * whole hash tells which. `gone`: it was known, and the site has it no more. `damaged`: it cannot be whole. `unreadable`.
 * `dangling`: a link to a file that is not there. `unfinished`: a download that has not ended. `unsafe_name`: not every system can hold its name. `same_name`: another
 * file's name differs in upper case alone. `outside`: not below the root. `taken`: the lock file has another file there.
 * `no_model`: the site does not say whose it is.
 */
export type ApartReason =
  | "unknown"
  | "unasked"
  | "unproved"
  | "ambiguous"
  | "gone"
  | "damaged"
  | "unreadable"
  | "dangling"
  | "unfinished"
  | "unsafe_name"
  | "same_name"
  | "outside"
  | "taken"
  | "no_model";

/** A file that is there and no part of the project. */
export interface ApartFile {
  /** Its full path. */
  path: string;
  /** Its size; null when it could not be looked at. */
  bytes: number | null;
  /** Its SHA-256; null when nobody has computed it. */
  sha256: string | null;
  /** Why. */
  reason: ApartReason;
  /** The versions it may be, by id; of `ambiguous`. */
  candidates?: number[] | undefined;
  /** What is wrong with it, in words. */
  problem?: string | undefined;
  /** The failure, where there was one. */
  error?: CivikitError | undefined;
}

const place = ({ folder }: Pick<Project, "folder">) => join(folder, stateFolder, "apart.json");

/** Writes down what was left apart, so that it is not lost from view; where nobody can write, it is not kept. */
export function writeApart(project: Project, files: readonly ApartFile[]): void {
  if (project.isDry) return;
  const path = place(project);
  hasOwn(path, "file");
  const kept = files.map(({ error: _, ...file }) => file);
  try {
    writeWhole(path, prettyJson({ version: 1, root: project.root, files: kept }));
  } catch (error) {
    if (!isCode(error, "permission_denied")) throw error;
  }
}

/** What the last {@linkcode adopt} left apart below the project's root; nothing where there was none. */
export function readApart(project: Pick<Project, "folder" | "root">): ApartFile[] {
  try {
    const { root, files } = readJsonObject(place(project)) ?? {};
    if (root !== project.root || !Array.isArray(files)) return [];
    return files.filter((one) => isRecord(one) && typeof one.path === "string") as unknown as ApartFile[];
  } catch (error) {
    if (isCode(error, "invalid_file")) return [];
    throw error;
  }
}
