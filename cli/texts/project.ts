import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit add`. */
export const addHelp: Bilingual = {
  en: `<what> is a version id, model:<id>, an AIR, the URL of a page on Civitai, or the
https address of a file elsewhere. It is written into civikit.models.json (what you
want), its exact version, file and SHA-256 into civikit.lock.json, and then it is
installed. Files on huggingface.co are locked by their LFS OID.

Or <what> is a picture (PNG, JPEG, WebP, AVIF), a ComfyUI workflow (.json) or an
infotext (.txt), as a file, an address, or a page https://civitai.com/images/<id>:
then it says which of the models it names are here, which are missing and where
they would go, and asks once whether to get the rest. --yes is the answer where
nobody can be asked; --dry-run only shows.

A version is pinned; a model (model:<id>) is followed: "civikit update" takes it
to its newest version. Both files are made when they are missing; --layout then
says where models go: a1111, forge, comfyui, sdnext, invokeai, flat, or a template
such as "{type}/{baseModel}/{file}".

With --json, the lines of "civikit download --json", and "added", "removed", "left";
of pictures and workflows "need" for each model, and "needs".

examples:
  civikit add 128713 --layout comfyui --root ~/ComfyUI
  civikit add model:1001 --base "SDXL 1.0"
  civikit add urn:air:sdxl:checkpoint:civitai:827184@2514310 --no-install
  civikit add lantern.png workflow.json
  civikit add https://civitai.com/images/98780806 --yes`,
  "zh-TW":
    `<what> 是版本編號、model:<id>、AIR、Civitai 頁面的網址，或其他地方的檔案的 https 網址。它會寫進 civikit.models.json（您要什麼），確切的版本、檔案與 SHA-256 寫進 civikit.lock.json，然後安裝。huggingface.co 上的檔案以它的 LFS OID 鎖定。

<what> 也可以是圖片（PNG、JPEG、WebP、AVIF）、ComfyUI 工作流程（.json）或 infotext（.txt），給檔案、網址，或 https://civitai.com/images/<id> 這樣的頁面都行：這時會列出它提到的模型哪些已有、哪些缺少、會放在哪裡，再問一次要不要取得缺少的。沒有人可以回答的地方用 --yes；--dry-run 只顯示。

版本是固定的；模型（model:<id>）會跟著走：「civikit update」把它更新到最新版本。兩個檔案不存在時會建立；這時 --layout 決定模型放在哪裡：a1111、forge、comfyui、sdnext、invokeai、flat，或像 "{type}/{baseModel}/{file}" 的樣板。

加上 --json 時，除了「civikit download --json」的那些行，還有 "added"、"removed"、"left"；圖片與工作流程則是每個模型一行 "need"，最後一行 "needs"。

範例：
  civikit add 128713 --layout comfyui --root ~/ComfyUI
  civikit add model:1001 --base "SDXL 1.0"
  civikit add urn:air:sdxl:checkpoint:civitai:827184@2514310 --no-install
  civikit add lantern.png workflow.json
  civikit add https://civitai.com/images/98780806 --yes`,
};

/** The help of `civikit remove`. */
export const removeHelp: Bilingual = {
  en: `<what> is an entry as civikit.models.json has it, a version id, model:<id>, an AIR,
a page URL, or the path of an installed file. It goes from manifest and lock file,
and its files go from the disk if they still are what was installed. Sidecars stay.
With --trash the files go into the trash instead, with their sidecars: "civikit trash"
brings them back.

examples:
  civikit remove 128713
  civikit remove model:1001 --keep-files`,
  "zh-TW":
    `<what> 是 civikit.models.json 裡的項目、版本編號、model:<id>、AIR、頁面網址，或已安裝檔案的路徑。它會從清單檔與鎖定檔移除；檔案如果仍與安裝時相同，也會從磁碟刪除。附屬檔會留下。加上 --trash 就改為連同附屬檔丟進垃圾桶，「civikit trash」可以還原。

範例：
  civikit remove 128713
  civikit remove model:1001 --keep-files`,
};

