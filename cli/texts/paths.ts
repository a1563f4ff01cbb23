import type { Locale } from "../../transport/mod.ts";

const en = {
  heads: ["what", "path", "size"] as readonly string[],
  settings: "settings",
  key: "API key",
  keys: "API keys of other sites",
  cache: "HTTP cache",
  hashes: "remembered hashes",
  stats: "statistics",
  logs: "logs",
  queue: "queue",
  roots: "roots of projects",
  downloads: "downloads",
  root: "models",
  missing: "not there",
  off: "switched off",
  folder: "folder",
  kinds: { part: "unfinished", journal: "journal", old: "old", quarantine: "quarantine", corrupt: "damaged" },
  busy: (path: string): string => `in use, left alone: ${path}`,
  removed: (path: string): string => `removed: ${path}`,
  would: (files: number, size: string): string =>
    `${files} ${files === 1 ? "file" : "files"}, ${size}; nothing was removed. To remove them: civikit clean --yes`,
  done: (files: number, size: string): string => `${files} ${files === 1 ? "file" : "files"} removed, ${size} freed`,
  nothing: "nothing to clean",
};

/** What `civikit paths` and `civikit clean` say. */
export const pathsText: Readonly<Record<Locale, typeof en>> = {
  en,
  "zh-TW": {
    heads: ["項目", "路徑", "大小"],
    settings: "設定",
    key: "API 金鑰",
    keys: "其他網站的 API 金鑰",
    cache: "HTTP 快取",
    hashes: "算過的雜湊",
    stats: "統計",
    logs: "紀錄檔",
    queue: "佇列",
    roots: "專案的根資料夾",
    downloads: "下載的檔案",
    root: "模型",
    missing: "不存在",
    off: "已關閉",
    folder: "資料夾",
    kinds: { part: "未完成", journal: "下載紀錄", old: "舊的", quarantine: "隔離", corrupt: "毀損" },
    busy: (path) => `使用中，保留：${path}`,
    removed: (path) => `已移除：${path}`,
    would: (files, size) => `${files} 個檔案，共 ${size}；什麼都沒有移除。要移除請執行：civikit clean --yes`,
    done: (files, size) => `已移除 ${files} 個檔案，釋出 ${size}`,
    nothing: "沒有需要清理的檔案",
  },
};
