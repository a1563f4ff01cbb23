import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit upgrade`. */
export const upgradeHelp: Bilingual = {
  en: `Says whether JSR has a newer version and prints the command for the way this
one was installed. It never replaces itself.

actions:
  check            ask for the newest version (so does civikit upgrade alone)
  backup FOLDER    copy settings and databases into a new folder, also while a
                   service runs; keys, tokens and models are left out
  migrate          take the databases to this version; done at each start, too
  restore FOLDER   put a backup back; what was there stays as NAME.replaced
  script           print upgrade.sh: all seven steps, and back where one fails

examples:
  civikit upgrade
  civikit upgrade backup ~/civikit-backup
  civikit upgrade script > upgrade.sh`,
  "zh-TW": `說明 JSR 上有沒有更新的版本，並印出這個安裝方式要用的指令；絕不自己取代自己。

動作：
  check            詢問最新的版本（單獨的 civikit upgrade 也是）
  backup FOLDER    把設定與資料庫複製到新資料夾，服務執行中也可以；不含金鑰、權杖與模型
  migrate          把資料庫升級到這個版本；每次啟動也會做
  restore FOLDER   把備份放回去；原本的檔案留成 NAME.replaced
  script           印出 upgrade.sh：全部七個步驟，有一步失敗就退回

範例：
  civikit upgrade
  civikit upgrade backup ~/civikit-backup
  civikit upgrade script > upgrade.sh`,
};

const en = {
  newest: (version: string) => `${version} is the newest version`,
  newer: (version: string, latest: string) => `${latest} is out; this is ${version}`,
  left: "back up first, then run:",
  release: "the files are on the page of the release",
  service: "then, where a service runs:",
  backedUp: (count: number, folder: string) => `${count} files are backed up in ${folder}`,
  restored: (count: number, folder: string) => `${count} files are back as they were in ${folder}`,
  migrated: (name: string, from: number, to: number): string =>
    from === to ? `${name}: layout ${to}, nothing to do` : `${name}: layout ${from} -> ${to}`,
  nothing: "there are no databases yet",
  folderDue: (action: string) => `upgrade ${action}: FOLDER is due`,
};

/** What `civikit upgrade` says. */
export const upgradeText: Texts<typeof en> = {
  en,
  "zh-TW": {
    newest: (version) => `${version} 已經是最新的版本`,
    newer: (version, latest) => `有新版本 ${latest}；這個是 ${version}`,
    left: "請先備份，再執行：",
    release: "檔案在版本頁上",
    service: "有服務在執行的話，接著：",
    backedUp: (count, folder) => `已備份 ${count} 個檔案到 ${folder}`,
    restored: (count, folder) => `已放回 ${folder} 裡的 ${count} 個檔案`,
    migrated: (name, from, to) => from === to ? `${name}：格式 ${to}，不必升級` : `${name}：格式 ${from} → ${to}`,
    nothing: "還沒有資料庫",
    folderDue: (action) => `upgrade ${action}：後面要有 FOLDER`,
  },
};
