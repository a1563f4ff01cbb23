import type { Locale } from "../../transport/mod.ts";
import { readBaseUrl, redactUrl } from "../../transport/internal.ts";
import type { LogLevelName } from "../../monitor/mod.ts";
import type { Io } from "../terminal/io.ts";
import { invalid, oneOf, readSwitch } from "./setting_words.ts";
import { printable } from "../terminal/text.ts";

const defaultBaseUrl = "https://civitai.com";

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
