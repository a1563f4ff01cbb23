import type { Bilingual } from "./texts.ts";

/** The help of `civikit cache`. */
export const cacheHelp: Bilingual = {
  en: `<action> is one of:
  stats    how much is stored, how often it was of use, how many bytes it saved
  list     what is stored, most recently used first
  clear    drops it: everything, or what --only-host and --prefix name
  verify   reads every entry and drops the damaged ones

The cache is the file CIVIKIT_CACHE names (off: there is none), else
civikit/http.sqlite in the folder for caches of your system. It holds answers
and pictures, never keys.

examples:
  civikit cache stats
  civikit cache list --only-host civitai.com
  civikit cache clear --prefix https://civitai.com/api/v1/images`,
  "zh-TW": `<action> 可以是：
  stats    存了多少、用上幾次、省下多少位元組
  list     存了什麼，最近用過的在前
  clear    清除：全部，或 --only-host 與 --prefix 指定的
  verify   讀取每一筆，丟棄損壞的

快取是 CIVIKIT_CACHE 指定的檔案（off：不用快取），否則是系統快取資料夾裡的 civikit/http.sqlite。裡面是回應與圖片，絕對沒有金鑰。

範例：
  civikit cache stats
  civikit cache list --only-host civitai.com
  civikit cache clear --prefix https://civitai.com/api/v1/images`,
};
