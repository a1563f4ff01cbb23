import type { Bilingual, Texts } from "./texts.ts";

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

const en = {
  ago: (time: string) => `${time} ago`,
  file: "file",
  entries: "entries",
  size: "size",
  of: (bytes: string, most: string) => `${bytes} of ${most}`,
  oldest: "oldest",
  hitRate: "hit rate",
  hits: (rate: string, fresh: number, stale: number, confirmed: number, missed: number) =>
    `${rate} (${fresh} fresh, ${stale} stale, ${confirmed} confirmed, ${missed} missed)`,
  saved: "bytes saved",
  trouble: "trouble",
  withKey: "(with a key)",
  more: (count: number) => `and ${count} more (--limit)`,
  removed: (count: number): string => count === 1 ? "1 entry removed" : `${count} entries removed`,
  verified: (checked: number, removed: number) => `${checked} entries checked, ${removed} damaged ones removed`,
  oneAction: (text: string) => `argument "${text}": one action at a time`,
  off: (from: string) => `the cache is switched off by ${from}`,
  none: (path: string) => `no cache yet at ${path}`,
};

/** What `civikit cache` says, in one language. */
export type CacheText = typeof en;

/** What `civikit cache` says. */
export const cacheText: Texts<CacheText> = {
  en,
  "zh-TW": {
    ago: (time) => `${time} 前`,
    file: "檔案",
    entries: "筆數",
    size: "大小",
    of: (bytes, most) => `${bytes}，上限 ${most}`,
    oldest: "最舊的",
    hitRate: "命中率",
    hits: (rate, fresh, stale, confirmed, missed) =>
      `${rate}（新鮮 ${fresh}、過期 ${stale}、重新確認 ${confirmed}、未命中 ${missed}）`,
    saved: "省下",
    trouble: "問題",
    withKey: "（用了金鑰）",
    more: (count) => `還有 ${count} 筆（--limit）`,
    removed: (count) => `清除了 ${count} 筆`,
    verified: (checked, removed) => `檢查了 ${checked} 筆，丟棄 ${removed} 筆損壞的`,
    oneAction: (text) => `引數 "${text}"：一次只能做一件事`,
    off: (from) => `快取已由 ${from} 關閉`,
    none: (path) => `${path} 還沒有快取`,
  },
};
