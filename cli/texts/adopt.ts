import type { ApartReason } from "../../api/mod.ts";
import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit adopt`. */
export const adoptHelp: Bilingual = {
  en: `Makes the models in a folder a project: each file Civitai knows gets its entry in
civikit.models.json and civikit.lock.json, with its own place and name. No file is
moved, renamed or changed. Afterwards outdated, update, verify and install work on
them, and "civikit install" elsewhere gives the same tree. What was proved counts as
installed: update and remove take it away, unless --keep-old is given.

The lock file promises hashes, so every file is hashed first; what was hashed
before is not read again, and a run that is stopped goes on where it was. --quick
does not wait: what is not hashed goes in as "presumed" (see "civikit scan --help")
until a later adopt, install or verify has read it. --dry-run hashes nothing either.

The root of a new project is the folder, or what several have in common, or --root;
it may be outside of the project. What is in manifest and lock file stays. What
cannot go in is listed with its reason, and kept in .civikit/apart.json: unknown,
ambiguous or damaged files, unfinished downloads, names not every system can hold.

With --json every line is an object with "event": adopted (would_adopt with
--dry-run), there, proved, corrected, apart, disproved, error or summary.

examples:
  civikit adopt ~/ComfyUI/models --dry-run
  civikit adopt ~/ComfyUI --layout comfyui --project ~/ComfyUI
  civikit adopt /mnt/disk1/models /mnt/disk2/models --root /mnt --quick`,
  "zh-TW":
    `把資料夾裡的模型變成專案：Civitai 認得的每個檔案，都以它現在的位置與名稱寫進 civikit.models.json 與 civikit.lock.json。不搬動、不改名、不更動任何檔案。之後 outdated、update、verify、install 都能用，在別的電腦上「civikit install」會得到同樣的檔案樹。驗證過的檔案等同安裝過的：update 與 remove 會刪除不再需要的，除非加上 --keep-old。

鎖定檔保證雜湊，所以先計算每個檔案的雜湊；算過的不會再讀一次，中途停下會從那裡接著做。--quick 不等：還沒算的以「推定」寫入（見「civikit scan --help」），直到之後的 adopt、install 或 verify 讀過為止。--dry-run 也不計算雜湊。

新專案的根資料夾是給的資料夾、幾個資料夾共同的上層，或 --root；可以在專案之外。清單檔與鎖定檔裡原有的內容不動。不能加入的會列出原因，並記在 .civikit/apart.json：不認得、無法確定或損壞的檔案、未完成的下載、不是每個系統都能用的檔名。

加上 --json 時，每一行都是一個物件，"event" 是 adopted（--dry-run 時是 would_adopt）、there、proved、corrected、apart、disproved、error 或 summary。

範例：
  civikit adopt ~/ComfyUI/models --dry-run
  civikit adopt ~/ComfyUI --layout comfyui --project ~/ComfyUI
  civikit adopt /mnt/disk1/models /mnt/disk2/models --root /mnt --quick`,
};

const reasons: Readonly<Record<ApartReason, string>> = {
  unknown: "unknown to Civitai",
  unasked: "Civitai could not be asked",
  unproved: "nothing fits by size and sample; only the whole hash tells",
  ambiguous: "one of several, only the whole hash tells which",
  gone: "known before, and gone from Civitai",
  damaged: "cannot be whole",
  unreadable: "cannot be read",
  dangling: "links to files that are not there",
  unfinished: "downloads that have not ended",
  unsafe_name: "names that not every system can hold; rename them to adopt them",
  same_name: "names that differ from another in upper case alone",
  outside: "not below the root",
  taken: "the lock file has another file at that place",
  no_model: "Civitai does not say which model it belongs to",
};

const adopt = {
  noFolder: "no folder was given, and there is no project here whose root could be meant",
  nothingCommon: "the folders have nothing in common; say with --root below which folder the project is",
  reasons: reasons as Readonly<Record<ApartReason, string>>,
  corrected: (path: string, was: string) => `corrected: ${path} is not ${was}`,
  proved: (path: string) => `proved: ${path}`,
  wouldBe: "This is what would be adopted; nothing was written.",
  toProve: "Presumed is not proved: civikit adopt, without --quick, hashes the files and goes on where it stopped.",
  remembered: "What was hashed is remembered; run the same command again to go on.",
  adopted: (count: number) => `${count} adopted`,
  presumed: (count: number) => `${count} of them presumed`,
  there: (count: number) => `${count} there already`,
  provedNow: (count: number) => `${count} proved now`,
  apart: (count: number) => `${count} apart`,
  summary: (words: readonly string[], time: string): string => `${words.join(", ")} in ${time}`,
};

/** What `civikit adopt` says. */
export const adoptText: Texts<typeof adopt> = {
  en: adopt,
  "zh-TW": {
    noFolder: "沒有給資料夾，這裡也沒有專案可以取它的根資料夾",
    nothingCommon: "這些資料夾沒有共同的上層；請用 --root 指定專案的根資料夾",
    reasons: {
      unknown: "Civitai 不認得",
      unasked: "問不到 Civitai",
      unproved: "大小與抽樣都不符合；要算完整雜湊才知道",
      ambiguous: "符合多個，要算完整雜湊才知道是哪一個",
      gone: "以前認得，Civitai 上已經沒有",
      damaged: "不完整",
      unreadable: "無法讀取",
      dangling: "連結指向不存在的檔案",
      unfinished: "未完成的下載",
      unsafe_name: "不是每個系統都能用的檔名；改名後才能加入",
      same_name: "與另一個檔名只差在大小寫",
      outside: "不在根資料夾下",
      taken: "鎖定檔在同一個位置記的是別的檔案",
      no_model: "Civitai 沒說屬於哪個模型",
    },
    corrected: (path, was) => `已更正：${path} 不是 ${was}`,
    proved: (path) => `已驗證：${path}`,
    wouldBe: "以上是會加入的檔案；什麼都沒有寫入。",
    toProve: "推定不等於驗證：不加 --quick 的 civikit adopt 會計算雜湊，並從停下的地方接著做。",
    remembered: "算過的雜湊都記住了；再執行同一個指令就會接著做。",
    adopted: (count) => `${count} 個加入`,
    presumed: (count) => `其中 ${count} 個推定`,
    there: (count) => `${count} 個原本就在`,
    provedNow: (count) => `${count} 個剛驗證`,
    apart: (count) => `${count} 個另列`,
    summary: (words, time) => `${words.join("，")}，共 ${time}`,
  },
};
