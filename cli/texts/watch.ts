import type { Locale } from "../../transport/mod.ts";

const en = {
  help: `<action> is one of
  add <what>...       watch it; what is there counts as seen
  list                every rule, when it is due, what it found
  show <id>           one rule, with its last rounds and finds
  edit <id>           change filters, schedule, or what is done
  pause <id>...       let a rule rest
  resume <id>...      let it go on
  remove <id>...      forget a rule
  run                 run what is due, and wait for more, until Ctrl-C (--once: and end)
  now [<id>...]       run these rules now (all that do not rest), whenever they are due
  history [<id>]      what was found, the newest first (--rounds: the rounds)

<what> is creator:NAME, model:ID, tag:NAME, search:WORDS, collection:ID, favorites, followed, or the address of such a page on
the site. What is new goes to the queue (--tell: it is only told), once, whichever rule finds it. Of a collection the site
tells only that it has grown: that is told. Favorites and followed need an API key.

civikit serve runs the rules by itself, and works the queue off; several programs may run them, no rule is run twice. A rule
costs one request a round.

Examples:
  civikit watch add creator:lamplighter --base "SDXL 1.0" --type LORA
  civikit watch add tag:anime --tell --schedule "daily at 07:30" --time-zone Asia/Taipei
  civikit watch add model:4384 --backlog 1 --root ~/ComfyUI --layout comfyui
  civikit watch now --dry-run
  civikit watch run --once && civikit queue run`,
  setAside: (path: string): string =>
    `the file of the rules was damaged; it is kept as ${path}, and there are no rules`,
  whatDue: "what is to be watched? give creator:NAME, model:ID, tag:NAME, search:WORDS or the address of a page",
  idsDue: "give the numbers of rules, or all; civikit watch list shows them",
  oneId: "give the number of one rule; civikit watch list shows them",
  nothingToEdit: "what is to be changed? give filters, --schedule, --tell, --enqueue or a folder",
  sizeDue: (name: string, text: string): string => `option --${name} "${text}": not a size such as 500M or 7G`,
  twoActions: "options --tell and --enqueue: one of them",
  noRule: (id: string): string => `rule "${id}": there is none; civikit watch list shows them`,
  added: (id: string, target: string, isNew: boolean): string =>
    isNew ? `${id}  ${target}: watched from now on` : `${id}  ${target}: is watched already`,
  addedMany: (fresh: number, known: number): string => `${fresh} added${known === 0 ? "" : `, ${known} there already`}`,
  wouldAdd: (target: string): string => `${target}: would be watched`,
  changed: (count: number, action: "edit" | "pause" | "resume" | "remove", isDry: boolean): string =>
    `${count} ${count === 1 ? "rule" : "rules"} ${isDry ? "would be " : ""}${
      { edit: "changed", pause: "paused", resume: "resumed", remove: "removed" }[action]
    }`,
  empty: "nothing is watched; civikit watch add creator:NAME begins",
  noFinds: "nothing was found yet",
  heads: (): readonly string[] => ["ID", "WHAT", "STATE", "NEXT", "FOUND"],
  findHeads: (): readonly string[] => ["ID", "FOUND", "STATE", "NAME", "WHAT"],
  roundHeads: (): readonly string[] => ["ID", "WHEN", "WHAT", "FOUND", "WHY"],
  states: {
    active: "active",
    paused: "paused",
    failing: "failing",
    keyless: "key refused",
    first: "first round due",
    behind: "catching up",
  },
  finds: { queueing: "to the queue", queued: "queued", told: "told", held: "early access", known: "known already" },
  due: "due",
  failed: (when: string, times: number): string =>
    `${when}, ${times === 1 ? "failed" : `failed ${times} times in a row`}`,
  actions: { queue: "to the queue", tell: "told" },
  facts: {
    target: "what",
    name: "name",
    action: "new ones",
    schedule: "schedule",
    filters: "filters",
    options: "files",
    next: "next round",
    last: "last round",
    since: "new after",
    why: "why",
    advice: "what to do",
  },
  filters: { bases: "base models", types: "types", formats: "formats", level: "level", early: "early access" },
  places: { dir: "folder", root: "root", layout: "layout", allFiles: "all files", sidecars: "sidecars" },
  usually: (schedule: string): string => `${schedule} (the setting watch.schedule)`,
  never: "never",
  found: (state: string, name: string, url: string): string => `${state}: ${name}  ${url}`,
  would: (name: string, url: string): string => `would be found: ${name}  ${url}`,
  wouldFirst: (target: string): string => `${target}: the first round takes what is there as seen`,
  more: (target: string): string => `${target}: there is more, which the next rounds fetch`,
  skipped: (count: number): string => `${count} did not fit the filters`,
  gone: (target: string): string => `${target}: the site has no such thing any more, or not for this key`,
  keyless: (target: string): string =>
    `${target}: the site refuses the key, or wants one; tried again as soon as there is another: civikit login`,
  again: (target: string, when: string): string => `${target}: tried again at ${when}`,
  busy: (id: string): string => `rule ${id}: another civikit runs it just now`,
  done: (rounds: number, found: number, queued: number, failed: number): string =>
    `${rounds} ${rounds === 1 ? "round" : "rounds"}, ${found} found, ${queued} queued${
      failed === 0 ? "" : `, ${failed} failed`
    }`,
  wouldDone: (found: number): string => `${found} would be found; nothing was kept`,
  waiting: "waiting for what is due; Ctrl-C ends",
};

