import type { Bilingual } from "./texts.ts";

/** The variables of the environment that are no settings, with a line of help. */
export const environmentText: Readonly<Record<string, Bilingual>> = {
  CIVITAI_API_KEY: {
    en: "your key, from https://civitai.com/user/account; or run civikit login once",
    "zh-TW": "您的金鑰，來自 https://civitai.com/user/account；也可以執行一次 civikit login",
  },
  CIVIKIT_STATE_DIR: { en: "folder of the statistics, the queue and the logs", "zh-TW": "統計、佇列與紀錄檔的資料夾" },
  CIVIKIT_SERVE_TOKEN: {
    en: "what civikit serve asks of other machines",
    "zh-TW": "civikit serve 向其他機器要求的權杖",
  },
  NO_COLOR: { en: "no colours", "zh-TW": "不用顏色" },
};
