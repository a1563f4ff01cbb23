import type { KeepPolicy } from "../../../api/mod.ts";
import type { TidyKind } from "../../library/tidy.ts";
import type { Bilingual } from "../page.ts";

const both = (en: string, zhTW: string): Bilingual => ({ en, "zh-TW": zhTW });

/** What each thing is called while it is under way. */
export const taskNames: Readonly<Record<TidyKind, Bilingual>> = {
  organize: both("Moving files", "正在搬移檔案"),
  continue: both("Finishing what was interrupted", "正在完成中斷的搬移"),
  undo: both("Taking back", "正在復原"),
  link: both("Linking duplicates", "正在把重複的改成連結"),
  trash: both("Trashing duplicates", "正在丟掉重複的檔案"),
};

/** Which of equal files stays. */
export const policyNames: Readonly<Record<KeepPolicy, Bilingual>> = {
  oldest: both("the oldest", "最舊的"),
  newest: both("the newest", "最新的"),
  shortest: both("the shortest path", "路徑最短的"),
  folders: both("the first by folder", "資料夾排在前面的"),
  project: both("the one the project names", "專案記載的"),
};

/** Why something is in the trash. */
export const whyNames: Readonly<Record<string, Bilingual>> = {
  duplicate: both("duplicate", "重複"),
  updated: both("updated", "已更新"),
  removed: both("removed", "已移除"),
};

/** What became of earlier moves. */
export const stateNames: Readonly<Record<"applying" | "applied" | "undoing" | "undone", Bilingual>> = {
  applying: both("interrupted", "中斷"),
  applied: both("moved", "已搬移"),
  undoing: both("interrupted while undoing", "復原時中斷"),
  undone: both("undone", "已復原"),
};

type Word =
  | "title"
  | "organize"
  | "layout"
  | "own"
  | "preview"
  | "apply"
  | "to"
  | "from"
  | "counts"
  | "more"
  | "nothing"
  | "noLayout"
  | "history"
  | "undo"
  | "continue"
  | "files"
  | "duplicates"
  | "noDuplicates"
  | "locked"
  | "lockedToo"
  | "stays"
  | "prefer"
  | "link"
  | "trashThem"
  | "trash"
  | "noTrash"
  | "restore"
  | "remove"
  | "removeAll"
  | "choose"
  | "path"
  | "size"
  | "why"
  | "done"
  | "left"
  | "busy"
  | "started"
  | "restored"
  | "removed"
  | "none";

/** What the page says. */
export const texts: Readonly<Record<Word, Bilingual>> = {
  title: both("Tidy up", "整理"),
  organize: both("Models to where they belong", "搬到該在的位置"),
  layout: both("Layout", "版面"),
  own: both("or a template", "或樣板"),
  preview: both("Show what would move", "看看會搬什麼"),
  apply: both("Move {n} {model|models}", "搬移 {n} 個模型"),
  to: both("To", "到"),
  from: both("From", "從"),
  counts: both("{n} in place", "{n} 個已在定位"),
  more: both("... and {n} more", "……還有 {n} 個"),
  nothing: both("Nothing would move.", "沒有要搬的檔案。"),
  noLayout: both("Choose a layout first.", "請先選版面。"),
  history: both("Moved before", "先前的搬移"),
  undo: both("Undo", "復原"),
  continue: both("Finish", "完成"),
  files: both("{n} {file|files}", "{n} 個檔案"),
  duplicates: both("Duplicates", "重複的檔案"),
  noDuplicates: both("Nothing that was hashed is there twice.", "算過雜湊的檔案都沒有重複。"),
  locked: both("in the lock file: it becomes a link at most", "鎖定檔記載它，最多改成連結"),
  lockedToo: both("Trash what the lock file names twice, too, but for one", "鎖定檔記載兩份以上的也丟，只留一份"),
  stays: both("stays", "留下"),
  prefer: both("Which one stays", "留下哪一個"),
  link: both("Link the others", "其餘的改成連結"),
  trashThem: both("Put the others into the trash", "其餘的丟進垃圾桶"),
  trash: both("Trash", "垃圾桶"),
  noTrash: both("The trash is empty.", "垃圾桶是空的。"),
  restore: both("Bring back", "還原"),
  remove: both("Remove for good", "永久移除"),
  removeAll: both("Empty the trash", "清空垃圾桶"),
  choose: both("Choose", "選取"),
  path: both("Was", "原來的位置"),
  size: both("Size", "大小"),
  why: both("Why", "原因"),
  done: both("Done: {n} {file|files}.", "完成：{n} 個檔案。"),
  left: both("{n} {was left as it is|were left as they are}.", "{n} 個維持原樣。"),
  busy: both("Something else is under way; try again when it is done.", "有別的工作正在進行；完成後再試。"),
  started: both("Started.", "已開始。"),
  restored: both("{n} brought back.", "已還原 {n} 個。"),
  removed: both("{n} removed.", "已移除 {n} 個。"),
  none: both("Choose something first.", "請先選取。"),
};
