import type { LiveVerdict } from "../../../monitor/mod.ts";
import type { Bilingual } from "../page.ts";

type Word = "title" | "help" | "file" | "size" | "speed" | "ended" | "verdict" | "more" | "newer" | "nothing";

/** What the history says. */
export const historyTexts: Readonly<Record<Word | LiveVerdict, Bilingual>> = {
  title: { en: "History", "zh-TW": "紀錄" },
  help: {
    en: "What ended, whichever command fetched it; the last 30 days.",
    "zh-TW": "結束的傳輸，不論由哪個指令下載；保留 30 天。",
  },
  file: { en: "File", "zh-TW": "檔案" },
  size: { en: "Size", "zh-TW": "大小" },
  speed: { en: "Mean speed", "zh-TW": "平均速度" },
  ended: { en: "Ended", "zh-TW": "結束時間" },
  verdict: { en: "Verdict", "zh-TW": "結果" },
  more: { en: "Show more", "zh-TW": "顯示更多" },
  newer: { en: "Newer ones", "zh-TW": "較新的" },
  nothing: { en: "Nothing here.", "zh-TW": "沒有項目。" },
  verified: { en: "verified", "zh-TW": "已驗證" },
  unverified: { en: "no hash to verify with", "zh-TW": "沒有雜湊可驗證" },
  there: { en: "was there already", "zh-TW": "原本就有" },
  failed: { en: "failed", "zh-TW": "失敗" },
  cancelled: { en: "cancelled", "zh-TW": "已取消" },
  died: { en: "its process died", "zh-TW": "行程中途結束" },
};
