import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit update`. */
export const updateHelp: Bilingual = {
  en: `In a project: takes the entries that follow a model (model:<id>) to its newest
version, writes the lock file and installs. Entries that name a version stay, unless
--latest moves them in civikit.models.json to the newest version for the same base
model. Without <what>, everything is updated. What cannot be updated is told, and why.

With folders: scans them, and fetches newer versions beside the old files, each
the file that does for the new version what the old one did. <what> beside the
folders narrows it: version ids, model:<id>; --all takes everything. Of several
versions of a model that are there, only the newest one moves.

What is sold (early access), made for another base model, ignored by a rule, or
there already is no update; it is told. Rules stay in civikit.models.json, or, for
folders, in the settings: --ignore, --unignore, --other-base, --same-base change
them, --rules lists them; nothing is updated then.

An old file goes only when the new one is verified and in place. --dry-run shows
which version would become which, what would be fetched and what removed. Killed on the way?
One of the two is always there; run it again.

examples:
  civikit update
  civikit update model:1001
  civikit update --latest --dry-run
  civikit update ~/ComfyUI/models --all --old keep
  civikit update --ignore 2002,model:1001,base:Pony`,
  "zh-TW":
    `在專案裡：把跟隨模型（model:<id>）的項目更新到最新版本，寫入鎖定檔並安裝。指定版本的項目不動，除非用 --latest，把它們在 civikit.models.json 裡改成同一個基礎模型的最新版本。不給 <what> 就更新全部。無法更新的會說明原因。

給了資料夾：掃描它們，把較新的版本下載到舊檔案旁邊，每次都取新版本裡與舊檔案作用相同的檔案。資料夾之外再給 <what>（版本編號、model:<id>）就只更新那些；--all 更新全部。同一個模型有好幾個版本時，只有最新的那個會更新。

要付費的（搶先體驗）、屬於其他基礎模型的、規則略過的、已經有的，都不算更新，但會說出來。規則記在 civikit.models.json；對資料夾則記在設定裡：--ignore、--unignore、--other-base、--same-base 修改規則，--rules 列出規則；這時什麼都不更新。

新檔案驗證並就位之後，舊檔案才會離開。--dry-run 顯示什麼會從哪裡更新到哪裡、下載什麼、刪除什麼。中途被中斷時，新舊兩個檔案總有一個在；再執行一次就好。

範例：
  civikit update
  civikit update model:1001
  civikit update --latest --dry-run
  civikit update ~/ComfyUI/models --all --old keep
  civikit update --ignore 2002,model:1001,base:Pony`,
};

const until = (date: string | null | undefined) => date ? ` until ${date.slice(0, 10)}` : "";
const untilZh = (date: string | null | undefined) => date ? `，到 ${date.slice(0, 10)}` : "";

const en = {
  nothingMeant: "folders are given: say which models too, or --all",
  noFolder: (text: string): string => `${text}: no such folder, and no project to look in`,
  notThere: (text: string): string => `${text}: not among the models there`,
  notAFolder: (text: string): string => `"${text}": with folders, a version id or model:<id> is due`,
  isProject: (path: string): string => `"${path}" is a project: use --project`,
  onlyFolders: (name: string): string => `option --${name}: for a project, not for folders`,
  notARule: (text: string): string => `"${text}": a version id, model:<id> or base:<name> is due`,
  notAnOther: (text: string): string => `"${text}": model:<id> or all is due`,
  rules: { ignore: "ignored", otherBase: "other base models are updates" },
  noRules: "no rules",
  inProject: (path: string): string => `rules of the project ${path}:`,
  inSettings: "rules for folders, in the settings:",
  scanning: "looking what the files are",
  wouldMove: "would update",
  moved: "updated",
  stays: "stays",
  gone: (name: string): string => `gone: ${name}: the site has this version no more; it is kept`,
  notFinished: (why: string): string => `what an interrupted run left is still there: ${why}`,
  finished: (path: string): string => `an earlier update is ended: ${path}`,
  nothing: "nothing to update",
  old: {
    kept: "the old file is kept",
    replaced: "the old file is gone",
    trashed: "the old file is in the trash",
    changed: "the old file was changed and stays",
    unproved: "no hash is published; the old file stays",
  },
  state: {
    new: (): string => "new",
    early_access: (date?: string | null): string => `early access${until(date)}`,
    other_base: (): string => "other base model",
    ignored_version: (): string => "ignored version",
    ignored_model: (): string => "ignored model",
    ignored_base: (): string => "ignored base model",
    have_elsewhere: (): string => "have it elsewhere",
    same_bytes: (): string => "same bytes as here",
    no_such_file: (): string => "it has no such file",
    failed: (): string => "it cannot be had",
    gone: (): string => "gone from the site",
  },
};

/** What `civikit update` and `civikit scan --updates` say. */
export const updateText: Texts<typeof en> = {
  en,
  "zh-TW": {
    nothingMeant: "給了資料夾：請再說要更新哪些模型，或加上 --all",
    noFolder: (text) => `${text}：沒有這個資料夾，也沒有可以查看的專案`,
    notThere: (text) => `${text}：那裡的模型中沒有它`,
    notAFolder: (text) => `「${text}」：給了資料夾時，要是版本編號或 model:<編號>`,
    isProject: (path) => `「${path}」是專案：請用 --project`,
    onlyFolders: (name) => `選項 --${name}：用於專案，不用於資料夾`,
    notARule: (text) => `「${text}」：要是版本編號、model:<編號> 或 base:<名稱>`,
    notAnOther: (text) => `「${text}」：要是 model:<編號> 或 all`,
    rules: { ignore: "略過", otherBase: "其他基礎模型的版本也算更新" },
    noRules: "沒有規則",
    inProject: (path) => `專案 ${path} 的規則：`,
    inSettings: "資料夾的規則，記在設定裡：",
    scanning: "正在查明檔案是什麼",
    wouldMove: "將會更新",
    moved: "已更新",
    stays: "維持不變",
    gone: (name) => `已下架：${name}：網站已經沒有這個版本；檔案留著`,
    notFinished: (why) => `中斷的工作留下的還在：${why}`,
    finished: (path) => `先前的更新已收尾：${path}`,
    nothing: "沒有要更新的",
    old: {
      kept: "舊檔案留著",
      replaced: "舊檔案已刪除",
      trashed: "舊檔案在垃圾桶",
      changed: "舊檔案改過，留在原地",
      unproved: "沒有公布雜湊；舊檔案留著",
    },
    state: {
      new: () => "新",
      early_access: (date) => `搶先體驗${untilZh(date)}`,
      other_base: () => "其他基礎模型",
      ignored_version: () => "略過的版本",
      ignored_model: () => "略過的模型",
      ignored_base: () => "略過的基礎模型",
      have_elsewhere: () => "別處已有",
      same_bytes: () => "與現有的內容相同",
      no_such_file: () => "沒有這種檔案",
      failed: () => "無法取得",
      gone: () => "已下架",
    },
  },
};
