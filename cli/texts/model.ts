import type { Locale } from "../../transport/mod.ts";

const en = {
  base: "base model",
  words: "trigger words",
};

/** What is said of a model that was downloaded. */
export const modelText: Readonly<Record<Locale, typeof en>> = {
  en,
  "zh-TW": {
    base: "基礎模型",
    words: "觸發詞",
  },
};
