import type { Locale } from "../../transport/mod.ts";

/** What the command says of telling programs, besides how it stands with each. */
export const targetsText: Readonly<
  Record<Locale, { outbox(why: string): string; setAside(path: string): string }>
> = {
  en: {
    outbox: (why) => `what programs could not be told is lost when this ends: ${why}`,
    setAside: (path) => `the outbox of what programs are to be told was damaged; it is kept as ${path}`,
  },
  "zh-TW": {
    outbox: (why) => `程式結束後，還沒通知到的不會再通知：${why}`,
    setAside: (path) => `等待通知的檔案損壞了；原檔保留為 ${path}`,
  },
};
