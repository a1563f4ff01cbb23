import type { LibraryFilter, LibraryTask } from "../../library/mod.ts";
import type { Bilingual } from "../page.ts";

const both = (en: string, zhTW: string): Bilingual => ({ en, "zh-TW": zhTW });

/** What each filter is called. */
export const filterNames: Readonly<Record<LibraryFilter, Bilingual>> = {
  all: both("all", "全部"),
  known: both("known", "認得"),
  presumed: both("presumed", "推定"),
  unknown: both("unknown", "不認得"),
  unhashed: both("not looked at", "還沒看過"),
  duplicate: both("duplicate", "重複"),
  damaged: both("damaged", "損壞"),
  update: both("newer version", "有新版本"),
  waiting: both("newer, not to be had", "有新版本但不取"),
};

/** What is under way. */
export const taskNames: Readonly<Record<LibraryTask["kind"], Bilingual>> = {
  scan: both("Looking what the files are", "正在查明檔案是什麼"),
  quick: both("Naming files by size and sample", "正在用大小與抽樣推定"),
  verify: both("Hashing files again", "正在重新計算雜湊"),
  updates: both("Asking for newer versions", "正在詢問新版本"),
  update: both("Fetching newer versions", "正在取得新版本"),
  sidecars: both("Writing sidecars", "正在寫附屬檔"),
};

type Word =
  | "title"
  | "search"
  | "text"
  | "base"
  | "anyBase"
  | "scan"
  | "quick"
  | "quickHelp"
  | "proving"
  | "presumed"
  | "ambiguous"
  | "updates"
  | "look"
  | "chosen"
  | "allMatching"
  | "verify"
  | "sidecars"
  | "update"
  | "choose"
  | "file"
  | "model"
  | "words"
  | "copy"
  | "notes"
  | "tags"
  | "keep"
  | "kept"
  | "copied"
  | "state"
  | "proved"
  | "known"
  | "unknown"
  | "unasked"
  | "unhashed"
  | "twins"
  | "newer"
  | "preview"
  | "nothing"
  | "empty"
  | "looking"
  | "first"
  | "next"
  | "started"
  | "busy"
  | "none"
  | "added"
  | "noNewer"
  | "gone"
  | "early"
  | "earlyUntil"
  | "otherBase"
  | "ignoredVersion"
  | "ignoredModel"
  | "ignoredBase"
  | "newerVersions"
  | "ignore"
  | "ignoreModel"
  | "unignore"
  | "unignoreModel"
  | "unignoreIt"
  | "takeOtherBase"
  | "otherBasesOf"
  | "sameBase"
  | "rules"
  | "rulesKept"
  | "old"
  | "oldKeep"
  | "oldTrash"
  | "oldReplace"
  | "details"
  | "back";

/** What the page says. */
export const texts: Readonly<Record<Word, Bilingual>> = {
  title: both("Library", "模型庫"),
  search: both("Search", "搜尋"),
  text: both("Words in file, model or version", "檔案、模型或版本裡的字詞"),
  base: both("Base model", "基礎模型"),
  anyBase: both("any", "不限"),
  scan: both("Identify new files", "查明新檔案"),
  quick: both("Name new files at once", "馬上推定新檔案"),
  quickHelp: both(
    "Named at once means presumed, by size and a sample; the whole files are hashed afterwards, in the background.",
    "馬上推定是看大小與抽樣；之後在背景讀完整個檔案，計算雜湊來驗證。",
  ),
  proving: both("Proving what is presumed", "正在驗證推定的檔案"),
  presumed: both("presumed", "推定"),
  ambiguous: both("one of several; the whole hash will tell", "符合多個，要算完整雜湊才知道"),
  updates: both("Look for newer versions", "查詢新版本"),
  look: both("Read the folders again", "重新讀取資料夾"),
  chosen: both("With the chosen files", "對選取的檔案"),
  allMatching: both("all {n} that match", "符合條件的全部 {n} 個"),
  verify: both("Verify", "驗證"),
  sidecars: both("Write sidecars", "寫附屬檔"),
  update: both("Get newer version", "取得新版本"),
  choose: both("Choose", "選取"),
  file: both("File", "檔案"),
  model: both("Model", "模型"),
  words: both("Trigger words", "觸發詞"),
  copy: both("Copy", "複製"),
  notes: both("Notes", "筆記"),
  tags: both("Tags, with commas between", "標籤，以逗號分隔"),
  keep: both("Keep", "記下"),
  kept: both("Kept.", "已記下。"),
  copied: both("Copied: {n}", "已複製：{n}"),
  state: both("State", "狀態"),
  proved: both("proved {n}", "{n} 驗證過"),
  known: both("known", "認得"),
  unknown: both("not known to the site", "網站不認得"),
  unasked: both("not asked about yet", "還沒問過"),
  unhashed: both("not looked at yet", "還沒看過"),
  twins: both("{n} more of the same", "另有 {n} 份相同的"),
  newer: both("newer: {n}", "新版本：{n}"),
  preview: both("Preview of {n}", "{n} 的預覽圖"),
  nothing: both("No files of this kind.", "沒有這類檔案。"),
  looking: both("The folders are being read.", "正在讀取資料夾。"),
  empty: both(
    "No model files in the folders of the settings yet.",
    "設定的資料夾裡還沒有模型檔案。",
  ),
  first: both("first page", "第一頁"),
  next: both("next page", "下一頁"),
  started: both("Started.", "已開始。"),
  busy: both("Something else is under way; try again when it is done.", "有別的工作正在進行；完成後再試。"),
  none: both("Choose files first.", "請先選取檔案。"),
  added: both("{n} added to the queue.", "已把 {n} 個加入佇列。"),
  gone: both("gone from the site, seen {n}", "網站已下架，{n} 發現"),
  early: both("early access", "搶先體驗"),
  earlyUntil: both("early access until {n}", "搶先體驗至 {n}"),
  otherBase: both("newer only for {n}", "新版本屬於其他基礎模型：{n}"),
  ignoredVersion: both("ignored version", "略過的版本"),
  ignoredModel: both("ignored model", "略過的模型"),
  ignoredBase: both("ignored base model", "略過的基礎模型"),
  newerVersions: both("Ignore or take", "略過或取用"),
  ignore: both("Ignore {n}", "略過 {n}"),
  ignoreModel: both("Ignore this model", "略過這個模型"),
  unignore: both("No longer ignore {n}", "不再略過 {n}"),
  unignoreModel: both("No longer ignore this model", "不再略過這個模型"),
  unignoreIt: both("No longer ignore", "不再略過"),
  takeOtherBase: both("Other base models of this model are updates", "這個模型的其他基礎模型也算更新"),
  otherBasesOf: both("other base models of", "其他基礎模型也算："),
  sameBase: both("No longer", "不再算"),
  rules: both("Rules: {n}", "規則：{n}"),
  rulesKept: both("The rule is kept.", "規則已記下。"),
  old: both("Older files", "舊檔案"),
  oldKeep: both("keep, the newer one beside it", "留著，新的放旁邊"),
  oldTrash: both("into the trash", "移到垃圾桶"),
  oldReplace: both("replace", "取代"),
  details: both("Everything known of it", "檔案的一切"),
  back: both("Back to the library", "回到模型庫"),
  noNewer: both("None of them has a newer version that is known.", "其中沒有已知的新版本。"),
};
