import type { Locale } from "../../transport/mod.ts";

/** What a terminal shows when a long command has ended. */
export const ringText: Readonly<Record<Locale, (command: string, code: number) => string>> = {
  en: (command, code) => `civikit ${command}: ${code === 0 ? "done" : `ended with code ${code}`}`,
  "zh-TW": (command, code) => `civikit ${command}：${code === 0 ? "完成" : `結束，代碼 ${code}`}`,
};
