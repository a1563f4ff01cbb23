import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit mirror`. */
export const mirrorHelp: Bilingual = {
  en: `Puts every file of a project's lock file into an object store (Amazon S3, Cloudflare
R2, MinIO, ...), named by its SHA-256: what is there is left, what lies in the
project's folder is taken from there, the rest is fetched from Civitai and verified
first. Every machine that then runs "civikit install --mirror s3://..." has the
files from there, and asks Civitai only for what is missing.

Killed or interrupted? Run it again, here or elsewhere: large files go on with the
parts that have arrived. Uploads that nobody went on with for seven days are given
up at the end of a run.

The credentials are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or of the
profile AWS_PROFILE in ~/.aws/credentials; s3.endpoint, s3.region and s3.addressing
are settings.

With --json every line is an object with "event": there, stored, would_store, error,
progress, cleaned or summary.

examples:
  civikit mirror . s3://models/lab --dry-run
  civikit mirror ~/ComfyUI-project s3://models/lab
  civikit install --mirror s3://models/lab`,
  "zh-TW":
    `把專案鎖定檔裡的每個檔案放進物件儲存（Amazon S3、Cloudflare R2、MinIO 等），以 SHA-256 命名：已經在那裡的不動，專案資料夾裡有的就從那裡取，其餘先從 Civitai 下載並驗證。之後每台電腦執行「civikit install --mirror s3://...」就會從那裡取得檔案，只有缺少的才問 Civitai。

被中斷時，在這裡或另一台電腦再執行一次就好：大檔案會從已經送達的部分繼續。七天沒有人繼續的上傳，會在執行結束時放棄。

憑證來自 AWS_ACCESS_KEY_ID 與 AWS_SECRET_ACCESS_KEY，或 ~/.aws/credentials 裡 AWS_PROFILE 的設定檔；s3.endpoint、s3.region、s3.addressing 是設定。

加上 --json 時，每一行都是帶有 "event" 的物件：there、stored、would_store、error、progress、cleaned 或 summary。

範例：
  civikit mirror . s3://models/lab --dry-run
  civikit mirror ~/ComfyUI-project s3://models/lab
  civikit install --mirror s3://models/lab`,
};

const en = {
  usage: "it takes a project's folder and a place such as s3://bucket/prefix",
  storing: (name: string, percent: number) => `storing ${name}: ${percent} %`,
  stored: (name: string, size: string, from: "disk" | "site") =>
    `stored: ${name} (${size}, from ${from === "disk" ? "the disk" : "Civitai"})`,
  wouldStore: (name: string, size: string, from: "disk" | "site") =>
    `would store: ${name} (${size}, from ${from === "disk" ? "the disk" : "Civitai"})`,
  unknownSize: "size unknown",
  cleaned: (count: number) =>
    `given up: ${count} unfinished ${count === 1 ? "upload" : "uploads"} of over seven days ago`,
  summary: (place: string, counts: readonly string[], elapsed: string) =>
    `${place}: ${counts.length === 0 ? "nothing to store" : counts.join(", ")} in ${elapsed}`,
  there: (count: number) => `${count} there`,
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
    usage: "需要專案的資料夾，以及像 s3://bucket/prefix 的位置",
    storing: (name, percent) => `正在存入 ${name}：${percent} %`,
    stored: (name, size, from) => `已存入：${name}（${size}，來自${from === "disk" ? "磁碟" : " Civitai"}）`,
    wouldStore: (name, size, from) => `將會存入：${name}（${size}，來自${from === "disk" ? "磁碟" : " Civitai"}）`,
    unknownSize: "大小不明",
    cleaned: (count) => `已放棄：${count} 個超過七天未完成的上傳`,
    summary: (place, counts, elapsed) =>
      `${place}：${counts.length === 0 ? "沒有要存入的檔案" : counts.join("、")}，花了 ${elapsed}`,
    there: (count) => `${count} 個已在那裡`,
    storedCount: (count, sent, resumed) =>
      `存入 ${count} 個（送出 ${sent}${resumed === undefined ? "" : `，先前已送達 ${resumed}`}）`,
    missing: (count, size) => `${count} 個要存入（${size}）`,
    failed: (count) => `${count} 個失敗`,
    found: (found, wanted, place) => `${wanted} 個檔案中有 ${found} 個在 ${place}`,
    away: (place, why) => `${place} 無法使用，全部改從 Civitai 下載：${why}`,
    notFrom: (name, place, why) => `${name} 改從 Civitai 下載，不用 ${place}：${why}`,
  },
};
