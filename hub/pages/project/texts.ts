import type { Bilingual } from "../page.ts";

const both = (en: string, zhTW: string): Bilingual => ({ en, "zh-TW": zhTW });

type Word =
  | "title"
  | "folder"
  | "root"
  | "entries"
  | "entry"
  | "locked"
  | "disk"
  | "newer"
  | "empty"
  | "notLocked"
  | "unwanted"
  | "follows"
  | "pinned"
  | "there"
  | "unproved"
  | "other"
  | "missing"
  | "notChecked"
  | "upToDate"
  | "moves"
  | "staysPinned"
  | "staysOther"
  | "install"
  | "check"
  | "update"
  | "updateLatest"
  | "updateHelp"
  | "busy"
  | "checking"
  | "installing"
  | "updating"
  | "progress"
  | "checkDone"
  | "installDone"
  | "updateDone"
  | "fetched"
  | "moved"
  | "removed"
  | "failed"
  | "presumed"
  | "adopt"
  | "adoptTitle"
  | "adoptHelp"
  | "adoptDry"
  | "adoptQuick"
  | "adopting"
  | "adoptDone"
  | "wouldAdopt"
  | "adopted"
  | "ofThemPresumed"
  | "thereBefore"
  | "apart"
  | "andMore";

/** What the page says; `{n}` stands for a number or a name. */
export const texts: Readonly<Record<Word, Bilingual>> = {
  title: both("Project", "專案"),
  folder: both("Project", "專案資料夾"),
  root: both("Models go below", "模型放在"),
  entries: both("Manifest, lock file and disk", "清單檔、鎖定檔與磁碟"),
  entry: both("Manifest", "清單檔"),
  locked: both("Lock file", "鎖定檔"),
  disk: both("Disk", "磁碟"),
  newer: both("Newer", "較新的版本"),
  empty: both(
    "The manifest wants nothing yet. Add models on the page Browse.",
    "清單檔還沒有任何項目。請到「瀏覽」頁面加入模型。",
  ),
  notLocked: both("not locked yet", "尚未鎖定"),
  unwanted: both("no longer in the manifest", "已不在清單檔裡"),
  follows: both("follows the model", "跟隨模型"),
  pinned: both("names its version", "固定版本"),
  there: both("there", "已就緒"),
  unproved: both("there, not hashed yet", "在，尚未計算雜湊值"),
  other: both("another file", "不是同一個檔案"),
  missing: both("missing", "缺少"),
  notChecked: both("nobody has looked", "尚未檢查"),
  upToDate: both("up to date", "已是最新"),
  moves: both("{n}: the next update takes it", "{n}：下次更新會採用"),
  staysPinned: both("{n}: stays, its version is named", "{n}：維持不變，因為固定了版本"),
  staysOther: both("{n}: stays, it is not what the entry means", "{n}：維持不變，不是這個項目所指的檔案"),
  install: both("Install what is missing", "安裝缺少的檔案"),
  check: both("Look for newer versions", "檢查較新的版本"),
  update: both("Update", "更新"),
  updateLatest: both("Update pinned entries too", "連固定版本的項目一起更新"),
  updateHelp: both(
    "An update changes manifest and lock file; an old file goes when the new one is verified and in its place.",
    "更新會改寫清單檔與鎖定檔；新檔案驗證並就位之後，舊檔案才會刪除。",
  ),
  busy: both("Something else is under way; wait until it has ended.", "另一項工作正在進行，請等它結束。"),
  checking: both("looking for newer versions", "正在檢查較新的版本"),
  installing: both("installing", "正在安裝"),
  updating: both("updating", "正在更新"),
  progress: both("{n} {file|files}", "{n} 個檔案"),
  checkDone: both("Looked for newer versions.", "已檢查較新的版本。"),
  installDone: both("Installed.", "已安裝。"),
  updateDone: both("Updated.", "已更新。"),
  fetched: both("{n} fetched", "下載 {n} 個"),
  moved: both("{n} {entry|entries} moved", "{n} 個項目換到較新的版本"),
  removed: both("{n} old {file|files} removed", "刪除 {n} 個舊檔案"),
  failed: both("{n} failed", "{n} 個失敗"),
  presumed: both("there, presumed by size and a sample", "推定：大小與抽樣相符，尚未計算雜湊值"),
  adopt: both("Adopt, with hashes", "加入，並計算雜湊"),
  adoptTitle: both("Adopt this folder", "收編這個資料夾"),
  adoptHelp: both(
    "Puts the models that are below the root already into manifest and lock file, where they lie. No file is moved or changed.",
    "把根資料夾下現有的模型寫進清單檔與鎖定檔，位置照舊；一個檔案也不搬動或更動。",
  ),
  adoptDry: both("See what would be adopted", "先看會加入什麼"),
  adoptQuick: both("Adopt at once, as presumed", "馬上以推定加入"),
  adopting: both("looking what the files are", "正在查明檔案是什麼"),
  adoptDone: both("Looked what the files are.", "已查明檔案是什麼。"),
  wouldAdopt: both("{n} would be adopted; nothing was written", "會加入 {n} 個；什麼都沒有寫入"),
  adopted: both("{n} adopted", "加入 {n} 個"),
  ofThemPresumed: both("{n} of them presumed", "其中 {n} 個推定"),
  thereBefore: both("{n} there already", "{n} 個原本就在"),
  apart: both("{n} {file is|files are} no part of the project", "{n} 個檔案不屬於專案"),
  andMore: both("and {n} more", "還有 {n} 個"),
};
