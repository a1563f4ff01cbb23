import type { Locale } from "../../transport/mod.ts";

// a function's arguments are its own affair: what is checked is that both languages have it
// deno-lint-ignore no-explicit-any
type Text = string | ((...args: any[]) => string) | { readonly [name: string]: Text };

/**
 * The texts of one area: the same names in every language, each a text, a function that makes one, or more of them by
 * name. `const en = { ... }` says them in English, `areaText: Texts<typeof en>` in all; picked by `areaText[locale].name`.
 */
export type Texts<T extends { readonly [name: string]: Text } = { readonly [name: string]: Text }> = Readonly<
  Record<Locale, T>
>;

/** One text in every language. */
export type Bilingual = Readonly<Record<Locale, string>>;

/** One text of an area in every language, for who prints it to choose. */
export function bilingual<T>(texts: Readonly<Record<Locale, T>>, pick: (texts: T) => string): Bilingual {
  return { en: pick(texts.en), "zh-TW": pick(texts["zh-TW"]) };
}
