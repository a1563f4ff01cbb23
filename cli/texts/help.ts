import type { Texts } from "./texts.ts";

const en = {
  about: "civikit gets models out of Civitai, whole and verified.",
  usage: "usage: civikit",
  heading: (title: string): string => `${title}:`,
  commandUsage: "<command> [options]",
  groups: {
    get: "get",
    find: "find",
    library: "library (what is on your disk)",
    project: "project (a list of models, a lock file, a folder)",
    service: "service (watch and look back)",
    settings: "settings and upkeep",
  },
  options: "options",
  site: "Civitai",
  output: "output",
  showHelp: "show this help",
  usually: (action: string): string => `Without an action it is ${action}.`,
  examples: `examples:
  civikit download model:4384 --dir models
  civikit models search lantern --type LORA`,
  environment: "environment",
  more: `"civikit <command> --help" tells all about a command.`,
  short: `Begin with one of these:
  civikit models search <words>  find models
  civikit download <what>        get one, verified
  civikit scan <folder>          see what you have
  civikit --help                 all commands`,
  exitCodes: `exit codes:
  0    done
  1    other, or several kinds of failure
  2    wrong usage
  3    not authorised
  4    not found
  5    network or server
  6    rate limited
  7    verification failed
  8    disk
  129  its terminal was closed
  130  interrupted (run the same command again to go on)`,
};

/** What the help says beside what the commands say of themselves. */
export const helpText: Texts<typeof en> = {
  en,
  "zh-TW": {
    about: "civikit 從 Civitai 取得模型，完整並經過驗證。",
    usage: "用法：civikit",
    heading: (title) => `${title}：`,
    commandUsage: "<command> [options]",
    groups: {
      get: "取得",
      find: "尋找",
      library: "模型庫（您磁碟上的模型）",
      project: "專案（清單檔、鎖定檔、資料夾）",
      service: "服務（觀察與回顧）",
      settings: "設定與維護",
    },
    options: "選項",
    site: "Civitai 網站",
    output: "輸出",
    showHelp: "顯示說明",
    usually: (action) => `不寫動作就是 ${action}。`,
    examples: `範例：
  civikit download model:4384 --dir models
  civikit models search lantern --type LORA`,
    environment: "環境變數",
    more: "「civikit <command> --help」說明一個指令的全部選項。",
    short: `從這些開始：
  civikit models search <words>  尋找模型
  civikit download <what>        下載並驗證
  civikit scan <folder>          看看您有哪些
  civikit --help                 所有指令`,
    exitCodes: `結束代碼：
  0    完成
  1    其他，或多種失敗
  2    用法錯誤
  3    沒有授權
  4    找不到
  5    網路或伺服器
  6    請求太頻繁
  7    驗證失敗
  8    磁碟
  129  終端機已關閉
  130  中斷（再執行一次相同的指令就會繼續）`,
  },
};
