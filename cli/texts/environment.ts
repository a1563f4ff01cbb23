import type { Bilingual } from "./texts.ts";

/** The variables of the environment that commands go by, with a line of help. */
export const environmentText: Readonly<Record<string, Bilingual>> = {
  CIVITAI_API_KEY: {
    en: "your key, from https://civitai.com/user/account; or run civikit login once",
    "zh-TW": "您的金鑰，來自 https://civitai.com/user/account；或執行一次 civikit login",
  },
  CIVIKIT_BASE_URL: {
    en: "another Civitai (default: https://civitai.com)",
    "zh-TW": "別的 Civitai（預設：https://civitai.com）",
  },
  CIVIKIT_LANG: {
    en: "language of everything meant for people: en or zh-TW",
    "zh-TW": "說明、訊息與報告的語言：en 或 zh-TW",
  },
  CIVIKIT_CACHE: { en: "on, off, or the file where answers are kept", "zh-TW": "on、off，或存放回應的檔案" },
  CIVIKIT_STATE_DIR: { en: "folder of the statistics and logs", "zh-TW": "統計與紀錄檔的資料夾" },
  CIVIKIT_MONITOR: { en: "on or off: whether these are written", "zh-TW": "on 或 off：要不要寫統計與紀錄檔" },
  CIVIKIT_LOG_FORMAT: { en: "text or json", "zh-TW": "紀錄檔的格式：text 或 json" },
  CIVIKIT_LOG_LEVEL: { en: "DEBUG, INFO, WARN or ERROR", "zh-TW": "紀錄的等級：DEBUG、INFO、WARN 或 ERROR" },
  CIVIKIT_SERVE_TOKEN: {
    en: "what civikit serve asks of other machines",
    "zh-TW": "civikit serve 向其他機器要求的權杖",
  },
  NO_COLOR: { en: "no colours", "zh-TW": "不用顏色" },
};
