import type { Locale } from "../../transport/mod.ts";

const en = {
  openFile: (path: string): string => `${path}: other users can read it; run: chmod 600 "${path}"`,
  unknownKeys: (path: string, keys: readonly string[]): string =>
    `${path}: unknown ${keys.length === 1 ? "setting" : "settings"} ${keys.join(", ")}; kept, and not used`,
  newer: (path: string, keys: readonly string[]): string =>
    `${path}: written by a newer civikit${
      keys.length === 0 ? "" : `; not understood and not used: ${keys.join(", ")}`
    }`,
  tookOver: (notes: readonly string[]): string => `taken over from the old tool: ${notes.join(", ")}`,
  chunkSize: "parts of a file (download.pieceBytes) are no reads; the size of a read is chosen by itself",
  wins: (winner: string): string => `${winner} says the same thing, and counts`,
  narrower: (winner: string): string => `${winner} is narrower, and counts`,
  parallelOff: "chunked download is switched off: one connection for each file",
  parallelOn: "on, as it is by itself; http_max_parallel_chunks says how many connections",
  noValue: "no value",
  noReading: "not a plain value; it cannot be known without running the file",
  keyFile: "a key does not belong in the settings; it goes into the key file",
  sources: { default: "default", file: "file", environment: "environment", flag: "option" },
  heads: ["setting", "value", "from"] as readonly string[],
  set: (key: string, value: string, path: string): string => `${key} = ${value} (${path})`,
  overruled: (key: string, from: string): string => `warning: ${key} is set by ${from} too, which goes before the file`,
  unset: (key: string, path: string): string => `${key} is not set any more (${path})`,
  notSet: (key: string): string => `${key} is not set in the file`,
  made: (path: string): string => `made: ${path}`,
  right: (path: string, isThere: boolean): string =>
    isThere ? `The settings are all right: ${path}` : `The settings are all right; there is no file ${path}`,
  aside: (path: string): string => `The settings were put aside, the defaults hold: ${path}`,
  nothingToReset: (path: string): string => `There is no file ${path}; the defaults hold already`,
  taken: "taken over",
  left: "not taken over",
  migrateHeads: ["old key", "what", "now"] as readonly string[],
  unknownOld: "unknown key of the old settings, not written",
  wouldWrite: (path: string): string => `Nothing was written; without --dry-run it would go into ${path}`,
  wrote: (path: string): string => `written: ${path}`,
  keyKept: (path: string): string => `the API key was written to ${path}`,
  keyWouldBe: (path: string): string => `the API key would go into ${path}`,
  keyThere: (path: string): string => `there is a key in ${path} already; it stays`,
  noEditor: (path: string): string => `Open this file in an editor, then run "civikit config check": ${path}`,
};

/** What is said of settings. */
export const settingsText: Readonly<Record<Locale, typeof en>> = {
  en,
  "zh-TW": {
    openFile: (path: string): string => `${path}：其他使用者可以讀取；請執行：chmod 600 "${path}"`,
    unknownKeys: (path: string, keys: readonly string[]): string =>
      `${path}：不認得的設定 ${keys.join("、")}；保留在檔案裡，但不使用`,
    newer: (path: string, keys: readonly string[]): string =>
      `${path}：由較新版的 civikit 寫成${keys.length === 0 ? "" : `；看不懂、因此不使用：${keys.join("、")}`}`,
    tookOver: (notes: readonly string[]): string => `taken over from the old tool: ${notes.join(", ")}`,
    chunkSize: "檔案的分段（download.pieceBytes）不是讀取的大小；一次讀多少由程式自己決定",
    wins: (winner: string): string => `${winner} 說的是同一件事，以它為準`,
    narrower: (winner) => `${winner} 比較嚴，以它為準`,
    parallelOff: "分段下載已關閉：每個檔案一條連線",
    parallelOn: "開著，本來就是；幾條連線由 http_max_parallel_chunks 決定",
    noValue: "沒有值",
    noReading: "不是單純的值；不執行那個檔案就無法知道",
    keyFile: "金鑰不屬於設定，寫進金鑰檔",
    sources: { default: "預設", file: "檔案", environment: "環境變數", flag: "選項" },
    heads: ["設定", "值", "來源"],
    set: (key, value, path) => `${key} = ${value}（${path}）`,
    overruled: (key, from) => `警告：${from} 也設定了 ${key}，比檔案優先`,
    unset: (key, path) => `${key} 不再設定（${path}）`,
    notSet: (key) => `檔案裡沒有設定 ${key}`,
    made: (path) => `已建立：${path}`,
    right: (path, isThere) => isThere ? `設定都正確：${path}` : `設定都正確；沒有檔案 ${path}`,
    aside: (path) => `原來的設定移到一旁，現在都是預設值：${path}`,
    nothingToReset: (path) => `沒有檔案 ${path}；本來就都是預設值`,
    taken: "接手",
    left: "沒有接手",
    migrateHeads: ["舊的設定", "結果", "現在"],
    unknownOld: "舊設定裡不認得的項目，沒有寫入",
    wouldWrite: (path) => `什麼都沒有寫；不加 --dry-run 就會寫進 ${path}`,
    wrote: (path) => `已寫入：${path}`,
    keyKept: (path) => `API 金鑰已寫進 ${path}`,
    keyWouldBe: (path) => `API 金鑰會寫進 ${path}`,
    keyThere: (path) => `${path} 已經有金鑰，保留不動`,
    noEditor: (path) => `請用編輯器打開這個檔案，改完執行 "civikit config check"：${path}`,
  },
};
