import { settingTable } from "../settings/table.ts";
import type { Flag } from "./flags.ts";

/** Options every command understands. */
export const commonFlags = {
  help: { type: "switch", short: "h", group: "output", help: { en: "show this help", "zh-TW": "顯示說明" } },
  lang: { type: "setting", setting: "language", value: "LANG", group: "output" },
  config: {
    type: "text",
    value: "FILE",
    group: "output",
    help: { en: "settings that go before your own file", "zh-TW": "另一個設定檔，比自己的設定檔優先" },
  },
  color: {
    type: "switch",
    group: "output",
    help: { en: "use colours even where no terminal is seen", "zh-TW": "不是終端機也用顏色" },
  },
  noColor: {
    type: "switch",
    group: "output",
    help: { en: "use no colours (so does NO_COLOR=1)", "zh-TW": "不用顏色（與 `NO_COLOR=1` 相同）" },
  },
} as const;

/** Only before a command, or alone. */
export const versionFlags = {
  version: {
    type: "switch",
    short: "V",
    help: { en: "show the version", "zh-TW": "顯示版本；只能放在指令前面，或單獨使用" },
  },
} as const;

/** The options of commands that report file by file. */
export const outputFlags = {
  json: {
    type: "switch",
    group: "output",
    help: {
      en: "one JSON object a line on standard output, nothing else",
      "zh-TW": "標準輸出只有 JSON；除了 `report` 與 `logs` 是一個物件，都是一行一個物件",
    },
  },
  quiet: {
    type: "switch",
    short: "q",
    group: "output",
    help: { en: "print only errors; with --json, no progress lines", "zh-TW": "只印錯誤" },
  },
} as const;

/** The option of commands that show first what they would do. */
export const yesFlags = {
  yes: {
    type: "switch",
    short: "y",
    help: { en: "do what is listed, without asking", "zh-TW": "列出的就做，不再詢問" },
  },
} as const;

/** The options of every command that talks to Civitai. */
export const siteFlags = {
  baseUrl: { type: "setting", setting: "baseUrl", value: "URL", group: "site" },
  askKey: {
    type: "switch",
    group: "site",
    help: {
      en: "ask for the API key on the terminal, for this run alone",
      "zh-TW": "在終端機詢問 API 金鑰，只用在這一次",
    },
  },
  noMonitor: {
    type: "switch",
    setting: "monitor.enabled",
    group: "site",
    help: {
      en: "record nothing for civikit report and the logs (so does CIVIKIT_MONITOR=off)",
      "zh-TW": "這一次不記錄統計與紀錄檔",
    },
  },
} as const;

/** The option of commands that leave alone what is young; a command adds its own words and default. */
export const ageFlags = {
  olderThan: {
    type: "span",
    value: "TIME",
    help: {
      en: "only what is older, such as 14d",
      "zh-TW": "只動多久以前的，例如 `14d`：`trash empty` 丟掉的，`mirror` 沒有人繼續的上傳",
    },
  },
} as const;

/** The options of commands that hash files. */
export const hashFlags = {
  hashes: {
    type: "text",
    value: "FILE",
    usual: { en: "civikit/hashes.sqlite in the cache folder", "zh-TW": "快取資料夾的 civikit/hashes.sqlite" },
    help: { en: "where hashes are kept between runs", "zh-TW": "算過的雜湊記在哪個檔案" },
  },
} as const;

/** The option of commands that say what files are. */
export const quickFlags = {
  quick: {
    type: "switch",
    help: {
      en: "name files at once by size, a sample and their heads, as presumed; prove them later",
      "zh-TW": "只看大小、抽樣與檔頭，馬上推定每個檔案是什麼；之後再驗證",
    },
  },
} as const;

/** The options of every list. */
export const listFlags = {
  limit: {
    type: "whole",
    value: "N",
    least: 1,
    most: 1_000_000,
    default: 20,
    help: { en: "at most so many rows", "zh-TW": "最多列出幾列（或幾張圖片、幾行）" },
  },
  all: { type: "switch", help: { en: "all rows, to the end of the list", "zh-TW": "全部，一個都不省略" } },
  resume: {
    type: "text",
    value: "POSITION",
    help: {
      en: "go on where an earlier list ended, with the same options",
      "zh-TW": "從上一次清單停下的地方繼續列",
    },
  },
} as const;

