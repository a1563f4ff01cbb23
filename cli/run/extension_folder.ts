import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { extensionFiles, type ExtensionName } from "../../extensions/mod.ts";
import { isRecord, wrapDiskError } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import { writePrivate } from "../settings/private_file.ts";
import { printable } from "../terminal/text.ts";

/** What an extension's own folder remembers of its files. */
const manifestName = ".civikit.json";
/** Where the bridge finds the service, for its owner alone. */
const settingsName = "civikit.json";

/** Where each program looks for extensions, below its own folder. */
const places: Readonly<Record<ExtensionName, string>> = { forge: "extensions", comfyui: "custom_nodes" };

/** How the files of an extension stand. */
export type ExtensionState = "current" | "outdated" | "edited" | "absent";

/** An extension in a program's folder. */
export interface InstalledExtension {
  /** Its own folder. */
  readonly folder: string;
  /** How it stands. */
  readonly state: ExtensionState;
  /** Files that are not as they were put there. */
  readonly edited: readonly string[];
}

/** What the bridge is told; undefined is left as it was. */
export interface BridgeSettings {
  /** Where `civikit serve` is. */
  readonly url: string | undefined;
  /** What opens it. */
  readonly token: string;
  /** What browsers elsewhere have to know; they are refused until there is something. */
  readonly pair: string | undefined;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw wrapDiskError(error, path, "reading");
  }
}

/** What a file says, where it is a JSON object. */
function recordAt(path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(textAt(path) ?? "null");
    return isRecord(value) ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** The digests of the files as they were put there; undefined where nobody put any. */
function manifestOf(folder: string): Readonly<Record<string, string>> | undefined {
  const { files } = recordAt(join(folder, manifestName));
  return isRecord(files) ? files as Record<string, string> : undefined;
}

/**
 * The extension's folder in the program at `dir`, which may also be the folder of its extensions.
 *
 * @throws {InputError} `invalid_argument` when it is no such program.
 */
export function extensionFolder(name: ExtensionName, dir: string): string {
  const place = places[name];
  const whole = resolve(dir);
  const folder = basename(whole) === place ? whole : join(whole, place);
  if (existsSync(folder)) return join(folder, "civikit");
  throw new InputError(`installing into "${printable(whole)}": there is no folder "${place}" in it`, {
    ...{ code: "invalid_argument", input: dir },
  });
}

/** How the extension in this folder stands. */
export function extensionIn(name: ExtensionName, folder: string): InstalledExtension {
  const known = manifestOf(folder);
  if (known === undefined) return { folder, state: "absent", edited: [] };
  const edited = Object.entries(known).filter(([path, was]) => {
    const text = textAt(join(folder, path));
    return text !== undefined && digest(text) !== was;
  }).map(([path]) => path);
  const isCurrent = Object.entries(extensionFiles[name]).every(([path, text]) => textAt(join(folder, path)) === text);
  return { folder, state: edited.length > 0 ? "edited" : isCurrent ? "current" : "outdated", edited };
}

function defined(settings: BridgeSettings): Partial<BridgeSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function refusal(folder: string, state: string): InputError {
  return new InputError(`installing into "${printable(folder)}": ${state}`, {
    ...{ code: "invalid_argument", input: folder },
  });
}

/**
 * Puts the extension into its folder: what is there of an earlier version is replaced, what somebody edited is not.
 *
 * @param isForced Whether edited files are replaced, too.
 * @throws {InputError} `invalid_argument` when the folder is somebody else's, or files in it were edited.
 * @throws {DiskError} When the disk refuses.
 */
export function installExtension(
  name: ExtensionName,
  folder: string,
  settings: BridgeSettings,
  isForced: boolean,
): "installed" | "updated" {
  const { state, edited } = extensionIn(name, folder);
  if (state === "absent" && existsSync(folder) && readdirSync(folder).length > 0) {
    throw refusal(folder, "the folder is there and not of civikit's making");
  }
  if (edited.length > 0 && !isForced) {
    throw refusal(folder, `${edited.map(printable).join(", ")} was edited since; --force replaces it`);
  }
  const files = extensionFiles[name];
  const gone = Object.keys(manifestOf(folder) ?? {}).filter((path) => !(path in files));
  try {
    for (const path of gone) rmSync(join(folder, path), { force: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writePrivate(join(folder, path), text, { mode: 0o644 });
    }
  } catch (error) {
    throw wrapDiskError(error, folder, "writing");
  }
  const digests = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, digest(text)]));
  writePrivate(join(folder, manifestName), `${JSON.stringify({ name, files: digests }, null, 2)}\n`, { mode: 0o644 });
  const { url, pair } = { ...recordAt(join(folder, settingsName)), ...defined(settings) };
  const kept = { url: url ?? null, token: settings.token, pair: pair ?? null };
  writePrivate(join(folder, settingsName), `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  return state === "absent" ? "installed" : "updated";
}

/** The compiled twins Python makes of our files, and the folders they lie in. */
function compiled(folder: string, path: string): string[] {
  const cache = join(folder, dirname(path), "__pycache__");
  if (!path.endsWith(".py") || !existsSync(cache)) return [];
  const stem = `${basename(path, ".py")}.`;
  return readdirSync(cache).filter((name) => name.startsWith(stem) && name.endsWith(".pyc")).map((name) =>
    join(cache, name)
  );
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // somebody else's files are in it
  }
}

/**
 * Takes the extension away again: only files that are as they were put there, and folders that are empty then.
 *
 * @returns What was left, because somebody edited or added it.
 * @throws {InputError} `invalid_argument` when there is none.
 * @throws {DiskError} When the disk refuses.
 */
export function uninstallExtension(name: ExtensionName, folder: string): string[] {
  const { state, edited } = extensionIn(name, folder);
  if (state === "absent") throw refusal(folder, "no extension of civikit's is there");
  const ours = Object.keys(manifestOf(folder)!).filter((path) => !edited.includes(path));
  try {
    for (const path of ours) {
      for (const twin of compiled(folder, path)) rmSync(twin, { force: true });
      rmSync(join(folder, path), { force: true });
      for (let at = join(folder, dirname(path)); at !== folder; at = dirname(at)) {
        removeEmpty(join(at, "__pycache__"));
        removeEmpty(at);
      }
    }
    for (const own of [settingsName, manifestName]) rmSync(join(folder, own), { force: true });
  } catch (error) {
    throw wrapDiskError(error, folder, "removing");
  }
  removeEmpty(join(folder, "__pycache__"));
  removeEmpty(folder);
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String).sort() : [];
}
