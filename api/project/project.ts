import { join, relative, resolve, sep } from "node:path";
import { isRecord } from "../../transport/internal.ts";
import { isCode } from "../../transport/mod.ts";
import { type JsonObject, prettyJson, readJsonObject, writeWhole } from "../disk/json_file.ts";
import { layoutNames } from "../layout/layout.ts";
import { holdFolder } from "./hold_folder.ts";
import { emptyLock, type Lock, lockText, readLock } from "./lock.ts";
import { emptyManifest, type Manifest, manifestText, readManifest } from "./manifest.ts";
import { lockName, manifestName, stateFolder } from "./names.ts";
import { wasNamed } from "./named_roots.ts";
import { hasOwn } from "./own_file.ts";

/** A file that an install put somewhere. */
export interface InstalledFile {
  /** Its SHA-256. */
  readonly sha256: string;
  /** Its model; undefined in records of earlier releases. */
  readonly modelId: number | undefined;
}

/** What installs put below a root, by path. */
export type Installed = Map<string, InstalledFile>;

/** A folder with a manifest and a lock file. */
export interface Project {
  /** The folder. */
  readonly folder: string;
  /** Where models go: a full path. */
  readonly root: string;
  /** Whether the caller named the root, now or before: a manifest alone leads nowhere outside of the project's folder. */
  readonly isRootGiven: boolean;
  /** Where named roots are kept. */
  readonly namedRoots: string | undefined;
  /** What is wanted. */
  manifest: Manifest;
  /** What is locked. */
  lock: Lock;
  /** Whether there is a manifest on the disk. */
  readonly hasManifest: boolean;
  /** Whether nothing is written: changes are made in memory, so that whoever asks sees what would become of it. */
  readonly isDry: boolean;
}

/** Settings of {@linkcode openProject}. */
export interface ProjectOptions {
  /** Where models go, in place of the manifest's `root`; a new manifest names it. */
  root?: string | undefined;
  /** The layout of a new manifest. Default `flat`. */
  layout?: string | undefined;
  /**
   * A file of this user's, outside of any project, in which {@linkcode install} keeps the roots that were named: a root
   * that only the manifest names then needs to be named once. Default: none.
   */
  namedRoots?: string | undefined;
  /** Write nothing and fetch nothing: changes are made in memory alone. Default false. */
  isDry?: boolean | undefined;
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
export function openProject(
  folder: string,
  { root: given, layout, namedRoots, isDry = false }: ProjectOptions = {},
): Project {
  const base = resolve(folder);
  const manifest = readManifest(join(base, manifestName));
  const used = manifest ?? newManifest(base, { root: given, layout });
  const root = given === undefined ? resolve(base, used.root) : resolve(given);
  return {
    folder: base,
    root,
    isRootGiven: given !== undefined || (namedRoots !== undefined && wasNamed(namedRoots, base, root)),
    namedRoots,
    manifest: used,
    lock: readLock(join(base, lockName)) ?? emptyLock(),
    hasManifest: manifest !== undefined,
    isDry,
  };
}

/** The layout of a program begins in the program's own folder; everything else gets a folder of its own. */
function newManifest(folder: string, { root, layout: name = "flat" }: ProjectOptions): Manifest {
  const isProgram = name !== "flat" && layoutNames.some((one) => one === name);
  const place = root === undefined ? (isProgram ? "." : "models") : relative(folder, resolve(root)) || ".";
  return { ...emptyManifest(), layout: name, root: place.split(sep).join("/") };
}

/**
 * Writes the manifest and the lock file, as far as they say something new.
 *
 * @throws {InputError} When one of them could not be read back; then neither is written.
 * @throws {DiskError} `invalid_path` when one of them is a link; and what the disk says.
 */
export function saveProject({ folder, manifest, lock, isDry }: Project): void {
  const manifestPath = join(folder, manifestName);
  const lockPath = join(folder, lockName);
  const oldManifest = readManifest(manifestPath);
  const oldLock = readLock(lockPath);
  const files = [{ path: lockPath, text: lockText(lockPath, lock), old: oldLock && lockText(lockPath, oldLock) }];
  if (oldManifest !== undefined || manifest.models.length > 0) {
    const old = oldManifest && manifestText(manifestPath, oldManifest);
    files.unshift({ path: manifestPath, text: manifestText(manifestPath, manifest), old });
  }
  const changed = isDry ? [] : files.filter(({ text, old }) => text !== old);
  for (const { path } of changed) hasOwn(path, "file");
  for (const { path, text } of changed) writeWhole(path, text);
}

/** Where it is written down what installs put where. */
function recordPath(folder: string): string {
  const path = join(folder, stateFolder, "installed.json");
  hasOwn(join(folder, stateFolder), "folder");
  hasOwn(path, "file");
  return path;
}

function readRoots({ folder }: Project): JsonObject {
  try {
    const { roots } = readJsonObject(recordPath(folder)) ?? {};
    return isRecord(roots) ? roots : {};
  } catch (error) {
    if (isCode(error, "invalid_file")) return {};
    throw error;
  }
}

/** What earlier installs put below this root; a record that cannot be read counts as none: then nothing is taken away. */
export function readInstalled(project: Project): Installed {
  const files = readRoots(project)[project.root];
  const installed: Installed = new Map();
  for (const [path, record] of Object.entries(isRecord(files) ? files : {})) {
    const { sha256, modelId } = isRecord(record) ? record : { sha256: record, modelId: undefined };
    if (typeof sha256 !== "string") continue;
    installed.set(path, { sha256, modelId: typeof modelId === "number" ? modelId : undefined });
  }
  return installed;
}

/** Writes down what installs put below this root, unless that is known already. */
export function writeInstalled(project: Project, installed: Installed): void {
  const files = Object.fromEntries([...installed].sort(([a], [b]) => a < b ? -1 : 1));
  const roots = readRoots(project);
  if (project.isDry || JSON.stringify(roots[project.root] ?? {}) === JSON.stringify(files)) return;
  const text = prettyJson({ version: 1, roots: { ...roots, [project.root]: files } });
  writeWhole(recordPath(project.folder), text);
}

/** Forgets that installs put files there which are not locked: they stay, and are whoever's they are. The others. */
export function disownUnlocked(project: Project): Installed {
  const locked = new Set(project.lock.files.map(({ path }) => path));
  const installed = new Map([...readInstalled(project)].filter(([path]) => locked.has(path)));
  writeInstalled(project, installed);
  return installed;
}

/**
 * Lets one process at a time change the project; the lock goes with the process, however it ends.
 *
 * @throws {DiskError} `target_locked` when another one is at it, or moves its files; `invalid_path` when something else
 * lies where the lock belongs.
 */
export function holdProject({ folder, root, isDry }: Project): Disposable {
  return isDry ? { [Symbol.dispose]: () => {} } : holdFolder(folder, root);
}
