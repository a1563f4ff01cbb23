import type { Texts } from "./texts.ts";

const groups = (count: number): string => `${count} ${count === 1 ? "model is" : "models are"} there more than once`;

const en = {
  help: `Finds model files with the same bytes in the folders (default: those of the
settings), across folders and disks. Only files of equal size are hashed. Without
--link or --trash it only lists.

--prefer says which of them stays: oldest (default), newest, shortest (path), folders
(the one in the folder you name first), project (the one the lock file names).

--link makes the others hard links to it: the room is free at once, and every path
still works, those of a lock file too. On another disk a file stays, unless --symlink
makes it a symbolic link.
--trash puts the others with their sidecars into the trash of their disk: civikit
trash brings them back, and its emptying frees the room. What a lock file names stays;
with --locked, what it names in two places goes but for one, out of lock file and
manifest, too.

Right before a file is touched, it and the one that stays are hashed again in full; one
that is no longer what it was is left alone. Asks first, unless --yes is given.

With --json every line is an object with "event": duplicates, linked, symlinked,
trashed, kept, skipped or summary.

examples:
  civikit duplicates ~/ComfyUI/models
  civikit duplicates ~/ComfyUI/models /mnt/big --link --prefer folders
  civikit duplicates ~/models --trash --prefer newest`,
  oneOf: "only one of --link and --trash",
  symlinkNeeds: "--symlink goes with --link",
  stays: "stays: ",
  allLocked: "nothing can be changed: what a lock file names stays",
  heldHint: "what the lock file names: --link; what it names twice: --trash --locked, too",
  lockedNeeds: "--locked goes with --trash",
  named: "in the lock file, too",
  locked: "in the lock file: it stays, too",
  none: "nothing is there twice",
  found: (count: number, size: string): string => `${groups(count)}; ${size} to gain`,
  linkQuestion: (count: number): string => `Make ${count} ${count === 1 ? "file a link" : "files links"}?`,
  trashQuestion: (count: number): string => `Put ${count} ${count === 1 ? "file" : "files"} into the trash?`,
  proving: (at: number, count: number, name: string): string => `comparing ${at} of ${count}: ${name}`,
  hint: "to free the room: --link or --trash",
  notAsked: "nothing was changed. To do it: --yes",
  declined: "nothing was changed",
  reasons: {
    same: "the same file already",
    other_disk: "on another disk; --symlink links it",
    no_links: "this disk knows no links; --trash frees the room",
    locked: "the lock file has it nowhere else",
  },
  linked: (count: number): string => `${count} linked`,
  trashed: (count: number, list: string): string => `${count} in the trash${count > 0 ? `; ${list}` : ""}`,
  left: (count: number): string => `, ${count} left`,
};

/** What `civikit duplicates` says. */
export const duplicatesText: Texts<typeof en> = {
  en,
  "zh-TW": {
    help:
      `找出資料夾（預設：設定裡的）中內容完全相同的模型檔案，跨資料夾、跨磁碟。只計算大小相同的檔案的雜湊。沒有 --link 或 --trash 就只列出。

--prefer 決定留下哪一個：oldest（預設，最舊）、newest（最新）、shortest（路徑最短）、folders（在您先寫的資料夾裡的）、project（鎖定檔記載的）。

--link 把其餘的改成硬連結：立刻騰出空間，每個路徑都照樣能用，鎖定檔記載的也可以。在別的磁碟上的留在原地，加上 --symlink 才改成符號連結。--trash 把其餘的連同附屬檔丟進各自磁碟的垃圾桶：civikit trash 可以還原，清空之後才騰出空間。鎖定檔記載的留著；加上 --locked，鎖定檔記載兩份以上的只留一份，其餘的也從鎖定檔與清單檔移除。

動到檔案之前，它與留下的那一個都會重新計算整個雜湊；已經不一樣的就不動。沒有 --yes 就先問。

加上 --json 時，每一行都是一個物件，"event" 是 duplicates、linked、symlinked、trashed、kept、skipped 或 summary。

範例：
  civikit duplicates ~/ComfyUI/models
  civikit duplicates ~/ComfyUI/models /mnt/big --link --prefer folders
  civikit duplicates ~/models --trash --prefer newest`,
    oneOf: "--link 與 --trash 只能用一個",
    symlinkNeeds: "--symlink 要與 --link 一起用",
    stays: "留下：",
    allLocked: "沒有可以改的：鎖定檔記載的都留下",
    heldHint: "鎖定檔記載的：--link；記載兩份以上的也可以 --trash --locked",
    lockedNeeds: "--locked 要與 --trash 一起用",
    named: "鎖定檔也記載它",
    locked: "鎖定檔記載它，也留下",
    none: "沒有重複的檔案",
    found: (count, size) => `${count} 個模型重複；可騰出 ${size}`,
    linkQuestion: (count) => `要把 ${count} 個檔案改成連結嗎？`,
    trashQuestion: (count) => `要把 ${count} 個檔案丟進垃圾桶嗎？`,
    proving: (at, count, name) => `比對 ${at}／${count}：${name}`,
    hint: "要騰出空間：--link 或 --trash",
    notAsked: "什麼都沒有變。要執行請加上：--yes",
    declined: "什麼都沒有變",
    reasons: {
      same: "已經是同一個檔案",
      other_disk: "在別的磁碟上；--symlink 改成連結",
      no_links: "這個磁碟沒有連結；用 --trash 騰出空間",
      locked: "鎖定檔沒有別處記載它",
    },
    linked: (count) => `${count} 個改成連結`,
    trashed: (count, list) => `${count} 個丟進垃圾桶${count > 0 ? `；${list}` : ""}`,
    left: (count) => `，${count} 個留在原地`,
  },
};
