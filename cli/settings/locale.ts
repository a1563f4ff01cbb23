import type { Locale } from "../../transport/mod.ts";
import type { Io } from "../terminal/io.ts";

/** The language a name such as `zh_TW.UTF-8` stands for; undefined for one civikit does not speak. */
export function localeNamed(text: string): Locale | undefined {
  if (/^zh([-_](tw|hk|mo|hant))/i.test(text)) return "zh-TW";
  return /^en\b/i.test(text) ? "en" : undefined;
}

/** The system's language where civikit speaks it, else English. */
export function systemLocale(env: Io["env"]): Locale {
  return localeNamed(env("LC_ALL") || env("LC_MESSAGES") || env("LANG") || "en") ?? "en";
}

/** The language the environment asks of civikit itself; undefined where it asks for none. */
export function askedLanguage(env: Io["env"]): string | undefined {
  return env("CIVIKIT_LANG") || undefined;
}

/** The language of a text that is shown before settings are checked: a wrong one is passed over. */
export function likelyLocale(env: Io["env"]): Locale {
  return localeNamed(askedLanguage(env) ?? "") ?? systemLocale(env);
}
