import type { Bilingual } from "../texts/texts.ts";

/** What the user typed cannot be meant; the text says what is wrong with it, in the reader's language. */
export class UsageError extends Error {
  override name = "UsageError";
  /** What is wrong. */
  readonly texts: Bilingual;
  /** The command whose help says more; undefined before it is known. */
  command: string | undefined;

  constructor(texts: Bilingual | string) {
    super(typeof texts === "string" ? texts : texts.en);
    this.texts = typeof texts === "string" ? { en: texts, "zh-TW": texts } : texts;
  }
}

/** No action was given to a command where none is the usual one; its help of actions says more than an error could. */
export class ActionMissingError extends UsageError {
  override name = "ActionMissingError";
}
