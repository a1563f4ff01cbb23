import type { FindState } from "../../watch/mod.ts";
import type { Bilingual } from "../page.ts";

const both = (en: string, zhTW: string): Bilingual => ({ en, "zh-TW": zhTW });

type Word =
  | "title"
  | "more"
  | "actions"
  | "add"
  | "what"
  | "whatHelp"
  | "types"
  | "bases"
  | "formats"
  | "minSize"
  | "maxSize"
  | "dir"
  | "usual"
  | "level"
  | "early"
  | "take"
  | "wait"
  | "skip"
  | "schedule"
  | "scheduleHelp"
  | "zone"
  | "backlog"
  | "action"
  | "queue"
  | "tell"
  | "commas"
  | "watchNow"
  | "all"
  | "rules"
  | "none"
  | "next"
  | "last"
  | "found"
  | "state"
  | "due"
  | "never"
  | "active"
  | "paused"
  | "failing"
  | "failures"
  | "keyless"
  | "giveKey"
  | "gone"
  | "behind"
  | "first"
  | "pause"
  | "resume"
  | "now"
  | "edit"
  | "save"
  | "remove"
  | "finds"
  | "noFinds"
  | "name"
  | "when"
  | "off"
  | "added"
  | "wasThere"
  | "saved"
  | "started"
  | "removed"
  | "isPaused"
  | "isResumed"
  | "missing"
  | "watchCreator"
  | "watchModel"
  | "watchSearch";

/** What the page says; `{n}` stands for a number, a time or a name. */
export const texts: Readonly<Record<Word, Bilingual>> = {
  title: both("Watch", "追蹤"),
  more: both("Filters and schedule", "篩選與排程"),
  actions: both("Actions", "動作"),
  add: both("Watch something", "新增追蹤"),
  what: both("What", "追蹤什麼"),
  whatHelp: both(
    "creator:NAME, model:ID, tag:NAME, search:WORDS, collection:ID, favorites, followed, or the address of such a page. What is there counts as seen; what is new goes to the queue, once.",
    "creator:名稱、model:編號、tag:名稱、search:關鍵字、collection:編號、favorites、followed，或這些頁面的網址。已經在那裡的算看過；新的加入佇列，而且只有一次。",
  ),
  types: both("Types", "類型"),
  bases: both("Base models", "基礎模型"),
  formats: both("Formats", "格式"),
  minSize: both("At least this size", "至少多大"),
  maxSize: both("At most this size", "最多多大"),
  dir: both("Folder", "資料夾"),
  usual: both("as the settings say", "照設定"),
  level: both("Up to level", "最高分級"),
  early: both("Early access", "搶先體驗"),
  take: both("take, the queue waits", "接受，佇列等到公開"),
  wait: both("once it is public", "公開後才算找到"),
  skip: both("leave out", "略過"),
  schedule: both("Schedule", "排程"),
  scheduleHelp: both(
    'empty: {n}; "every 6h", "daily at 07:30", cron',
    "空白：{n}；也可以寫 every 6h、daily at 07:30 或 cron",
  ),
  zone: both("Time zone", "時區"),
  backlog: both("Of what is there, the newest", "已經在那裡的，最新幾個也要"),
  action: both("New ones", "新的東西"),
  queue: both("go to the queue", "加入佇列"),
  tell: both("are only told", "只通知"),
  commas: both("with commas between; empty: all", "用逗號分開；空白就是全部"),
  watchNow: both("Watch", "開始追蹤"),
  all: both("all", "全部"),
  rules: both("Rules", "規則"),
  none: both("Nothing is watched yet.", "還沒有追蹤任何東西。"),
  next: both("Next round", "下一輪"),
  last: both("Last round", "上一輪"),
  found: both("Found", "找到"),
  state: both("State", "狀態"),
  due: both("due", "到期"),
  never: both("not yet", "還沒有"),
  active: both("active", "追蹤中"),
  paused: both("paused", "已暫停"),
  failing: both("failing, tried again", "失敗，會再試"),
  failures: both("{n} times in a row", "連續 {n} 次"),
  keyless: both("key refused", "金鑰被拒"),
  giveKey: both("Give another key; it is tried at once.", "換一把金鑰，就會立刻再試。"),
  gone: both("not there any more", "網站上已經沒有"),
  behind: both("catching up", "正在補上"),
  first: both("first round due", "等待第一輪"),
  pause: both("Pause", "暫停"),
  resume: both("Resume", "繼續"),
  now: both("Run now", "立刻執行"),
  edit: both("Change", "修改"),
  save: both("Save", "儲存"),
  remove: both("Remove", "移除"),
  finds: both("Found lately", "最近找到的"),
  noFinds: both("Nothing was found yet.", "還沒有找到任何東西。"),
  name: both("Name", "名稱"),
  when: both("When", "時間"),
  off: both(
    "The setting watch.enabled is off: rules run only when asked for.",
    "設定 watch.enabled 已關閉：只有要求時才執行規則。",
  ),
  added: both("Watched from now on: {n}", "開始追蹤：{n}"),
  wasThere: both("Is watched already: {n}", "已經在追蹤：{n}"),
  saved: both("Saved: {n}", "已儲存：{n}"),
  started: both("Looking: {n}", "正在查：{n}"),
  removed: both("Not watched any more: {n}", "不再追蹤：{n}"),
  isPaused: both("Paused: {n}", "已暫停：{n}"),
  isResumed: both("Goes on: {n}", "繼續：{n}"),
  missing: both("There is no such rule.", "沒有這條規則。"),
  watchCreator: both("Watch creator", "追蹤作者"),
  watchModel: both("Watch model", "追蹤模型"),
  watchSearch: both("Watch this search", "追蹤這個搜尋"),
};

/** What became of what was found. */
export const findTexts: Readonly<Record<FindState, Bilingual>> = {
  queueing: both("goes to the queue", "即將加入佇列"),
  queued: both("queued", "已加入佇列"),
  told: both("told", "已通知"),
  held: both("early access", "搶先體驗"),
  known: both("known already", "原本就有"),
};