/** What `civikit watch` says. */
export const watchText: Readonly<Record<Locale, typeof en>> = {
  en,
  "zh-TW": {
    help: `<動作> 是下列之一：
  add <什麼>...      開始追蹤；已經在那裡的算看過
  list               所有規則、什麼時候執行、找到多少
  show <編號>        一條規則，以及最近幾輪與找到的東西
  edit <編號>        修改篩選、排程，或新東西怎麼處理
  pause <編號>...    暫停規則
  resume <編號>...   繼續
  remove <編號>...   移除規則
  run                執行到期的規則，然後繼續等，直到按 Ctrl-C（--once：做完就結束）
  now [<編號>...]    不論是否到期，立刻執行這些規則（不給編號就是所有沒有暫停的）
  history [<編號>]   找到過什麼，最新的在前面（--rounds：每一輪的紀錄）

<什麼> 是 creator:名稱、model:編號、tag:名稱、search:關鍵字、collection:編號、favorites、followed，或網站上這些頁面的網址。
新的會加入佇列（--tell：只通知），而且不論哪條規則找到，都只有一次。收藏集的內容網站不公開，只知道變多了，所以只通知。favorites
與 followed 需要 API 金鑰。

「civikit serve」會自己執行規則並處理佇列；可以有好幾個程式同時執行，同一條規則不會做兩次。一條規則一輪只發一個請求。

範例：
  civikit watch add creator:lamplighter --base "SDXL 1.0" --type LORA
  civikit watch add tag:anime --tell --schedule "daily at 07:30" --time-zone Asia/Taipei
  civikit watch add model:4384 --backlog 1 --root ~/ComfyUI --layout comfyui
  civikit watch now --dry-run
  civikit watch run --once && civikit queue run`,
    setAside: (path: string): string => `規則的檔案損壞了；原檔保留為 ${path}，規則從空的開始`,
    whatDue: "要追蹤什麼？請給 creator:名稱、model:編號、tag:名稱、search:關鍵字，或頁面的網址",
    idsDue: "請給規則的編號，或 all；用「civikit watch list」查看編號",
    oneId: "請給一條規則的編號；用「civikit watch list」查看編號",
    nothingToEdit: "要改什麼？請給篩選、--schedule、--tell、--enqueue 或資料夾",
    sizeDue: (name: string, text: string): string => `選項 --${name}「${text}」：不是 500M 或 7G 這樣的大小`,
    twoActions: "選項 --tell 與 --enqueue：只能給一個",
    noRule: (id: string): string => `規則「${id}」：沒有這一條；civikit watch list 列出所有規則`,
    added: (id: string, target: string, isNew: boolean): string =>
      isNew ? `${id}  ${target}：開始追蹤` : `${id}  ${target}：已經在追蹤`,
    addedMany: (fresh: number, known: number): string =>
      `加入 ${fresh} 條${known === 0 ? "" : `，${known} 條原本就在`}`,
    wouldAdd: (target: string): string => `${target}：會開始追蹤`,
    changed: (count, action, isDry) =>
      `${isDry ? "會" : "已"}${
        { edit: "修改", pause: "暫停", resume: "繼續", remove: "移除" }[action]
      } ${count} 條規則`,
    empty: "沒有追蹤任何東西；用「civikit watch add creator:名稱」開始",
    noFinds: "還沒有找到任何東西",
    heads: (): readonly string[] => ["編號", "追蹤什麼", "狀態", "下一輪", "找到"],
    findHeads: (): readonly string[] => ["編號", "找到時間", "狀態", "名稱", "規則"],
    roundHeads: (): readonly string[] => ["編號", "時間", "規則", "找到", "原因"],
    states: {
      active: "追蹤中",
      paused: "已暫停",
      failing: "失敗",
      keyless: "金鑰被拒",
      first: "等待第一輪",
      behind: "正在補上",
    },
    finds: { queueing: "即將加入佇列", queued: "已加入佇列", told: "已通知", held: "搶先體驗", known: "原本就有" },
    due: "到期",
    failed: (when, times) => `${when}，${times === 1 ? "失敗" : `連續失敗 ${times} 次`}`,
    actions: { queue: "加入佇列", tell: "只通知" },
    facts: {
      target: "追蹤什麼",
      name: "名稱",
      action: "新的東西",
      schedule: "排程",
      filters: "篩選",
      options: "檔案",
      next: "下一輪",
      last: "上一輪",
      since: "之後才算新的",
      why: "原因",
      advice: "處理",
    },
    filters: { bases: "基礎模型", types: "類型", formats: "格式", level: "分級", early: "搶先體驗" },
    places: { dir: "資料夾", root: "根資料夾", layout: "版面", allFiles: "所有檔案", sidecars: "附屬檔" },
    usually: (schedule: string): string => `${schedule}（設定 watch.schedule）`,
    never: "還沒有",
    found: (state: string, name: string, url: string): string => `${state}：${name}  ${url}`,
    would: (name: string, url: string): string => `會找到：${name}  ${url}`,
    wouldFirst: (target: string): string => `${target}：第一輪會把已經在那裡的算看過`,
    more: (target: string): string => `${target}：還有更多，之後幾輪會查`,
    skipped: (count: number): string => `${count} 個不符合篩選`,
    gone: (target: string): string => `${target}：網站上已經沒有，或這把金鑰看不到`,
    keyless: (target) => `${target}：網站拒絕這把金鑰，或需要金鑰；有了新的就立刻再試：civikit login`,
    again: (target: string, when: string): string => `${target}：${when} 再試`,
    busy: (id: string): string => `規則 ${id}：另一個 civikit 正在執行`,
    done: (rounds: number, found: number, queued: number, failed: number): string =>
      `${rounds} 輪，找到 ${found} 個，加入佇列 ${queued} 個${failed === 0 ? "" : `，${failed} 輪失敗`}`,
    wouldDone: (found: number): string => `會找到 ${found} 個；什麼都沒有記下`,
    waiting: "等待到期的規則；按 Ctrl-C 結束",
  },
};