/** The help of `civikit install`. */
export const installHelp: Bilingual = {
  en: `Makes the folder exactly what civikit.lock.json says: fetches what is missing, in
parallel and verified, and takes away what earlier installs put there and nobody
wants any more (unless it was changed since, or --old keep is given). A file goes
when the one in its place is verified and there. Entries of civikit.models.json the
lock file does not know yet are looked up and locked; with --frozen that is an
error instead. When everything is there, no network is needed.

Killed or interrupted? Run it again. Keep both files in git: everybody who runs
"civikit install" then has the same models, bit for bit.

With --json every line is an object with "event": those of "civikit download", left,
removed, waiting, and mirror, which says what a --mirror has and has not.

examples:
  civikit install
  civikit install --frozen --root ~/ComfyUI`,
  "zh-TW":
    `讓資料夾與 civikit.lock.json 完全一致：缺少的平行下載並驗證；以前安裝、現在沒有人要的就刪除（除非之後改過，或加上 --old keep）。取代它的檔案驗證並就位之後，舊檔案才會刪除。civikit.models.json 裡鎖定檔還不認得的項目會先查詢並鎖定；加上 --frozen 則回報錯誤。全部都在時，不需要網路。

被中斷時，再執行一次就好。把兩個檔案都放進 git：每個執行「civikit install」的人就會得到位元相同的模型。

加上 --json 時，每一行都是帶有 "event" 的物件：與「civikit download」相同的那些，以及 left、removed、waiting 與 mirror；mirror 說 --mirror 有什麼、缺什麼。

範例：
  civikit install
  civikit install --frozen --root ~/ComfyUI`,
};

/** The help of `civikit outdated`. */
export const outdatedHelp: Bilingual = {
  en: `Shows the locked models that have newer versions; changes nothing. NEWEST is the
newest version that is an update, else the nearest, and STATE what there is to it:
new, early access until a date, other base model, have it elsewhere (another entry
has it), same bytes. Versions that a rule ignores are only told with --json. "follows"
entries move with "civikit update", "pinned" ones with "civikit update --latest".
What the site has no more is told as gone; it stays locked and on the disk.

With --json every line is an object with "event": outdated, gone, error or summary.`,
  "zh-TW":
    `列出已鎖定、但有更新版本的模型；什麼都不更動。「最新」是算更新的最新版本，沒有的話是最接近的；「狀態」說明它：新、搶先體驗到某一天、其他基礎模型、別處已有（另一個項目有）、與現有的內容相同。規則略過的版本只在 --json 裡出現。「跟隨」的項目用「civikit update」更新，「固定」的用「civikit update --latest」。網站已經沒有的會標明已下架；它仍然鎖定，檔案也留著。

加上 --json 時，每一行都是一個物件，"event" 是 outdated、gone、error 或 summary。`,
};

const usage = {
  nothingToAdd: "nothing to add: give a version id, model:<id>, an AIR, a URL, a picture or a workflow",
  nothingToRemove: "nothing to remove: name an entry of civikit.models.json",
  otherLayout: (name: string): string => `option --layout: civikit.models.json says ${name}; change it there`,
  noSuchModel: (text: string): string => `"${text}": the manifest has no such model`,
};

/** What is wrong with the options of the commands of a project. */
export const projectUsage: Texts<typeof usage> = {
  en: usage,
  "zh-TW": {
    nothingToAdd: "沒有要加入的：請給版本編號、model:<編號>、AIR、網址、圖片或工作流程",
    nothingToRemove: "沒有要移除的：請給 civikit.models.json 裡的一個項目",
    otherLayout: (name) => `選項 --layout：civikit.models.json 寫的是 ${name}；請改那裡`,
    noSuchModel: (text) => `「${text}」：清單檔裡沒有這個模型`,
  },
};

const outdated = {
  pinned: "pinned",
  follows: "follows",
  nothing: "everything is up to date",
};

/** What `civikit outdated` says. */
export const outdatedText: Texts<typeof outdated> = {
  en: outdated,
  "zh-TW": {
    pinned: "固定",
    follows: "跟隨",
    nothing: "全部都是最新的",
  },
};
