import { closest } from "../../transport/internal.ts";
import type { Civitai, Enums } from "../../api/mod.ts";
import { UsageError } from "./usage_error.ts";
import { bilingual } from "../texts/texts.ts";
import { usageText } from "../texts/usage.ts";
import { printable } from "../terminal/text.ts";

const folded = (word: string): string => word.toLowerCase().replace(/[\s_-]+/g, "");

/**
 * The one of `words` that is meant by `typed`: upper or lower case, spaces, dashes and underscores make no difference.
 *
 * @param option Where it was typed, such as `sort`.
 * @param due What would have been right; the words themselves by default.
 * @throws {UsageError} when it is none of them, with the one that is near.
 */
export function knownOption(
  option: string,
  typed: string,
  words: readonly string[],
  due: (texts: typeof usageText["en"]) => string = (t) => t.oneOf(words),
): string {
  const wanted = folded(typed);
  const forms = words.map(folded);
  const at = forms.indexOf(wanted);
  if (at >= 0) return words[at]!;
  const near = closest(wanted, forms);
  const meant = near === undefined ? "" : printable(words[forms.indexOf(near)]!);
  throw new UsageError(bilingual(usageText, (t) => t.unknownWord(option, printable(typed), meant, due(t))));
}

/**
 * {@linkcode knownOption} for words of the site. Where the site does not tell its words they are taken as they are.
 *
 * @param lists Which of its lists; the first is the one to look into.
 */
export async function siteWords(
  { api, signal }: { readonly api: Pick<Civitai, "enums">; readonly signal: AbortSignal },
  name: string,
  typed: readonly string[] | undefined,
  lists: readonly (keyof Enums)[],
): Promise<readonly string[] | undefined> {
  if (typed === undefined) return undefined;
  const all = await api.enums({ signal }).catch(() => undefined);
  signal.throwIfAborted();
  const words = [...new Set(lists.flatMap((list) => all?.[list] ?? []))];
  if (words.length === 0) return typed;
  return typed.map((word) => knownOption(name, word, words, (t) => t.siteList(lists[0]!)));
}
