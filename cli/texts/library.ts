import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit scan`. */
export const scanHelp: Bilingual = {
  en: `Hashes every model file below the folders (default: the current one), or single
files, asks Civitai what each is, and reports. Files that did not change since
the last scan are not hashed again; what Civitai said is remembered. Nothing is
written into the folders unless --sidecars or --link-duplicates asks for it.

Standard output holds the report, with paths as seen from the folder given: what
Civitai knows, the first files it does not, duplicates and totals; --all lists
every file. Damaged is what by its own account cannot be whole: .safetensors,
GGUF and zip archives (.pt, .ckpt) say how long they are. The exit code is 7
then. With --json every line is an object with "event": file, damaged, skipped, error,
disproved, duplicates, sidecar, linked, update or summary, and paths are whole.

--quick names files without reading them: by the exact size and a hash over 64 KiB
of each (AutoV1), the hashes in its head, and a .civitai.info beside it. Such a name
is "presumed", and so it is called everywhere until the whole file was hashed:
by --prove at the end of the same run, by a later "civikit scan", or by
"civikit serve" in the background. All of them go on where the last one stopped. A
file that fits several versions is listed with all of them; nobody chooses. What the
hash disproves is told (exit code 7 when its bytes are nobody's). Files under 2 MiB
are hashed at once.

--updates asks Civitai, 100 models a question, which models have newer versions.
A model that cannot be asked about, because it was deleted for instance, is
reported and stops nothing. Nothing is downloaded: give a version id of the list
to "civikit download". A version counts as newer when it stands before every one
you have; NEWEST is the newest for a base model you have, so that an SDXL LoRA is
not "updated" to a Flux one. --any-base shows the others too.

examples:
  civikit scan ~/ComfyUI/models
  civikit scan ~/ComfyUI/models --quick
  civikit scan models --all
  civikit scan models --updates
  civikit scan models --sidecars --json`,
  "zh-TW":
    `計算資料夾（預設：目前的資料夾）或單一檔案的雜湊，問 Civitai 每個檔案是什麼，然後回報。上次掃描後沒有變動的檔案不再計算；Civitai 的回答會記住。除非加上 --sidecars 或 --link-duplicates，不會在資料夾裡寫任何東西。

標準輸出是報告，路徑從給的資料夾看起：Civitai 認得的、前幾個不認得的、重複的檔案與總計；--all 列出每個檔案。「損壞」是指檔案自己說的長度與實際不符：.safetensors、GGUF 與 zip 壓縮檔（.pt、.ckpt）都記有長度；這時結束代碼是 7。加上 --json 時，每一行都是一個物件，"event" 是 file、damaged、skipped、error、disproved、duplicates、sidecar、linked、update 或 summary，路徑是完整的。

--quick 不讀完檔案就說出是什麼：看確切大小、64 KiB 抽樣的雜湊（AutoV1）、檔頭裡的雜湊，以及旁邊的 .civitai.info。這樣得到的名稱是「推定」，在讀完整個檔案算出雜湊之前，各處都會標明推定。驗證可以用同一次執行的 --prove、之後的「civikit scan」，或由「civikit serve」在背景進行；都會從上次停下的地方接著做。符合多個版本的檔案會全部列出，不會替您挑。雜湊否定的推定會告訴您（內容沒人認得時結束代碼是 7）。小於 2 MiB 的檔案當場計算雜湊。

--updates 問 Civitai 哪些模型有更新的版本，一次問 100 個。無法查詢的模型（例如已刪除）會回報，但不影響其他模型。什麼都不會下載：請把清單裡的版本編號交給「civikit download」。排在您所有版本前面的才算較新；「最新」是指您有的基礎模型的最新版本，所以 SDXL 的 LoRA 不會「更新」成 Flux 的。--any-base 也列出其他的。

範例：
  civikit scan ~/ComfyUI/models
  civikit scan ~/ComfyUI/models --quick
  civikit scan models --all
  civikit scan models --updates
  civikit scan models --sidecars --json`,
};

/** The help of `civikit verify`. */
export const verifyHelp: Bilingual = {
  en: `Hashes files again, all of them, and compares each with what was written down:
with folders, the hash of the last scan; without, the lock file of the project
(civikit.lock.json). Finds what a disk lost or something overwrote without
changing size or time. Asks nobody; changes no model. Locked files that are only
"presumed" (civikit adopt --quick) lose that mark once they are proved.

Files nobody has written down are "unrecorded". What .safetensors, GGUF and zip
archives (.pt, .ckpt) say of themselves must fit their size, too, unless Civitai
or the lock file knows the very bytes.

With --json every line is an object with "event": ok, unrecorded, damaged,
missing, unreadable or summary. The exit code is 7 when something is damaged.`,
  "zh-TW":
    `重新計算所有檔案的雜湊，與記下來的比對：給了資料夾，就比對上次掃描的雜湊；沒給，就比對專案的鎖定檔（civikit.lock.json）。磁碟遺失的，或大小與時間沒變但內容被改寫的，都找得出來。不問任何人，也不更動任何模型。鎖定檔裡只是「推定」的檔案（civikit adopt --quick）驗證之後會去掉這個標記。

沒有人記過的檔案是「未記錄」。.safetensors、GGUF 與 zip 壓縮檔（.pt、.ckpt）自己記的長度也必須相符，除非 Civitai 或鎖定檔認得這些位元組。

加上 --json 時，每一行都是一個物件，"event" 是 ok、unrecorded、damaged、missing、unreadable 或 summary。有損壞時結束代碼是 7。`,
};

/** How far something is that reads bytes. */
export interface Reading {
  /** Bytes read. */
  readonly done: string;
  /** Bytes in all. */
  readonly total: string;
  /** Of a hundred. */
  readonly percent: number;
  /** Bytes a second. */
  readonly speed: string;
  /** How long it will take; undefined while nobody can tell. */
  readonly left: string | undefined;
}

const reading = ({ percent, done, total, speed, left }: Reading): string =>
  `${percent}%, ${done} of ${total}, ${speed}${left === undefined ? "" : `, ${left} left`}`;
const readingChinese = ({ percent, done, total, speed, left }: Reading): string =>
  `${percent}%，${done}／${total}，${speed}${left === undefined ? "" : `，還要 ${left}`}`;

const scan = {
  needsSite: (name: string) => `option --${name}: needs Civitai, not --offline`,
  needsUpdates: "option --any-base: belongs to --updates",
  needsQuick: "option --prove: belongs to --quick",
  presuming: (done: number, total: number) => `naming by sample: ${done} of ${total}`,
  proved: "proved",
  presumed: "presumed",
  ambiguous: "one of several, only the whole hash tells which",
  unproved: "nothing fits by size and sample, only the whole hash tells",
  told: (words: string) => `(says of itself: ${words})`,
  disproved: (path: string, was: string) => `not what it was presumed to be: ${path} (${was})`,
  toProve: "Presumed is not proved: civikit scan, without --quick, hashes the files and goes on where it stopped.",
  asking: (done: number, total: number) => `asking Civitai: ${done} of ${total}`,
  hashing: (at: Reading) => `hashing: ${reading(at)}`,
  askingUpdates: "asking Civitai for newer versions",
  askingSubject: "asking Civitai",
  unknown: "unknown to Civitai",
  unasked: "not asked about",
  list: (title: string) => `${title}:`,
  more: (count: number) => `and ${count} more (--all)`,
  same: (count: number, waste: string) => `the same file ${count} times (${waste}):`,
  toGain: (bytes: string) => `${bytes} to gain`,
  nothingToGain: "nothing to gain",
  linked: (path: string) => `linked: ${path}`,
  written: (path: string) => `written: ${path}`,
  updates: (outdated: number, models: number) => `${outdated} of ${models} models have newer versions`,
  remembered: "What was hashed is remembered; run the same command again to go on.",
  counts: {
    known: (count: number) => `${count} known`,
    presumed: (count: number) => `${count} presumed`,
    ambiguous: (count: number) => `${count} ambiguous`,
    unproved: (count: number) => `${count} unproved`,
    unknown: (count: number) => `${count} unknown`,
    unasked: (count: number) => `${count} not asked`,
    damaged: (count: number) => `${count} damaged`,
    skipped: (count: number) => `${count} skipped`,
  },
  summary: (
    files: number,
    bytes: string,
    counts: readonly string[],
    hashed: number,
    hashedBytes: string,
    time: string,
  ): string =>
    `${files} ${files === 1 ? "file" : "files"}, ${bytes}: ${
      counts.join(", ")
    }; ${hashed} hashed now (${hashedBytes}) in ${time}`,
};

/** What `civikit scan` says, in one language. */
export type ScanText = typeof scan;

/** What `civikit scan` says. */
export const scanText: Texts<ScanText> = {
  en: scan,
  "zh-TW": {
    needsSite: (name) => `選項 --${name}：需要 Civitai，不能與 --offline 同時使用`,
    needsUpdates: "選項 --any-base：要與 --updates 一起用",
    needsQuick: "選項 --prove：要與 --quick 一起用",
    presuming: (done, total) => `用抽樣推定：${done}／${total}`,
    proved: "已驗證",
    presumed: "推定",
    ambiguous: "符合多個，要算完整雜湊才知道是哪一個",
    unproved: "大小與抽樣都不符合，要算完整雜湊才知道",
    told: (words) => `（檔頭寫著：${words}）`,
    disproved: (path, was) => `不是推定的那個檔案：${path}（${was}）`,
    toProve: "推定不等於驗證：不加 --quick 的 civikit scan 會計算雜湊，並從停下的地方接著做。",
    asking: (done, total) => `詢問 Civitai：${done}／${total}`,
    hashing: (at) => `計算雜湊：${readingChinese(at)}`,
    askingUpdates: "詢問 Civitai 有沒有更新的版本",
    askingSubject: "詢問 Civitai",
    unknown: "Civitai 不認得的",
    unasked: "還沒問過的",
    list: (title) => `${title}：`,
    more: (count) => `還有 ${count} 個（--all）`,
    same: (count, waste) => `同一個檔案有 ${count} 份（${waste}）：`,
    toGain: (bytes) => `可省下 ${bytes}`,
    nothingToGain: "沒有可省的空間",
    linked: (path) => `已連結：${path}`,
    written: (path) => `已寫入：${path}`,
    updates: (outdated, models) => `${models} 個模型中有 ${outdated} 個有更新的版本`,
    remembered: "算過的雜湊都記住了；再執行同一個指令就會接著做。",
    counts: {
      known: (count) => `${count} 個認得`,
      presumed: (count) => `${count} 個推定`,
      ambiguous: (count) => `${count} 個無法確定`,
      unproved: (count) => `${count} 個未驗證`,
      unknown: (count) => `${count} 個不認得`,
      unasked: (count) => `${count} 個沒問過`,
      damaged: (count) => `${count} 個損壞`,
      skipped: (count) => `${count} 個略過`,
    },
    summary: (files, bytes, counts, hashed, hashedBytes, time) =>
      `${files} 個檔案，${bytes}：${counts.join("、")}；這次算了 ${hashed} 個（${hashedBytes}），共 ${time}`,
  },
};

const verify = {
  nothing: "nothing to verify: no folder was given, and there is no lock file here; this folder: civikit verify .",
  interrupted: "interrupted",
  verifying: (at: Reading) => `verifying: ${reading(at)}`,
  states: { ok: "ok", unrecorded: "unrecorded", damaged: "damaged", missing: "missing", unreadable: "unreadable" },
  count: (count: number, state: string) => `${count} ${state}`,
  summary: (words: readonly string[], time: string): string => `${words.join(", ") || "no files"} in ${time}`,
};

/** What `civikit verify` says. */
export const verifyText: Texts<typeof verify> = {
  en: verify,
  "zh-TW": {
    nothing: "沒有可以驗證的：沒有給資料夾，這裡也沒有鎖定檔；要驗證這個資料夾：civikit verify .",
    interrupted: "已中斷",
    verifying: (at) => `驗證：${readingChinese(at)}`,
    states: { ok: "正常", unrecorded: "未記錄", damaged: "損壞", missing: "不見了", unreadable: "無法讀取" },
    count: (count, state) => `${state} ${count} 個`,
    summary: (words, time) => `${words.join("、") || "沒有檔案"}，共 ${time}`,
  },
};