/** The options of commands that fetch files. */
export const fetchFlags = {
  jobs: { type: "setting", setting: "download.concurrent", short: "j", value: "N" },
  parallel: { type: "setting", setting: "download.parallel", value: "N" },
  limitRate: { type: "setting", setting: "download.limitRate", value: "RATE" },
  dryRun: {
    type: "switch",
    short: "n",
    help: {
      en: "only show what would be done, and whether it fits on the disk",
      "zh-TW": "只顯示會做什麼，什麼都不做",
    },
  },
  force: {
    type: "switch",
    help: { en: "replace other files that are in the way", "zh-TW": "可以取代已經在那裡的其他檔案" },
  },
} as const;

/** Which files of a version. */
export const fileFlags = {
  file: {
    type: "text",
    value: "ID|NAME",
    usual: { en: "the primary one", "zh-TW": "主要的檔案" },
    help: { en: "which file of a version, by file id or name", "zh-TW": "要版本裡的哪個檔案" },
  },
  allFiles: { type: "switch", help: { en: "every file of a version", "zh-TW": "要版本裡的每個檔案" } },
} as const;

const { least, most, help } = settingTable["download.concurrent"];
const { short, value } = fetchFlags.jobs;

/** How many things are worked on at once that are no downloads of models; a command adds its default. */
export const jobsFlag: Extract<Flag, { type: "whole" }> = { type: "whole", short, value, least, most, help };

/** How many files are hashed at once, and how fast they are read. */
export const hashJobsFlags: {
  readonly jobs: Extract<Flag, { type: "whole" }>;
  readonly ioLimit: { readonly type: "setting"; readonly setting: "scan.ioLimit"; readonly value: string };
} = {
  jobs: {
    ...jobsFlag,
    usual: { en: "one for each core, at most 4", "zh-TW": "每個核心一個，最多 4" },
    help: { ...help, en: "files hashed at once" },
  },
  ioLimit: { type: "setting", setting: "scan.ioLimit", value: "RATE" },
};

/** Where results go; a command adds its default. */
export const dirFlags = {
  dir: {
    type: "text",
    short: "d",
    value: "FOLDER",
    help: { en: "where to save", "zh-TW": "下載的檔案放在哪個資料夾" },
  },
} as const;

/** What other programs read beside a model. */
export const sidecarFlags = {
  sidecars: { type: "switch", setting: "download.sidecars" },
} as const;

/** What is searched for; a command adds its words. */
export const searchFlags = {
  type: { type: "list", value: "NAME", help: { en: "which kinds", "zh-TW": "哪一種模型或圖片" } },
  base: {
    type: "list",
    value: "NAME",
    suggests: "BaseModel",
    help: {
      en: 'base models, with commas between, such as "SDXL 1.0,Pony"',
      "zh-TW": '哪個基礎模型，例如 `"SDXL 1.0"`',
    },
  },
  user: {
    type: "text",
    value: "NAME",
    help: { en: "what one user published", "zh-TW": "這個創作者的模型或圖片" },
  },
  sort: { type: "word", value: "ORDER", words: [""], help: { en: "order of the list", "zh-TW": "清單的順序" } },
  period: {
    type: "word",
    value: "TIME",
    words: ["AllTime", "Year", "Month", "Week", "Day"],
    help: {
      en: "AllTime (default), Year, Month, Week, Day",
      "zh-TW": "排名看哪一段時間：`AllTime`、`Year`、`Month`、`Week`、`Day`",
    },
  },
  nsfw: { type: "switch", help: { en: "all levels, not only PG", "zh-TW": "所有分級，不只普遍級" } },
} as const;

/** Which statistics. */
export const storeFlags = {
  store: { type: "text", value: "FILE", help: { en: "another file of statistics", "zh-TW": "統計放在別的檔案" } },
} as const;

/** Whose service. */
export const serviceFlags = {
  system: {
    type: "switch",
    help: {
      en: "the service of the whole machine, with a user of its own (default: your own service)",
      "zh-TW": "整台電腦的服務，有自己的使用者（預設是您自己的服務）",
    },
  },
} as const;
