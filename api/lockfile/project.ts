import { join, relative, resolve, sep } from "node:path";
import { mkdirSync, writeFileSync } from "node:fs";
import { DiskError, isCode, wrapDiskError } from "../../transport/mod.ts";
import { isObject, type JsonObject, prettyJson, readJsonObject, writeWhole } from "../json_file.ts";
import { layoutNames } from "../layout/mod.ts";
import { emptyLock, type Lock, lockName, lockText, readLock, writeLock } from "./lock.ts";
import { emptyManifest, type Manifest, manifestName, readManifest, writeManifest } from "./manifest.ts";

/** What an install put somewhere: path below the root to SHA-256. */
export type Installed = Map<string, string>;

/** A folder with a manifest and a lock file. */
export interface Project {
  /** The folder. */
  readonly folder: string;
  /** Where models go: a full path. */
  readonly root: string;
  /** What is wanted; change it and call `saveManifest`. */
  manifest: Manifest;
  /** What is locked; change it and call `saveLock`. */
  lock: Lock;
  /** Whether there is a manifest on the disk. */
  readonly hasManifest: boolean;
}

/** Settings of {@linkcode openProject}. */
export interface ProjectOptions {
  /** Where models go, in place of the manifest's `root`; a new manifest names it. */
  root?: string | undefined;
  /** The layout of a new manifest. Default `flat`. */
  layout?: string | undefined;
}

/**
 * Reads the manifest and the lock file of a folder; both may be missing. Nothing is written.
 *
 * @param folder The folder.
 * @param options See {@linkcode ProjectOptions}.
 * @throws {InputError} `invalid_file` when one of them cannot be meant.
 * @throws {CivikitError} `newer_format` when a newer civikit wrote one of them.
 * @throws {DiskError} When one of them cannot be read.
 * @example
 * ```ts
 * import { openProject } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${folder}/civikit.models.json`, `{ "version": 1, "models": ["civitai:1001@2002"] }`);
 * console.log(openProject(folder).manifest.models[0]?.air); // civitai:1001@2002
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function openProject(folder: string, { root, layout }: ProjectOptions = {}): Project {
  const base = resolve(folder), manifest = readManifest(join(base, manifestName));
  const used = manifest ?? newManifest(base, { root, layout });
  return {
    folder: base,
    root: root === undefined ? resolve(base, used.root) : resolve(root),
    manifest: used,
    lock: readLock(join(base, lockName)) ?? emptyLock(),
    hasManifest: manifest !== undefined,
  };
}

/** The layout of a program begins in the program's own folder; everything else gets a folder of its own. */
function newManifest(folder: string, { root, layout: name = "flat" }: ProjectOptions): Manifest {
  const isProgram = name !== "flat" && layoutNames.some((one) => one === name);
  const place = root === undefined ? (isProgram ? "." : "models") : relative(folder, resolve(root)) || ".";
  return { ...emptyManifest(), layout: name, root: place.split(sep).join("/") };
}

/** Writes the project's manifest. */
export function saveManifest({ folder, manifest }: Project): void {
  writeManifest(join(folder, manifestName), manifest);
}

/** Writes the project's lock file, unless it says the same already. */
export function saveLock({ folder, lock }: Project): void {
  const path = join(folder, lockName), before = readLock(path);
  if (before === undefined || lockText(before) !== lockText(lock)) writeLock(path, lock);
}

const stateFolder = ".civikit";

function statePath(folder: string, name: string): string {
  return join(folder, stateFolder, name);
}

function readRoots({ folder }: Project): JsonObject {
  try {
    const { roots } = readJsonObject(statePath(folder, "installed.json")) ?? {};
    return isObject(roots) ? roots : {};
  } catch (error) {
    if (isCode(error, "invalid_file")) return {};
    throw error;
  }
}

/** What earlier installs put below this root; a record that cannot be read counts as none: then nothing is taken away. */
export function readInstalled(project: Project): Installed {
  const files = readRoots(project)[project.root];
  const entries = Object.entries(isObject(files) ? files : {});
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** Writes down what installs put below this root, unless that is known already. */
export function writeInstalled(project: Project, installed: Installed): void {
  const files = Object.fromEntries([...installed].sort(([a], [b]) => a < b ? -1 : 1)), roots = readRoots(project);
  if (JSON.stringify(roots[project.root] ?? {}) === JSON.stringify(files)) return;
  const text = prettyJson({ version: 1, roots: { ...roots, [project.root]: files } });
  writeWhole(statePath(project.folder, "installed.json"), text);
}

/**
 * Lets one process at a time change the project; the lock goes with the process, however it ends.
 *
 * @throws {DiskError} `target_locked` when another one is at it.
 */
export function holdProject({ folder }: Project): Disposable {
  const path = statePath(folder, "busy");
  let file: Deno.FsFile;
  try {
    mkdirSync(join(folder, stateFolder), { recursive: true });
    // what is in there concerns this machine only
    writeFileSync(statePath(folder, ".gitignore"), "*\n");
    file = Deno.openSync(path, { write: true, create: true });
  } catch (error) {
    const wrapped = wrapDiskError(error, path, "opening");
    // where nobody can write, nobody is in the way; whoever has to write will hear of it
    if (wrapped.code === "permission_denied") return { [Symbol.dispose]: () => {} };
    throw wrapped;
  }
  let isFree = false;
  try {
    isFree = file.tryLockSync(true);
  } catch {
    // some file systems know no locks; each file has one of its own all the same
    isFree = true;
  }
  if (!isFree) {
    file.close();
    throw new DiskError(`opening ${JSON.stringify(folder)}: another civikit is changing it`, {
      code: "target_locked",
      path: folder,
    });
  }
  return { [Symbol.dispose]: () => file.close() };
}
