import type { Texts } from "./texts.ts";

const files = (count: number): string => `${count} ${count === 1 ? "model" : "models"}`;

const en = {
  help: `Models that "civikit duplicates --trash" and others threw away lie in a hidden folder
".civikit-trash" on their own disk, with sidecars and previews: throwing away and
bringing back are changes of name, whatever the size. The disk gets the room back
when the trash is emptied: here, or by "civikit serve" after trash.keepDays days.

<action> is one of
  list     what is there, the newest first
  restore  brings back the items with these ids, to where they were; nothing is
           overwritten
  empty    removes items for good: all, or those with these ids; --older-than and
           --leave leave some. Asks first, unless --yes is given

Looked through are the folders that are named; without any, those of the settings
(root or --root, download.directory) and the project of the current folder.

With --json every line is an object with "event": item, restored, would_remove,
removed, error or summary.

examples:
  civikit trash list ~/ComfyUI/models
  civikit trash restore 5f3a09c1
  civikit trash empty --older-than 14d`,
  idDue: "say what to bring back: civikit trash restore ID",
  emptyIn: (roots: readonly string[]): string => `the trash is empty; looked through: ${roots.join(", ")}`,
  whys: { duplicate: "duplicate", updated: "updated", removed: "removed" } as Readonly<Record<string, string>>,
  nothingMeant: "nothing of that is in the trash",
  restored: (path: string): string => `restored: ${path}`,
  removed: (path: string): string => `removed: ${path}`,
  question: (count: number, size: string): string => `Remove ${files(count)} (${size}) for good?`,
  notAsked: "nothing was removed. To remove them: civikit trash empty --yes",
  declined: "nothing was removed",
  would: (count: number, size: string): string => `${files(count)}, ${size} would be removed`,
  freed: (count: number, size: string): string => `${files(count)} removed, ${size} freed`,
  total: (count: number, size: string): string => `${files(count)}, ${size}`,
  back: (count: number): string => `${files(count)} brought back`,
  sizeDue: (text: string): string => `--leave "${text}" is no size such as 20G`,
};

/** What `civikit trash` says. */
export const trashText: Texts<typeof en> = {
  en,
  "zh-TW": {
    help:
      `「civikit duplicates --trash」等丟掉的模型，連同附屬檔與預覽圖放在各自磁碟的隱藏資料夾「.civikit-trash」：不論多大，丟掉與還原都只是改名。清空垃圾桶之後磁碟才會騰出空間：在這裡清空，或由「civikit serve」在 trash.keepDays 天之後移除。

<action> 是其中之一
  list     列出裡面的東西，最新的在前面
  restore  把這些編號的項目放回原來的位置；什麼都不會被蓋掉
  empty    永久移除：全部，或這些編號的；--older-than 與 --leave 會留下一部分。沒有 --yes 就先問

會找寫出來的資料夾；都沒寫就找設定裡的（root 或 --root、download.directory）與目前資料夾的專案。

加上 --json 時，每一行都是一個物件，"event" 是 item、restored、would_remove、removed、error 或 summary。

範例：
  civikit trash list ~/ComfyUI/models
  civikit trash restore 5f3a09c1
  civikit trash empty --older-than 14d`,
    idDue: "請指定要還原什麼：civikit trash restore 編號",
    emptyIn: (roots) => `垃圾桶是空的；找過：${roots.join("、")}`,
    whys: { duplicate: "重複", updated: "已更新", removed: "已移除" },
    nothingMeant: "垃圾桶裡沒有符合條件的項目",
    restored: (path) => `已還原：${path}`,
    removed: (path) => `已移除：${path}`,
    question: (count, size) => `要永久移除 ${count} 個模型（${size}）嗎？`,
    notAsked: "什麼都沒有移除。要移除請執行：civikit trash empty --yes",
    declined: "什麼都沒有移除",
    would: (count, size) => `會移除 ${count} 個模型，共 ${size}`,
    freed: (count, size) => `已移除 ${count} 個模型，釋出 ${size}`,
    total: (count, size) => `${count} 個模型，共 ${size}`,
    back: (count) => `已還原 ${count} 個模型`,
    sizeDue: (text) => `--leave「${text}」不是大小，例如 20G`,
  },
};
