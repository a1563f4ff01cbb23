import type { Locale } from "../../../transport/mod.ts";

type Word = "title" | "help" | "root" | "layout" | "noLayout" | "key" | "save" | "later";

/** What a first start asks. */
export const startTexts: Readonly<Record<Locale, Readonly<Record<Word, string>>>> = {
  en: {
    title: "Before the first download",
    help: "Everything works already as it is shown here; change what does not fit. All of it can be changed later.",
    root: "Folder of the models",
    layout: "Folders below it, as this program has them",
    noLayout: "none: all files in that folder",
    key: "API key of Civitai (for files that want a login)",
    save: "Save",
    later: "Leave it so",
  },
  "zh-TW": {
    title: "第一次下載之前",
    help: "照這裡顯示的預設值就能使用；不合適的再改，之後也都能改。",
    root: "模型資料夾",
    layout: "底下的資料夾照哪個程式的方式分",
    noLayout: "不分：所有檔案放在這個資料夾",
    key: "Civitai 的 API 金鑰（有些檔案需要登入）",
    save: "儲存",
    later: "維持這樣",
  },
};
