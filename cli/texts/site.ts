import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit models`. */
export const modelsHelp: Bilingual = {
  en: `actions:
  search [<words>]   models that fit, best rated first
  get <what>         one model with its versions: an id, a page's URL or an AIR

Options with several values take commas: --type LORA,LoCon. An unknown tag or
base model is an error, because Civitai would ignore the tag, or find nothing.

examples:
  civikit models search lantern --type LORA --base "SDXL 1.0" --nsfw
  civikit models search --user lamplighter --sort Newest --all --json
  civikit models get https://civitai.com/models/4384`,
  "zh-TW": `動作：
  search [<words>]   符合條件的模型，評價最高的在前
  get <what>         一個模型與它的版本：編號、頁面網址或 AIR

可以有多個值的選項用逗號隔開：--type LORA,LoCon。不認得的標籤或基礎模型會回報錯誤，因為 Civitai 會忽略標籤，或什麼都找不到。

範例：
  civikit models search lantern --type LORA --base "SDXL 1.0" --nsfw
  civikit models search --user lamplighter --sort Newest --all --json
  civikit models get https://civitai.com/models/4384`,
};

/** The help of `civikit versions`. */
export const versionsHelp: Bilingual = {
  en: `actions:
  get <id>                 one version with its files
  by-hash <hash|file>...   what model a hash or a file on the disk belongs to

by-hash takes any hash Civitai knows (SHA-256, AutoV2, AutoV3, BLAKE3, CRC32) or
a path; many SHA-256 hashes and files are asked for in one call.

examples:
  civikit versions get 128713
  civikit versions by-hash models/*.safetensors --json`,
  "zh-TW": `動作：
  get <id>                 一個版本與它的檔案
  by-hash <hash|file>...   某個雜湊或磁碟上的檔案屬於哪個模型

by-hash 接受 Civitai 認得的任何雜湊（SHA-256、AutoV2、AutoV3、BLAKE3、CRC32）或路徑；多個 SHA-256 雜湊與檔案只問一次。

範例：
  civikit versions get 128713
  civikit versions by-hash models/*.safetensors --json`,
};

/** The help of `civikit images`. */
export const imagesHelp: Bilingual = {
  en: `actions:
  search         images that fit, most reactions first
  get <id>       one image and how it was made; with --add, the models it was made
                 with come into the project, as with "civikit add" and its page
  download       saves the images that fit, five at a time; those already in the
                 folder are left alone, so the same command goes on

The ending of a saved file says what its bytes are, whatever its URL says. With
--json, every line of download is an object with "event": image or summary.

examples:
  civikit images search --version-id 128713 --limit 5
  civikit images get 98780806 --json
  civikit images get 98780806 --add
  civikit images download --user lamplighter --limit 200 --dir gallery --sidecar`,
  "zh-TW": `動作：
  search         符合條件的圖片，反應最多的在前
  get <id>       一張圖片，以及它是怎麼做的；加上 --add 就把用到的模型加入專案，與對它的頁面執行「civikit add」相同
  download       儲存符合條件的圖片，一次五張；資料夾裡已有的不動，所以相同的指令會接著做

存下來的檔案，副檔名依內容決定，不看網址。加上 --json 時，download 的每一行都是一個物件，"event" 是 image 或 summary。

範例：
  civikit images search --version-id 128713 --limit 5
  civikit images get 98780806 --json
  civikit images get 98780806 --add
  civikit images download --user lamplighter --limit 200 --dir gallery --sidecar`,
};

const images = {
  addOne: "option --add: goes with images get and the id of one image",
  imageId: "image id",
  steps: "steps",
  sampler: "sampler",
  cfg: "cfg",
  seed: "seed",
  model: "model",
  summary: (
    { saved, exists, skipped, failed }: Readonly<Record<"saved" | "exists" | "skipped" | "failed", number>>,
    size: string,
  ): string => `${saved} saved (${size}), ${exists} already there, ${skipped} skipped, ${failed} failed`,
};

/** What `civikit images` says. */
export const imagesText: Texts<typeof images> = {
  en: images,
  "zh-TW": {
    addOne: "選項 --add：只能和 images get 與一張圖片的編號一起使用",
    imageId: "圖片編號",
    steps: "步數",
    sampler: "取樣器",
    cfg: "CFG",
    seed: "種子",
    model: "模型",
    summary: ({ saved, exists, skipped, failed }, size) =>
      `儲存 ${saved} 個（${size}），已有 ${exists} 個，略過 ${skipped} 個，失敗 ${failed} 個`,
  },
};

