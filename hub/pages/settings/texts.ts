import type { Locale } from "../../../transport/mod.ts";

const en = {
  other: "Others",
  save: "Save",
  unset: "Back to the default",
  usual: "default",
  range: "allowed",
  nothing: "nothing",
  source: {
    file: "from the settings file",
    environment: "set by the environment",
    flag: "set by an option",
  },
  fixed: "It cannot be changed here while it is.",
  atOnce: "holds from the next download on",
  atStart: "holds from the next start of the service on",
  key: "API key",
  keySet: "A key is set. It is not shown; a new one takes its place at once.",
  keyUnset: "No key is set. One that is set here holds at once.",
  pairing: "Pairing token",
  pairingHelp: "For the userscript: it may ask what is there, look at the queue and add to it, nothing else.",
  show: "Show the token",
  renew: "New token, which revokes this one",
  script: "Userscript",
  saved: "Saved.",
};

/** What the settings page says. */
export const settingsTexts: Readonly<Record<Locale, typeof en>> = {
  en,
  "zh-TW": {
    other: "其他",
    save: "儲存",
    unset: "改回預設",
    usual: "預設",
    range: "可用的值",
    nothing: "無",
    source: { file: "來自設定檔", environment: "由環境變數設定", flag: "由命令列選項設定" },
    fixed: "在此期間不能在這裡更改。",
    atOnce: "從下一個下載起生效",
    atStart: "下次啟動服務起生效",
    key: "API 金鑰",
    keySet: "已經設定金鑰。金鑰不會顯示；新的金鑰立刻取代它。",
    keyUnset: "還沒有金鑰。在這裡設定的金鑰立刻生效。",
    pairing: "配對權杖",
    pairingHelp: "給使用者腳本：只能查詢有沒有、看佇列、加入佇列。",
    show: "顯示權杖",
    renew: "換新權杖，舊的立刻失效",
    script: "使用者腳本",
    saved: "已儲存。",
  },
};
