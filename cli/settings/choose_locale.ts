import type { Locale } from "../../transport/mod.ts";
import type { Io } from "../terminal/io.ts";
import { askedLanguage, localeNamed, systemLocale } from "./locale.ts";
import { invalid } from "./setting_words.ts";
import { printable } from "../terminal/text.ts";

/**
 * The language of the hints: `flag`, CIVIKIT_LANG, or the system's language; English unless it is Traditional Chinese.
 *
 * @throws {InputError} `invalid_config` when `flag` or CIVIKIT_LANG names another language.
 */
export function chooseLocale(env: Io["env"], flag?: string): Locale {
  const asked = flag ?? askedLanguage(env);
  if (asked === undefined) return systemLocale(env);
  const locale = localeNamed(asked);
  if (locale !== undefined) return locale;
  const name = flag === undefined ? "CIVIKIT_LANG" : "--lang";
  throw invalid(`reading ${name} "${printable(asked)}": neither en nor zh-TW`, name);
}
