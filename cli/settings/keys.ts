import { statSync } from "node:fs";
import { join } from "node:path";
import { CivikitError, InputError } from "../../transport/mod.ts";
import { checkPlain, readPlainText, rememberSecret, wrapDiskError } from "../../transport/internal.ts";
import type { Io } from "../terminal/io.ts";
import { keyPath } from "./places.ts";
import { isGranted } from "./rights.ts";
import { invalid } from "./setting_words.ts";

/** Where keys are made and revoked. */
export const keyPage = "https://civitai.com/user/account";

/** Variables that may hold the key, the strongest first; the later ones are how other programs call it. */
const keyVariables = ["CIVITAI_API_KEY", "CIVITAI_TOKEN", "CIVITAI_API_TOKEN"] as const;

/** A key, and where it was found. */
export interface FoundKey {
  /** The key. */
  readonly key: string;
  /** The variable, or the file in quotes. */
  readonly source: string;
}

/** The keys of this user, each looked for when it is wanted first. */
export interface Keys {
  /**
   * The key for `host`, which has its port where that is not the usual one; undefined when there is none.
   *
   * @throws {InputError} `invalid_config` when it is not usable, or its file is open to others.
   */
  find(host: string): FoundKey | undefined;
}

/** What is wrong with `key`, and what to do; empty when nothing is. */
function faultOf(key: string): string {
  if (/^[\x21-\x7e]{8,512}$/.test(key)) return "";
  const state = /\s/.test(key) ? "; there are blanks in it" : key.length < 8 ? "; it is too short" : "";
  return `not one word of 8 to 512 plain characters${state}: copy it again from ${keyPage}`;
}

/**
 * A key as it was written, without the white space around it.
 *
 * @param source Where it was written; the key is shown nowhere.
 * @throws {InputError} `invalid_config` when it is none.
 */
export function checkKey(text: string, source: string): string {
  const key = text.trim();
  const fault = faultOf(key);
  if (fault !== "") throw invalid(`reading the API key from ${source}: ${fault}`, source);
  rememberSecret(key);
  return key;
}

/**
 * Asks for the API key on the terminal, where it is not shown; it is kept nowhere.
 *
 * @throws {InputError} `invalid_config` where there is no terminal to ask on, or the answer is no key.
 */
export async function askKey({ askSecret }: Pick<Io, "askSecret">): Promise<string> {
  const text = await askSecret("Civitai API key:");
  if (text === null) {
    throw invalid("reading a key: input and output are no terminal; set CIVITAI_API_KEY instead", "--ask-key");
  }
  return checkKey(text, "the terminal");
}

/** What a unit gives a service as a secret that there is not; see deploy/systemd/civikit.service. */
const noCredential: ReadonlySet<string> = new Set(["", "none"]);

/** A key file; undefined when there is none. One that systemd made is guarded by its folder, whatever its mode says. */
function readKeyFile(path: string, isGuarded = false): FoundKey | undefined {
  // run without the right to read it: as if absent; asked before, because Deno would stop and ask the user
  if (!isGranted([{ name: "read", path }])) return undefined;
  const source = JSON.stringify(path);
  let text: string;
  try {
    checkPlain(path);
    const { mode } = statSync(path);
    if (!isGuarded && Deno.build.os !== "windows" && (mode & 0o077) !== 0) {
      throw invalid(
        `reading the API key from ${source}: other users can read it; run: chmod 600 ${source}, and better make a new key`,
        path,
      );
    }
    text = readPlainText(path);
  } catch (error) {
    if (error instanceof CivikitError) throw error;
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new InputError(`reading the API key from ${source}: no right to read it`, {
      code: "invalid_config",
      input: path,
      cause: error,
    });
  }
  if (isGuarded && noCredential.has(text.trim())) return undefined;
  return { key: checkKey(text, source), source };
}

/**
 * The key that goes before every key file: of the environment, or what a service was given.
 *
 * @throws {InputError} `invalid_config` when it is not usable.
 */
export function commonKey(env: Io["env"]): FoundKey | undefined {
  for (const source of keyVariables) {
    const text = env(source);
    if (text?.trim()) return { key: checkKey(text, source), source };
  }
  const credentials = env("CREDENTIALS_DIRECTORY");
  return credentials ? readKeyFile(join(credentials, "civitai_key"), true) : undefined;
}

/**
 * What opens the service: CIVIKIT_SERVE_TOKEN, else `serve_token` in `$CREDENTIALS_DIRECTORY`; undefined where there is none.
 *
 * @throws {DiskError} When the file is there and cannot be read.
 */
export function serveToken(env: Io["env"]): string | undefined {
  const given = env("CIVIKIT_SERVE_TOKEN");
  if (given) return given;
  const folder = env("CREDENTIALS_DIRECTORY");
  const path = folder && join(folder, "serve_token");
  // asked before, because Deno would stop and ask the user
  if (!path || !isGranted([{ name: "read", path }])) return undefined;
  try {
    checkPlain(path);
    const token = readPlainText(path).trim();
    if (noCredential.has(token)) return undefined;
    rememberSecret(token);
    return token;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw wrapDiskError(error, path, "reading");
  }
}

function fileKey(env: Io["env"], host: string): FoundKey | undefined {
  const paths = [keyPath(env, host.replace(/^www\./, "")), keyPath(env)];
  for (const path of new Set(paths)) {
    const found = path === undefined ? undefined : readKeyFile(path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The keys of this user: CIVITAI_API_KEY (or one of its other spellings), else `civitai_key` in `$CREDENTIALS_DIRECTORY`,
 * else the key file of the site, else the key file for all. A key file must not be readable by others.
 */
export function loadKeys(env: Io["env"]): Keys {
  const found = new Map<string, FoundKey | undefined>();
  return {
    find(host) {
      if (!found.has(host)) found.set(host, commonKey(env) ?? fileKey(env, host));
      return found.get(host);
    },
  };
}

/** One key for every site. */
export function onlyKey(key: string, source: string): Keys {
  return { find: () => ({ key, source }) };
}
