import type { Locale } from "../../transport/mod.ts";

/** A text in every language, made before it is known who reads it. */
export type Both = Readonly<Record<Locale, string>>;

/** One text of a catalogue in every language. */
export function both<T>(texts: Readonly<Record<Locale, T>>, pick: (texts: T) => string): Both {
  return { en: pick(texts.en), "zh-TW": pick(texts["zh-TW"]) };
}
