import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit show`. */
export const showHelp: Bilingual = {
  en: `Shows everything that is known of model files: what they are on Civitai, hashes and
when they were proved, base model, trigger words, notes and tags, what the creator
allows, what the head says (.safetensors: modelspec, training tags; GGUF too), and
what lies beside them. A file that was not hashed before is hashed; Civitai is asked
only for what nobody knows yet, with --offline not at all.

--note, --own-tags and --words change what you know of a file. It is kept in
NAME.civikit.json beside it, which no other program touches. What A1111 (NAME.json)
and Lora-Manager (NAME.metadata.json) have is read, and never written.

With --json every line is an object with "event": model, error or summary.

examples:
  civikit show models/loras/lantern.safetensors
  civikit show lantern.safetensors --note "best at 0.8" --own-tags style,paper
  civikit show lantern.safetensors --own-tags=-paper --words "paper lantern,glow"`,
  "zh-TW":
    `顯示模型檔案的一切：在 Civitai 上是什麼、雜湊與驗證的日期、基礎模型、觸發詞、筆記與標籤、作者允許什麼、檔頭怎麼說（.safetensors 的 modelspec 與訓練標籤；GGUF 也可以），以及旁邊有什麼。沒算過雜湊的檔案會算一次；只有沒有人知道的才問 Civitai，加上 --offline 就完全不問。

--note、--own-tags、--words 修改您對檔案的記錄。它放在旁邊的 NAME.civikit.json，別的程式不會碰。A1111 的 NAME.json 與 Lora-Manager 的 NAME.metadata.json 只讀不寫。

加上 --json 時，每一行都是一個物件，"event" 是 model、error 或 summary。

範例：
  civikit show models/loras/lantern.safetensors
  civikit show lantern.safetensors --note "best at 0.8" --own-tags style,paper
  civikit show lantern.safetensors --own-tags=-paper --words "paper lantern,glow"`,
};

const en = {
  nothing: "nothing to show: give a model file",
  isFolder: (folder: string): string => `it shows files; what is in a folder: civikit scan ${folder}`,
  oneNote: "--note and --words are for one file",
  unknown: "not known to Civitai",
  unasked: "not asked about",
  gone: (date: string): string => `gone from Civitai since ${date}; it is kept`,
  bySidecar: "by its sidecar",
  second: (name: string): string => `at the second source ${name}`,
  tensors: (count: number): string => `${count} tensors`,
  hashing: "hashing",
};

/** What `civikit show` says. */
export const showText: Texts<typeof en> = {
  en,
  "zh-TW": {
    nothing: "沒有要顯示的：請給一個模型檔案",
    isFolder: (folder) => `這裡顯示的是檔案；要看資料夾裡有什麼：civikit scan ${folder}`,
    oneNote: "--note 與 --words 一次只用於一個檔案",
    unknown: "Civitai 不認得",
    unasked: "還沒問過",
    gone: (date) => `${date} 起 Civitai 已下架；檔案留著`,
    bySidecar: "依附屬檔",
    second: (name) => `第二來源 ${name} 有`,
    tensors: (count) => `${count} 個張量`,
    hashing: "正在計算雜湊",
  },
};
