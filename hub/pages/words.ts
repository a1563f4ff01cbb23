import type { Bilingual } from "./page.ts";

type Word =
  | "pages"
  | "status"
  | "language"
  | "skip"
  | "live"
  | "connecting"
  | "offline"
  | "notDone"
  | "noScript"
  | "notFound"
  | "wentWrong"
  | "logIn";

/** What stands around every page. */
export const words: Readonly<Record<Word, Bilingual>> = {
  pages: { en: "Pages", "zh-TW": "頁面" },
  status: { en: "Status", "zh-TW": "狀態" },
  language: { en: "Language", "zh-TW": "語言" },
  skip: { en: "Skip to content", "zh-TW": "跳到內容" },
  live: { en: "live", "zh-TW": "即時更新" },
  connecting: { en: "connecting", "zh-TW": "連線中" },
  offline: { en: "connection lost", "zh-TW": "連線中斷" },
  notDone: { en: "That was not done: the service did not answer.", "zh-TW": "沒有完成：服務沒有回應。" },
  noScript: {
    en: "Without JavaScript this page does not update itself; reload it to see what is new.",
    "zh-TW": "沒有 JavaScript 時，這個頁面不會自動更新；重新載入即可看到最新狀態。",
  },
  notFound: { en: "There is no such page.", "zh-TW": "沒有這個頁面。" },
  wentWrong: { en: "Something went wrong", "zh-TW": "出了問題" },
  logIn: { en: "Log in", "zh-TW": "登入" },
};
