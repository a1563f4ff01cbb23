import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit mirror`. */
export const mirrorHelp: Bilingual = {
  en: `Puts every file of a project's lock file into an object store (Amazon S3, Cloudflare
R2, MinIO, ...), named by its SHA-256: what is there is left, what lies in the
project's folder is taken from there, the rest is fetched from Civitai and verified
first. Every machine that then runs "civikit install --mirror s3://..." has the
files from there, and asks Civitai only for what is missing.

Killed or interrupted? Run it again, here or elsewhere: large files go on with the
parts that have arrived. Uploads that nobody went on with for seven days (or
--older-than) are given up at the end of a run; --dry-run lists what is unfinished.

A store says what came in, not what it would give today. --check reads what is there,
the longest unread first, within --budget, and replaces what is damaged by what the
project's folder or Civitai has; with --dry-run it only says so. Without a project
every file there is read and proved by the hash it is named by, and nothing replaced.

The credentials are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or of the
profile AWS_PROFILE in ~/.aws/credentials, read again once it has changed, or of the
container (AWS_CONTAINER_CREDENTIALS_FULL_URI); s3.endpoint, s3.region and s3.addressing
are settings.

With --json every line is an object with "event": there, proved, stored, replaced,
would_store, damaged, error, progress, unfinished, cleaned or summary.

examples:
  civikit mirror . s3://models/lab --dry-run
  civikit mirror ~/ComfyUI-project s3://models/lab
  civikit mirror . s3://models/lab --check --budget 50G
  civikit mirror s3://models/lab --check
  civikit install --mirror s3://models/lab`,
  "zh-TW":
    `把專案鎖定檔裡的每個檔案放進物件儲存（Amazon S3、Cloudflare R2、MinIO 等），以 SHA-256 命名：已經在那裡的不動，專案資料夾裡有的就從那裡取，其餘先從 Civitai 下載並驗證。之後每台電腦執行「civikit install --mirror s3://...」就會從那裡取得檔案，只有缺少的才問 Civitai。

被中斷時，在這裡或另一台電腦再執行一次就好：大檔案會從已經送達的部分繼續。七天（或 --older-than）沒有人繼續的上傳，會在執行結束時放棄；--dry-run 列出未完成的上傳。

儲存服務說的是當初收到什麼，不是今天會給什麼。--check 在 --budget 之內把那裡的檔案讀一次，最久沒讀的先讀，損壞的用專案資料夾或 Civitai 的換掉；加上 --dry-run 就只說出來。不寫專案時，把那裡的每個檔案讀一次，照它名字裡的雜湊驗證，什麼都不換。

憑證來自 AWS_ACCESS_KEY_ID 與 AWS_SECRET_ACCESS_KEY，或 ~/.aws/credentials 裡 AWS_PROFILE 的設定檔（改了就重讀），或容器的服務（AWS_CONTAINER_CREDENTIALS_FULL_URI）；s3.endpoint、s3.region、s3.addressing 是設定。

加上 --json 時，每一行都是帶有 "event" 的物件：there、proved、stored、replaced、would_store、damaged、error、progress、unfinished、cleaned 或 summary。

範例：
  civikit mirror . s3://models/lab --dry-run
  civikit mirror ~/ComfyUI-project s3://models/lab
  civikit mirror . s3://models/lab --check --budget 50G
  civikit mirror s3://models/lab --check
  civikit install --mirror s3://models/lab`,
};

