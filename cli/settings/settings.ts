import { CivikitError, InputError, type Locale } from "../../transport/mod.ts";
import { checkPlain, readBaseUrl, redactUrl, rememberSecret } from "../../transport/internal.ts";
import type { LogLevelName } from "../../monitor/mod.ts";
import type { Io } from "../terminal/io.ts";
import { keyPath } from "./places.ts";
import { isGranted } from "./rights.ts";
import { invalid, oneOf, readSwitch } from "./setting_words.ts";
import { printable } from "../terminal/text.ts";

const defaultBaseUrl = "https://civitai.com";

function checkKey(text: string, source: string): string {
  const key = text.trim();
  if (!/^[\x21-\x7e]{8,512}$/.test(key)) {
    throw invalid(`reading the API key from ${source}: not one word of 8 to 512 plain characters`, source);
  }
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

/**
 * The API key: CIVITAI_API_KEY, else the key file. The file must not be readable by others.
 *
 * @throws {InputError} `invalid_config` when the key is not usable or the file is open to others.
 */
export async function loadKey(env: Io["env"]): Promise<string | undefined> {
  const fromEnv = env("CIVITAI_API_KEY");
  if (fromEnv?.trim()) return checkKey(fromEnv, "CIVITAI_API_KEY");
  const path = keyPath(env);
  // run without the right to read it: as if absent; asked before, because Deno would stop and ask the user
  if (path === undefined || !isGranted([{ name: "read", path }])) return undefined;
  let text: string;
  try {
    checkPlain(path);
    const { mode } = await Deno.stat(path);
    if (Deno.build.os !== "windows" && mode !== null && (mode & 0o077) !== 0) {
      throw invalid(
        `reading the API key from "${path}": other users can read it; run: chmod 600 "${path}", and better make a new key`,
        path,
      );
    }
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    if (error instanceof CivikitError) throw error;
    throw new InputError(`reading the API key from "${path}": no right to read it`, {
      code: "invalid_config",
      input: path,
      cause: error,
    });
  }
  return checkKey(text, `"${path}"`);
}

/**
 * Where Civitai is: `flag`, else CIVIKIT_BASE_URL, else https://civitai.com.
 *
 * @throws {InputError} `invalid_config` unless it is https, or http on this machine.
 */
export function chooseBaseUrl(env: Io["env"], flag?: string): string {
  const text = flag ?? (env("CIVIKIT_BASE_URL") || defaultBaseUrl);
  const name = flag === undefined ? "CIVIKIT_BASE_URL" : "--base-url";
  try {
    return readBaseUrl(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw invalid(`reading ${name} "${printable(redactUrl(text))}": ${error.message}`, name);
  }
}

/**
 * The language of the hints: `flag`, CIVIKIT_LANG, or the system's language; English unless it is Traditional Chinese.
 *
 * @throws {InputError} `invalid_config` when `flag` or CIVIKIT_LANG names another language.
 */
export function chooseLocale(env: Io["env"], flag?: string): Locale {
  const asked = flag ?? (env("CIVIKIT_LANG") || undefined);
  const text = asked ?? (env("LC_ALL") || env("LC_MESSAGES") || env("LANG") || "en");
  if (/^zh([-_](tw|hk|mo|hant))/i.test(text)) return "zh-TW";
  if (asked !== undefined && !/^en\b/i.test(asked)) {
    const name = flag === undefined ? "CIVIKIT_LANG" : "--lang";
    throw invalid(`reading ${name} "${printable(asked)}": neither en nor zh-TW`, name);
  }
  return "en";
}

/**
 * Whether commands record what they do: CIVIKIT_MONITOR, on where it is not set.
 *
 * @throws {InputError} `invalid_config` when it is neither on nor off.
 */
export function isMonitored(env: Io["env"]): boolean {
  return readSwitch(env("CIVIKIT_MONITOR"), "CIVIKIT_MONITOR") ?? true;
}

/** How the logs are written. */
export interface LogSettings {
  /** One line of text or one JSON object for each record. */
  readonly format: "text" | "json";
  /** The least level that is written. */
  readonly level: LogLevelName;
}

/**
 * How the logs are written: CIVIKIT_LOG_FORMAT (text, json) and CIVIKIT_LOG_LEVEL (DEBUG, INFO, WARN, ERROR).
 *
 * @throws {InputError} `invalid_config` when one of them is another word.
 */
export function logSettings(env: Io["env"]): LogSettings {
  const level = oneOf(env("CIVIKIT_LOG_LEVEL"), "CIVIKIT_LOG_LEVEL", ["DEBUG", "INFO", "WARN", "ERROR"], "INFO");
  return { format: oneOf(env("CIVIKIT_LOG_FORMAT"), "CIVIKIT_LOG_FORMAT", ["text", "json"], "text"), level };
}