/** The help of `civikit creators`. */
export const creatorsHelp: Bilingual = {
  en: `actions:
  search [<words>]   creators whose name holds the words; upper and lower case
                     are told apart, and there is no promised order

example:
  civikit creators search lamp --limit 5`,
  "zh-TW": `動作：
  search [<words>]   名稱含有這些字的創作者；區分大小寫，順序不固定

範例：
  civikit creators search lamp --limit 5`,
};

/** The help of `civikit tags`. */
export const tagsHelp: Bilingual = {
  en: `actions:
  search [<words>]   tags that begin with the words; upper and lower case are
                     told apart

example:
  civikit tags search anime --all`,
  "zh-TW": `動作：
  search [<words>]   以這些字開頭的標籤；區分大小寫

範例：
  civikit tags search anime --all`,
};

/** The help of `civikit users`. */
export const usersHelp: Bilingual = {
  en: `actions:
  search <words>   up to five users whose name is like the words
  get <name|id>    one user; a name of digits only is taken for an id

example:
  civikit users get lamplighter`,
  "zh-TW": `動作：
  search <words>   名稱相近的使用者，最多五位
  get <name|id>    一位使用者；只有數字的名稱當成編號

範例：
  civikit users get lamplighter`,
};

/** The help of `civikit whoami`. */
export const whoamiHelp: Bilingual = {
  en: `Only this call tells whether Civitai accepts your API key: to a wrong or expired
one every other call answers as if there were none. Exit code 3 when it is not
accepted, or when there is none.`,
  "zh-TW":
    `只有這個查詢能確認 Civitai 是否接受您的 API 金鑰：金鑰錯誤或過期時，其他查詢都當成沒有金鑰來回答。金鑰不被接受或沒有金鑰時，結束代碼是 3。`,
};

/** The help of `civikit enums`. */
export const enumsHelp: Bilingual = {
  en: `Without a name: every list and how many words it has. With one: its words, one a
line, to be used as they are, for instance with "civikit models search --base".

examples:
  civikit enums
  civikit enums BaseModel`,
  "zh-TW":
    `不給名稱：列出每份清單與字數。給名稱：一行一個列出其中的字，可以直接使用，例如「civikit models search --base」。

範例：
  civikit enums
  civikit enums BaseModel`,
};

const en = {
  keyRefused: "warning: Civitai does not accept the API key: this is what anyone sees without one",
  nothing: "nothing found",
  more: (position: string) => `more: --resume ${position}`,
  noPosition: (text: string) => `option --resume "${text}": not what an earlier list has printed`,
  oneDue: (what: string) => `one ${what} is due`,
  noNumber: (what: string, text: string) => `${what} "${text}": not a number`,
  wordsDue: "words to search for are due",
  nameDue: "one name or id is due",
  noList: (name: string, near: string | undefined) =>
    `list "${name}": unknown${near === undefined ? "" : `; did you mean "${near}"?`}`,
  deleted: "(deleted)",
  yes: "yes",
  no: "no",
  keyFrom: (source: string) => `from ${source}`,
};

/** The texts of an area, in one language. */
export type SiteText = typeof en;

/** What commands say that ask the site. */
export const siteText: Texts<SiteText> = {
  en,
  "zh-TW": {
    keyRefused: "警告：Civitai 不接受這把 API 金鑰；看到的是沒有金鑰時任何人都看得到的內容",
    nothing: "什麼都沒找到",
    more: (position) => `還有更多：--resume ${position}`,
    noPosition: (text) => `選項 --resume "${text}"：不是先前的清單印出來的位置`,
    oneDue: (what) => `要有一個 ${what}`,
    noNumber: (what, text) => `${what} "${text}"：不是數字`,
    wordsDue: "要有搜尋的字詞",
    nameDue: "要有一個名稱或編號",
    noList: (name, near) => `清單 "${name}"：沒有這個${near === undefined ? "" : `；是不是「${near}」？`}`,
    deleted: "（已刪除）",
    yes: "是",
    no: "否",
    keyFrom: (source) => `來自 ${source}`,
  },
};
