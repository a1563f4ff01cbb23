import type { Bilingual } from "../page.ts";

type Word =
  | "add"
  | "addLabel"
  | "addHelp"
  | "files"
  | "look"
  | "addAll"
  | "getRest"
  | "lookedUp"
  | "dropHint"
  | "discard"
  | "have"
  | "early"
  | "earlyUntil"
  | "free"
  | "target"
  | "notLooked"
  | "queued"
  | "nameOnly"
  | "unlisted"
  | "line"
  | "lines"
  | "before"
  | "after"
  | "notTaken"
  | "moreProblems"
  | "sumTaken"
  | "sumHave"
  | "sumQueued"
  | "sumNameOnly"
  | "sumLooking"
  | "sumUnlooked"
  | "addShown"
  | "addEvery"
  | "refused"
  | "previewGone"
  | "downloading"
  | "waiting"
  | "failed"
  | "done"
  | "nothing"
  | "more"
  | "first"
  | "pause"
  | "resume"
  | "skip"
  | "cancel"
  | "retry"
  | "remove"
  | "up"
  | "down"
  | "top"
  | "bottom"
  | "pauseAll"
  | "resumeAll"
  | "retryAll"
  | "clearDone"
  | "slowOn"
  | "slowOff"
  | "speed"
  | "left"
  | "guide"
  | "empty"
  | "moved"
  | "handle"
  | "added"
  | "there"
  | "unverified"
  | "verified"
  | "rate"
  | "noneAdded"
  | "isPaused"
  | "resolving"
  | "verifying"
  | "cancelled"
  | "again"
  | "until"
  | "linkRenewed"
  | "spansProved"
  | "stopped"
  | "attempts"
  | "elsewhere"
  | "elsewhereHelp"
  | "workers"
  | "noWorkers"
  | "workerWorks"
  | "workerDraining"
  | "workerSilent"
  | "workerJobs"
  | "noRoom"
  | "moveHelp";