const en = {
  usage: "it takes a project's folder and a place such as s3://bucket/prefix; with --check the place alone will do",
  sizeDue: (text: string) => `option --budget: "${text}" is no size such as 50G`,
  budgetAlone: "option --budget: it goes with --check",
  storing: (name: string, percent: number) => `storing ${name}: ${percent} %`,
  reading: (name: string, percent: number) => `reading ${name}: ${percent} %`,
  stored: (name: string, size: string, from: "disk" | "site") =>
    `stored: ${name} (${size}, from ${from === "disk" ? "the disk" : "Civitai"})`,
  replaced: (name: string, size: string, from: "disk" | "site") =>
    `replaced: ${name} (${size}, from ${from === "disk" ? "the disk" : "Civitai"})`,
  damaged: (name: string, why: string) => `damaged: ${name}: ${why}`,
  wouldStore: (name: string, size: string, from: "disk" | "site") =>
    `would store: ${name} (${size}, from ${from === "disk" ? "the disk" : "Civitai"})`,
  unknownSize: "size unknown",
  trial: "a trial of the right to write",
  unfinished: (name: string, size: string, last: string, isOld: boolean) =>
    `unfinished: ${name} (${size}, last ${last}): ${isOld ? "would be given up" : "the next run goes on with it"}`,
  cleaned: (count: number, size: string) =>
    `given up: ${count} unfinished ${count === 1 ? "upload" : "uploads"} that nobody went on with (${size})`,
  notCleaned: (why: string) => `unfinished uploads cannot be looked after: ${why}`,
  summary: (place: string, counts: readonly string[], elapsed: string) =>
    `${place}: ${counts.length === 0 ? "nothing to store" : counts.join(", ")} in ${elapsed}`,
  checked: (place: string, counts: readonly string[], elapsed: string) =>
    `${place}: ${counts.length === 0 ? "nothing there" : counts.join(", ")} in ${elapsed}`,
  there: (count: number) => `${count} there`,
  unread: (count: number) => `${count} there, not read now`,
  provedCount: (count: number, size: string) => `${count} read and right (${size})`,
  replacedCount: (count: number) => `${count} damaged and replaced`,
  damagedCount: (count: number) => `${count} damaged`,
  storedCount: (count: number, sent: string, resumed: string | undefined) =>
    `${count} stored (${sent} sent${resumed === undefined ? "" : `, ${resumed} had arrived before`})`,
  missing: (count: number, size: string) => `${count} to store (${size})`,
  failed: (count: number) => `${count} failed`,
  found: (found: number, wanted: number, place: string) => `${found} of ${wanted} files are in ${place}`,
  away: (place: string, why: string) => `${place} cannot be used, everything comes from Civitai: ${why}`,
  notFrom: (name: string, place: string, why: string) => `${name} comes from Civitai, not from ${place}: ${why}`,
};

/** What `civikit mirror` and `--mirror` say. */
export const mirrorText: Texts<typeof en> = {
  en,
  "zh-TW": {
    usage: "需要專案的資料夾，以及像 s3://bucket/prefix 的位置；加上 --check 時可以只寫位置",
    sizeDue: (text) => `選項 --budget：「${text}」不是像 50G 的大小`,
    budgetAlone: "選項 --budget：要和 --check 一起用",
    storing: (name, percent) => `正在存入 ${name}：${percent} %`,
    reading: (name, percent) => `正在讀取 ${name}：${percent} %`,
    stored: (name, size, from) => `已存入：${name}（${size}，來自${from === "disk" ? "磁碟" : " Civitai"}）`,
    replaced: (name, size, from) => `已換掉：${name}（${size}，來自${from === "disk" ? "磁碟" : " Civitai"}）`,
    damaged: (name, why) => `損壞：${name}：${why}`,
    wouldStore: (name, size, from) => `將會存入：${name}（${size}，來自${from === "disk" ? "磁碟" : " Civitai"}）`,
    unknownSize: "大小不明",
    trial: "試寫入權限時留下的",
    unfinished: (name, size, last, isOld) =>
      `未完成：${name}（${size}，最後在 ${last}）：${isOld ? "會放棄" : "下次會接著傳"}`,
    cleaned: (count, size) => `已放棄：${count} 個沒有人繼續的上傳（${size}）`,
    notCleaned: (why) => `無法處理未完成的上傳：${why}`,
    summary: (place, counts, elapsed) =>
      `${place}：${counts.length === 0 ? "沒有要存入的檔案" : counts.join("、")}，花了 ${elapsed}`,
    checked: (place, counts, elapsed) =>
      `${place}：${counts.length === 0 ? "沒有檔案" : counts.join("、")}，花了 ${elapsed}`,
    there: (count) => `${count} 個已在那裡`,
    unread: (count) => `${count} 個已在那裡，這次沒有讀`,
    provedCount: (count, size) => `${count} 個讀過而且正確（${size}）`,
    replacedCount: (count) => `${count} 個損壞並已換掉`,
    damagedCount: (count) => `${count} 個損壞`,
    storedCount: (count, sent, resumed) =>
      `存入 ${count} 個（送出 ${sent}${resumed === undefined ? "" : `，先前已送達 ${resumed}`}）`,
    missing: (count, size) => `${count} 個要存入（${size}）`,
    failed: (count) => `${count} 個失敗`,
    found: (found, wanted, place) => `${wanted} 個檔案中有 ${found} 個在 ${place}`,
    away: (place, why) => `${place} 無法使用，全部改從 Civitai 下載：${why}`,
    notFrom: (name, place, why) => `${name} 改從 Civitai 下載，不用 ${place}：${why}`,
  },
};
