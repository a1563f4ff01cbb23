import { realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { isInside } from "../../transport/internal.ts";
import type { CivikitError } from "../../transport/mod.ts";
import { hashCache } from "../library/hash_cache.ts";
import type { Identity } from "../library/identity.ts";
import { presume, type PresumedFile, type PresumeReport } from "../library/presume.ts";
import type { PresumeLookup } from "../library/find_candidates.ts";
import { type Disproved, type LibraryFile, scan, type ScanOptions } from "../library/scan.ts";
import { walkAll } from "../library/walk.ts";
import type { AdoptedEntry } from "./adopted_entry.ts";
import { type ApartFile, type ApartReason, writeApart } from "./apart.ts";
import { entriesOf } from "./entries_of.ts";
import type { LockedFile } from "./lock.ts";
import type { Wanted } from "./manifest.ts";
import { mergeAdopted } from "./merge_adopted.ts";
import { isInnerPath } from "./names.ts";
import { rememberRoot } from "./named_roots.ts";
import { realFolder } from "./place.ts";
import { holdProject, openProject, type Project, readInstalled, saveProject, writeInstalled } from "./project.ts";
import type { ProjectApi } from "./resolve_wanted.ts";

/** Settings of {@linkcode adopt}. */
export interface AdoptOptions extends Omit<ScanOptions, "extensions"> {
  /** Do not wait for the hashes: what nobody has hashed goes in as presumed. A dry project never hashes. Default false. */
  quick?: boolean | undefined;
}

/** A file that is the project's now. */
export interface AdoptedFile {
  /** Its full path. */
  path: string;
  /** As it is locked. */
  locked: LockedFile;
  /** The manifest's entry. */
  wanted: Wanted;
  /** What it is, or is presumed to be. */
  identity: Identity;
  /** `presumed` while nobody has hashed it. */
  proof: "proved" | "presumed";
}

/** What {@linkcode adopt} did. */
export interface AdoptReport {
  /** Files that are the project's now. */
  adopted: AdoptedFile[];
  /** Files the lock file had before. */
  there: { path: string; locked: LockedFile }[];
  /** Of them, those that were presumed and are proved now. */
  proved: { path: string; locked: LockedFile }[];
  /** Files that were presumed and are something else; they are out of manifest and lock file, or in again as what they are. */
  corrected: { path: string; was: LockedFile }[];
  /** Files that are no part of the project, and why. */
  apart: ApartFile[];
  /** What the hashes disproved. */
  disproved: Disproved[];
  /** Questions that failed. */
  failures: CivikitError[];
}

type Row = LibraryFile | PresumedFile;
type Found = Row & { readonly below: string; readonly isProved: boolean };

/** A folder as it is called below the root, where it is there by another name. */
function belowRoot(folder: string, root: string): string {
  const place = resolve(folder);
  if (isInside(root, place)) return place;
  const base = realFolder(root);
  for (let above = place; above !== dirname(above); above = dirname(above)) {
    const real = realFolder(above);
    if (isInside(base, real)) return join(root, relative(base, real), relative(above, place));
  }
  return place;
}

/** The name in the form every system writes it in, where the disk takes both for one file. */
function nameBelow(path: string, root: string): string {
  const name = relative(root, path).split(sep).join("/");
  const composed = name.normalize("NFC");
  if (composed === name) return name;
  try {
    const [one, other] = [path, join(root, composed)].map((place) => realpathSync.native(place));
    return one === other ? composed : name;
  } catch {
    return name;
  }
}

const isProved = (row: Row): row is LibraryFile => !("isAsked" in row);

const entryIn = (told: AdoptedEntry | string | undefined) => typeof told === "object" ? told : undefined;

/** Why a file without an entry has none. */
function reasonOf(row: Row, isDamaged: boolean): ApartReason {
  if (isDamaged) return "damaged";
  // known, and the question for its version failed
  if (row.identity) return "unasked";
  if (isProved(row)) return row.identity === undefined ? "unasked" : "unknown";
  return row.candidates.length > 0 ? "ambiguous" : row.isAsked ? "unproved" : "unasked";
}

/**
 * Makes existing files a project's: each one the site knows gets an entry in manifest and lock file, at the place where it
 * lies and under its own name. No file is moved, renamed or changed. What manifest and lock file have stays; what cannot
 * become the project's is listed with a reason, and kept in `.civikit/apart.json`.
 *
 * The lock file promises hashes, so every file is hashed first, unless `quick` is set: then those that were not are marked
 * `presumed` until a later `adopt`, `install` or `verify` has read them. May be killed at any moment and run again: hashes
 * stay in the cache, and manifest and lock file are written at the end in one go each.
 *
 * @param project From {@linkcode openProject}; its root is where the folders are, or lie in.
 * @param api Whom to ask.
 * @param folders The folders, or single files. Default: the root.
 * @param options See {@linkcode AdoptOptions}.
 * @throws {DiskError} When a folder cannot be read, another process changes the project, or it cannot be written.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { adopt, civitai, openProject } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${folder}/own.safetensors`, "trained at home");
 * const api = civitai({ fetch: () => Promise.resolve(Response.json([])) });
 * const { adopted, apart } = await adopt(openProject(folder, { root: folder }), api, [folder]);
 * console.log(adopted.length, apart[0]?.reason); // 0 damaged: no .safetensors begins so
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function adopt(
  project: Project,
  api: ProjectApi & PresumeLookup,
  folders: readonly string[] = [],
  { cache, quick = false, ...options }: AdoptOptions = {},
): Promise<AdoptReport> {
  using own = cache === undefined ? hashCache(":memory:") : undefined;
  const settings = { ...options, cache: cache ?? own! };
  const { root } = project;
  const places = (folders.length > 0 ? folders : [root]).map((folder) => belowRoot(folder, root));
  const isQuick = quick || project.isDry;
  const found = isQuick ? await presume(api, places, settings) : await scan(api, places, settings);
  const report: AdoptReport = {
    ...{ adopted: [], there: [], proved: [], corrected: [], apart: [], disproved: found.disproved },
    failures: found.failures,
  };
  const apart = (file: ApartFile) => void report.apart.push(file);
  for (const { path, error, isDangling } of found.skipped) {
    apart({ path, bytes: null, sha256: null, reason: isDangling ? "dangling" : "unreadable", error });
  }
  for (const { path, bytes } of walkAll(places, { extensions: ["part"] }).files) {
    // a file that was named itself is there, whatever it is
    if (path.endsWith(".part")) apart({ path, bytes, sha256: null, reason: "unfinished" });
  }

  const rows: Found[] = [];
  for (const row of [...found.files, ..."presumed" in found ? (found as PresumeReport).presumed : []]) {
    const below = nameBelow(row.path, root);
    const reason = !isInside(root, row.path) ? "outside" : isInnerPath(below) ? undefined : "unsafe_name";
    if (reason === undefined) rows.push({ ...row, below, isProved: isProved(row) });
    else apart({ path: row.path, bytes: row.bytes, sha256: row.sha256, reason });
  }
  rows.sort((a, b) => a.below < b.below ? -1 : 1);
  const entries = await entriesOf(project, api, rows, report.failures, options);

  using _held = holdProject(project);
  takeUp(project);
  const candidates = rows.map((row) => ({
    ...{ name: row.below, bytes: row.bytes, sha256: row.sha256, isProved: row.isProved },
    entry: entryIn(entries.get(row)),
  }));
  const { manifest, lock, states, corrected } = mergeAdopted(project, candidates);
  report.corrected = corrected.map((was) => ({ path: join(root, was.path), was }));
  const damaged = new Map(found.damaged.map(({ path, error }) => [path, error]));
  rows.forEach((row, at) => {
    const [state, { path, bytes, sha256 }] = [states[at]!, row];
    if (state.kind === "adopted") {
      const { locked, wanted } = state;
      const identity = row.identity!;
      report.adopted.push({ path, locked, wanted, identity, proof: locked.presumed === true ? "presumed" : "proved" });
    } else if (state.kind !== "apart") {
      report.there.push({ path, locked: state.locked });
      if (state.kind === "proved") report.proved.push({ path, locked: state.locked });
    } else {
      const told = entries.get(row);
      const reason = state.reason ?? (typeof told === "string" ? told : reasonOf(row, damaged.has(path)));
      const error = damaged.get(path);
      apart({
        ...{ path, bytes, sha256: isProved(row) ? sha256 : null, reason },
        ...(!isProved(row) && row.candidates.length > 0 &&
          { candidates: row.candidates.map(({ versionId }) => versionId) }),
        ...(row.problem !== null && { problem: row.problem }),
        ...(error !== undefined && { error }),
      });
    }
  });
  report.apart.sort((a, b) => a.path < b.path ? -1 : 1);
  Object.assign(project, { manifest, lock });
  keep(project, report);
  return report;
}

/** Somebody may have changed the project while files were hashed. */
function takeUp(project: Project): void {
  const { folder, root, isDry } = project;
  const now = openProject(folder, { root, isDry });
  if (now.hasManifest) project.manifest = now.manifest;
  if (now.hasManifest || now.lock.files.length > 0) project.lock = now.lock;
}

/** Writes everything down: what was proved may give way to a newer version later, as if it had been installed. */
function keep(project: Project, { adopted, proved, apart }: AdoptReport): void {
  saveProject(project);
  writeApart(project, apart);
  if (project.isDry) return;
  const { isRootGiven, namedRoots, folder, root } = project;
  if (isRootGiven && namedRoots !== undefined) rememberRoot(namedRoots, folder, root);
  const installed = readInstalled(project);
  for (const { locked: { path, sha256, modelId, presumed } } of [...adopted, ...proved]) {
    if (sha256 !== null && presumed !== true) installed.set(path, { sha256, modelId: modelId ?? undefined });
  }
  writeInstalled(project, installed);
}