/** What the queue page says. */
export const texts: Readonly<Record<Word, Bilingual>> = {
  add: { en: "Add", "zh-TW": "新增" },
  addLabel: { en: "What do you want to have?", "zh-TW": "想下載什麼？" },
  addHelp: {
    en: "Version ids, model:ID, AIRs, addresses of models or downloads: one or many, one a line.",
    "zh-TW": "版本 ID、model:ID、AIR、模型頁或下載的網址：一個或多個，每行一個。",
  },
  files: {
    en: "or a list (.txt), a workflow (.json) or a picture (.png, .jpg, .webp, .avif)",
    "zh-TW": "或清單（.txt）、工作流程（.json）、圖片（.png、.jpg、.webp、.avif）",
  },
  dropHint: { en: "Files can be dropped anywhere on this page.", "zh-TW": "檔案可以直接拖放到這一頁。" },
  look: { en: "Look up first", "zh-TW": "先看看" },
  addAll: { en: "Add to the queue", "zh-TW": "加入佇列" },
  getRest: { en: "Get the rest ({n})", "zh-TW": "取得缺少的（{n} 筆）" },
  lookedUp: { en: "Before it is queued", "zh-TW": "加入佇列之前" },
  discard: { en: "Discard", "zh-TW": "放棄" },
  have: { en: "You have it", "zh-TW": "已經有了" },
  early: { en: "early access", "zh-TW": "搶先體驗" },
  earlyUntil: { en: "early access until {n}", "zh-TW": "搶先體驗到 {n}" },
  free: { en: "{n} free", "zh-TW": "剩餘 {n}" },
  noRoom: { en: "only {n} free: too little", "zh-TW": "只剩 {n}，空間不足" },
  target: { en: "goes to", "zh-TW": "存到" },
  notLooked: { en: "not looked up yet", "zh-TW": "尚未查詢" },
  queued: { en: "in the queue already", "zh-TW": "已在佇列中" },
  nameOnly: {
    en: "only a name: no hash, id or address says which file",
    "zh-TW": "只有名稱：沒有雜湊、ID 或網址能指出是哪個檔案",
  },
  unlisted: { en: "not in the site's lists", "zh-TW": "網站的清單裡沒有" },
  line: { en: "line {n}", "zh-TW": "第 {n} 行" },
  lines: { en: "Lines {n}", "zh-TW": "第 {n} 筆" },
  before: { en: "previous lines", "zh-TW": "前一頁" },
  after: { en: "next lines", "zh-TW": "下一頁" },
  notTaken: { en: "{n} cannot be taken:", "zh-TW": "無法加入的有 {n} 筆：" },
  moreProblems: { en: "and {n} more", "zh-TW": "另外還有 {n} 筆" },
  sumTaken: { en: "{n} to add", "zh-TW": "可加入 {n} 筆" },
  sumHave: { en: "{n} you have", "zh-TW": "已經有 {n} 筆" },
  sumQueued: { en: "{n} in the queue already", "zh-TW": "已在佇列中 {n} 筆" },
  sumNameOnly: { en: "{n} known by name only", "zh-TW": "只知道名稱 {n} 筆" },
  sumLooking: { en: "{n} being looked up", "zh-TW": "查詢中 {n} 筆" },
  sumUnlooked: { en: "{n} not looked up", "zh-TW": "未查詢 {n} 筆" },
  addShown: { en: "Add the ticked ones", "zh-TW": "加入勾選的" },
  addEvery: { en: "Add all {n}", "zh-TW": "全部 {n} 筆加入" },
  refused: {
    en: "Nothing was added yet: look through the list, then add what is right.",
    "zh-TW": "還沒有加入任何項目：請看過清單，再加入正確的。",
  },
  previewGone: {
    en: "The service has been started anew since: nothing was added. Paste the list again.",
    "zh-TW": "服務在這之間重新啟動了：沒有加入任何項目，請再貼一次清單。",
  },
  downloading: { en: "Downloading", "zh-TW": "下載中" },
  waiting: { en: "Waiting", "zh-TW": "等待中" },
  failed: { en: "Failed", "zh-TW": "失敗" },
  done: { en: "Done", "zh-TW": "完成" },
  nothing: { en: "Nothing here.", "zh-TW": "沒有項目。" },
  empty: { en: "The queue is empty.", "zh-TW": "佇列是空的。" },
  more: { en: "Show more", "zh-TW": "顯示更多" },
  first: { en: "Back to the whole queue", "zh-TW": "回到整個佇列" },
  pause: { en: "Pause", "zh-TW": "暫停" },
  resume: { en: "Resume", "zh-TW": "繼續" },
  skip: { en: "Skip", "zh-TW": "略過" },
  cancel: { en: "Cancel", "zh-TW": "取消" },
  retry: { en: "Retry", "zh-TW": "重試" },
  remove: { en: "Remove", "zh-TW": "移除" },
  up: { en: "Up", "zh-TW": "上移" },
  down: { en: "Down", "zh-TW": "下移" },
  top: { en: "To the top", "zh-TW": "移到最前" },
  bottom: { en: "To the end", "zh-TW": "移到最後" },
  handle: { en: "Drag, or press the arrow keys, to move", "zh-TW": "拖曳或按方向鍵移動" },
  moveHelp: {
    en: "Drag rows by their handle, or move them with the arrow keys.",
    "zh-TW": "拖曳把手，或用方向鍵調整順序。",
  },
  moved: { en: "Moved.", "zh-TW": "已移動。" },
  pauseAll: { en: "Pause all", "zh-TW": "全部暫停" },
  resumeAll: { en: "Resume all", "zh-TW": "全部繼續" },
  retryAll: { en: "Retry all", "zh-TW": "全部重試" },
  clearDone: { en: "Clear", "zh-TW": "清除" },
  slowOn: { en: "Slow mode: off ({n} when on)", "zh-TW": "慢速模式：關（開啟時 {n}）" },
  slowOff: { en: "Slow mode: on ({n})", "zh-TW": "慢速模式：開（{n}）" },
  speed: { en: "Speed", "zh-TW": "速度" },
  left: { en: "{n} left", "zh-TW": "剩餘 {n}" },
  rate: { en: "Speed of all", "zh-TW": "總速度" },
  guide: { en: "What this means", "zh-TW": "說明" },
  added: { en: "{n} added to the queue.", "zh-TW": "已加入佇列：{n} 筆。" },
  noneAdded: { en: "Nothing was added.", "zh-TW": "沒有加入任何項目。" },
  there: { en: "was there already", "zh-TW": "原本就有" },
  verified: { en: "verified", "zh-TW": "已驗證" },
  unverified: { en: "no hash to verify with", "zh-TW": "沒有雜湊可驗證" },
  isPaused: { en: "paused", "zh-TW": "已暫停" },
  resolving: { en: "looking it up", "zh-TW": "查詢中" },
  verifying: { en: "verifying", "zh-TW": "驗證中" },
  cancelled: { en: "cancelled", "zh-TW": "已取消" },
  again: { en: "again in {n}", "zh-TW": "{n} 後再試" },
  until: { en: "until {n}", "zh-TW": "到 {n}" },
  linkRenewed: { en: "link renewed", "zh-TW": "連結已更新" },
  spansProved: { en: "{n} spans proved", "zh-TW": "已驗證 {n} 段" },
  stopped: { en: "stopped in the middle; goes on", "zh-TW": "中途停止，會接著下載" },
  attempts: { en: "attempt {n}", "zh-TW": "第 {n} 次" },
  workers: { en: "Machines", "zh-TW": "機器" },
  noWorkers: { en: "No machine works on this queue.", "zh-TW": "沒有機器在處理這個佇列。" },
  workerWorks: { en: "working", "zh-TW": "工作中" },
  workerDraining: { en: "ending", "zh-TW": "收尾中" },
  workerSilent: { en: "no word from it", "zh-TW": "沒有消息" },
  workerJobs: { en: "{n} {job|jobs}", "zh-TW": "{n} 項工作" },
  elsewhere: { en: "Other commands", "zh-TW": "其他指令" },
  elsewhereHelp: { en: "Transfers of commands that run elsewhere.", "zh-TW": "在別處執行的指令正在傳輸的檔案。" },
};

export { counted } from "../../../monitor/server/format.ts";
