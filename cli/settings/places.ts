import { dirname, isAbsolute, join } from "node:path";
import { safeFileName } from "../../transport/mod.ts";
import type { Io } from "../terminal/io.ts";
import { readSwitch } from "./setting_words.ts";

/** Reads a variable of the environment; one that is not set may be undefined or empty. */
type Env = Io["env"];

/** A folder of the XDG base directory specification, which says: empty means not set, and a relative one is ignored. */
function xdgFolder(path: string | undefined): string | undefined {
  return path && isAbsolute(path) ? path : undefined;
}

/** The user's home folder, which `~` stands for. */
export function homeFolder(env: Env): string | undefined {
  return env("HOME") || env("USERPROFILE") || undefined;
}

/** Where services of a whole Windows machine keep their things. */
export function programData(env: Env): string {
  return env("ProgramData") || "C:\\ProgramData";
}

function ours(env: Env, xdg: string | undefined, windows: string | undefined, ...below: string[]): string | undefined {
  const home = homeFolder(env);
  const folder = xdgFolder(xdg) ?? (windows || (home && join(home, ...below)));
  return folder ? join(folder, "civikit") : undefined;
}

function cacheFolder(env: Env): string | undefined {
  return ours(env, env("XDG_CACHE_HOME"), env("LOCALAPPDATA"), ".cache");
}

/** The site whose key is in the file `key`, which serves every other site too that has no key of its own. */
const firstSite = "civitai.com";

/**
 * Where the key of a site may be written down: `$XDG_CONFIG_HOME/civikit/key`, `~/.config/civikit/key`,
 * `%APPDATA%\civikit\key`; that of another site than civitai.com in `keys/HOST` beside it.
 */
export function keyPath(env: Env, site: string = firstSite): string | undefined {
  const folder = ours(env, env("XDG_CONFIG_HOME"), env("APPDATA"), ".config");
  if (folder === undefined) return undefined;
  return site === firstSite ? join(folder, "key") : join(folder, "keys", safeFileName(site.replace(/[:[\]]/g, "_")));
}

/** Where the token is by which scripts in the browser are let in, beside the key. */
export function pairingPath(env: Env): string | undefined {
  const key = keyPath(env);
  return key && join(dirname(key), "pairing");
}

/** Where the user's settings are: `civikit/config.json` in `$XDG_CONFIG_HOME`, `%APPDATA%` or `~/.config`. */
export function settingsPath(env: Env): string | undefined {
  const folder = ours(env, env("XDG_CONFIG_HOME"), env("APPDATA"), ".config");
  return folder && join(folder, "config.json");
}

/**
 * Where the HTTP cache is: what CIVIKIT_CACHE names, else `civikit/http.sqlite` in `$XDG_CACHE_HOME`, `%LOCALAPPDATA%` or
 * `~/.cache`; null when CIVIKIT_CACHE switches it off, undefined where there is no such folder.
 *
 * @throws {InputError} `invalid_config` when CIVIKIT_CACHE is neither a switch nor a path.
 */
export function cachePath(env: Env): string | null | undefined {
  const text = env("CIVIKIT_CACHE");
  // a bare word is rather a switch with a slip than the name of a file in whatever folder this is
  if (text && /[/\\]/.test(text)) return text;
  if (readSwitch(text, "CIVIKIT_CACHE", "or the path of a file, such as ./http.sqlite") === false) return null;
  const folder = cacheFolder(env);
  return folder && join(folder, "http.sqlite");
}

/** Where hashes are remembered between runs. */
export function hashesPath(env: Env): string | undefined {
  const folder = cacheFolder(env);
  return folder && join(folder, "hashes.sqlite");
}

/** Where numbers and logs are kept. */
export interface MonitorPaths {
  /** The statistics. */
  readonly store: string;
  /** Folder of the log files. */
  readonly logs: string;
}

/**
 * Where numbers and logs are kept: below CIVIKIT_STATE_DIR, `$XDG_STATE_HOME/civikit`, `~/.local/state/civikit` or
 * `%LOCALAPPDATA%\civikit`; undefined where there is none of these.
 */
export function monitorPaths(env: Env): MonitorPaths | undefined {
  const folder = env("CIVIKIT_STATE_DIR") ||
    ours(env, env("XDG_STATE_HOME"), env("LOCALAPPDATA"), ".local", "state");
  return folder ? { store: join(folder, "stats.sqlite"), logs: join(folder, "logs") } : undefined;
}

/** Where it is kept which roots were named for which project; undefined where there is no such folder. */
export function rootsPath(env: Env): string | undefined {
  const store = monitorPaths(env)?.store;
  return store && join(dirname(store), "roots.json");
}

/** Where the queue of jobs is, beside the statistics; undefined where there is no such folder. */
export function queuePath(env: Env): string | undefined {
  const store = monitorPaths(env)?.store;
  return store && join(dirname(store), "queue.sqlite");
}

/** Where it is kept what programs are to be told, beside the queue; undefined where there is no such folder. */
export function outboxPath(env: Env): string | undefined {
  const store = monitorPaths(env)?.store;
  return store && join(dirname(store), "outbox.sqlite");
}

/** Where the rules are that watch the site, beside the queue; undefined where there is no such folder. */
export function watchPath(env: Env): string | undefined {
  const store = monitorPaths(env)?.store;
  return store && join(dirname(store), "watch.sqlite");
}
