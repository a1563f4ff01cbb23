import type { Locale } from "../../transport/mod.ts";

const en = {
  openFile: (path: string): string => `${path}: other users can read it; run: chmod 600 "${path}"`,
  unknownKeys: (path: string, keys: readonly string[]): string =>
    `${path}: unknown ${keys.length === 1 ? "setting" : "settings"} ${keys.join(", ")}; kept, and not used`,
  newer: (path: string, keys: readonly string[]): string =>
    `${path}: written by a newer civikit${
      keys.length === 0 ? "" : `; not understood and not used: ${keys.join(", ")}`
    }`,
  tookOver: (notes: readonly string[]): string =>
    `taken over from the old tool: ${notes.join(", ")}; "civikit config migrate" makes it last`,
  chunkSize: "parts of a file (download.pieceBytes) are no reads; the size of a read is chosen by itself",
  wins: (winner: string): string => `${winner} says the same thing, and counts`,
  parallelOff: "chunked download is switched off: one connection for each file",
  parallelOn: "on, as it is by itself; http_max_parallel_chunks says how many connections",
  noValue: "no value",
  noReading: "not a plain value; it cannot be known without running the file",
  keyFile: "goes into the key file",
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
    tookOver: (notes: readonly string[]): string =>
      `從舊工具的設定接手：${notes.join("、")}；執行 "civikit config migrate" 就會固定下來`,
    chunkSize: "檔案的分段（download.pieceBytes）不是讀取的大小；一次讀多少由程式自己決定",
    wins: (winner: string): string => `${winner} 說的是同一件事，以它為準`,
    parallelOff: "分段下載已關閉：每個檔案一條連線",
    parallelOn: "開著，本來就是；幾條連線由 http_max_parallel_chunks 決定",
    noValue: "沒有值",
    noReading: "不是單純的值；不執行那個檔案就無法知道",
    keyFile: "寫進金鑰檔",
  },
};
