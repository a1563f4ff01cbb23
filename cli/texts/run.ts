import type { ResolveWarning } from "../../api/mod.ts";
import type { Texts } from "./texts.ts";

const warnedChinese: Readonly<Record<ResolveWarning["code"], string>> = {
  pickle_danger: "掃描認為檔案裡有危險的 pickle 程式碼",
  virus_danger: "掃毒認為檔案有危險",
  unverified: "網站還沒掃描完，或掃描沒有成功",
  early_access: "搶先體驗：目前只有購買的人能下載",
  taken_down: "已從網站下架",
  other_air: "AIR 寫的生態系或類型與網站不同",
};

const en = {
  done: "done",
  total: (finished: number, all: number) => `total ${finished}/${all}`,
  going: (bytes: string, size: string): string => `going on from ${bytes}${size === "" ? "" : ` of ${size}`}`,
  started: (size: string): string => size === "" ? "started" : `started, ${size}`,
  progress: (done: string, total: string, percent: number, speed: string, left: string): string =>
    `${percent}%, ${done} of ${total}, ${speed}${left === "" ? "" : `, ${left} left`}`,
  phases: { waiting: "waiting", retrying: "retrying", verifying: "verifying", repairing: "repairing" },
  verified: (by: string) => `${by} verified`,
  hash: "hash",
  unverified: "not verified: no hash was compared",
  there: (bytes: string, verdict: string) => `already there, ${bytes}, ${verdict}`,
  fetched: (bytes: string, time: string, speed: string, before: string, verdict: string): string =>
    `${bytes} in ${time} (${speed})${before === "" ? "" : `, ${before} of it from before`}, ${verdict}`,
  counts: {
    done: (count: number) => `${count} downloaded`,
    skipped: (count: number) => `${count} already there`,
    failed: (count: number) => `${count} failed`,
    unfinished: (count: number) => `${count} unfinished`,
  },
  nothing: "nothing to do",
  summary: (what: readonly string[], bytes: string, time: string) => `${what.join(", ")}; ${bytes} in ${time}`,
  warning: "warning",
  warned: (_code: ResolveWarning["code"], message: string): string => message,
  again: "Run the same command again to go on.",
  againIn: (dir: string) => `Run the same command again to go on; what is finished stays in "${dir}".`,
  interrupted: "interrupted: finishing what is in hand (again to stop at once)",
  stale: (host: string, why: string, age: string) =>
    `warning: ${host} did not answer (${why}); using an answer ${age} old`,
  hashesNotKept: (why: string) => `hashes are not kept after this run: ${why}`,
  hashesDamaged: (path: string) => `the file of hashes was damaged; it is kept as ${path}`,
  dry: {
    wholeThere: (size: string) => `already there, ${size} (would be checked)`,
    partThere: (size: string) => `${size} there (would be continued)`,
    partLeft: (there: string, size: string, left: string) =>
      `${there} of ${size} there (would be continued: ${left} left)`,
    from: "from",
    to: "to",
    size: "size",
    unknown: "unknown",
    bytes: (size: string, bytes: number) => `${size} (${bytes} bytes)`,
    hash: "hash",
    noHash: "none: only the size can be checked",
    state: "state",
    warning: "warning",
    total: (files: number, bytes: string, unknown: number, room: string): string =>
      `${files} ${files === 1 ? "file" : "files"}, ${bytes} to fetch${
        unknown === 0 ? "" : ` and ${unknown} of unknown size`
      }${room}`,
    room: (bytes: string, dir: string) => `; ${bytes} free in ${dir}`,
    tooLarge: "not enough disk space",
  },
  download: {
    nothing: "nothing to download: give a version id, model:<id>, an AIR or a URL",
    twice: '"-" is given twice: the standard input can be read once',
    oneOutput: "option --output: names one file, not several",
    plainOutput: "option --output: a name without folders is due; choose the folder with --dir",
    oneHash: "option --sha256 or --blake3: belongs to one file, not to several",
    contradicted: "option --no-verify: contradicts a given hash",
    allFiles: "option --all-files: contradicts --file",
    printPath: "option --print-path: the JSON lines of --json hold the paths already",
  },
};

/** What runs that fetch files say, in one language. */
export type RunText = typeof en;

/** What runs that fetch files say. */
export const runText: Texts<RunText> = {
  en,
  "zh-TW": {
    done: "完成",
    total: (finished, all) => `總計 ${finished}/${all}`,
    going: (bytes, size) => `從 ${bytes} 接著下載${size === "" ? "" : `，共 ${size}`}`,
    started: (size) => size === "" ? "開始" : `開始，${size}`,
    progress: (done, total, percent, speed, left) =>
      `${percent}%，${done}／${total}，${speed}${left === "" ? "" : `，還要 ${left}`}`,
    phases: { waiting: "等待中", retrying: "重試中", verifying: "驗證中", repairing: "修補中" },
    verified: (by) => `${by} 已驗證`,
    hash: "雜湊",
    unverified: "未驗證：沒有雜湊可比對",
    there: (bytes, verdict) => `已經有了，${bytes}，${verdict}`,
    fetched: (bytes, time, speed, before, verdict) =>
      `${bytes}，${time}（${speed}）${before === "" ? "" : `，其中 ${before} 是之前下載的`}，${verdict}`,
    counts: {
      done: (count) => `下載 ${count} 個`,
      skipped: (count) => `已經有 ${count} 個`,
      failed: (count) => `失敗 ${count} 個`,
      unfinished: (count) => `未完成 ${count} 個`,
    },
    nothing: "沒有要做的事",
    summary: (what, bytes, time) => `${what.join("、")}；${bytes}，${time}`,
    warning: "警告",
    warned: (code, message) => `${warnedChinese[code]}\n  ${message}`,
    again: "再執行同一個指令就會接著做。",
    againIn: (dir) => `再執行同一個指令就會接著做；已完成的留在「${dir}」。`,
    interrupted: "已中斷：先完成手上的工作（再按一次立刻停止）",
    stale: (host, why, age) => `警告：${host} 沒有回應（${why}）；改用 ${age} 前的回應`,
    hashesNotKept: (why) => `這次之後不會記住雜湊：${why}`,
    hashesDamaged: (path) => `雜湊檔損壞；原檔留在 ${path}`,
    dry: {
      wholeThere: (size) => `已經有了，${size}（會檢查）`,
      partThere: (size) => `已有 ${size}（會接著下載）`,
      partLeft: (there, size, left) => `已有 ${there}，共 ${size}（會接著下載剩下的 ${left}）`,
      from: "來源",
      to: "存到",
      size: "大小",
      unknown: "未知",
      bytes: (size, bytes) => `${size}（${bytes} 位元組）`,
      hash: "雜湊",
      noHash: "沒有：只能檢查大小",
      state: "狀態",
      warning: "警告",
      total: (files, bytes, unknown, room) =>
        `${files} 個檔案，要下載 ${bytes}${unknown === 0 ? "" : `，另有 ${unknown} 個大小未知`}${room}`,
      room: (bytes, dir) => `；${dir} 剩餘 ${bytes}`,
      tooLarge: "磁碟空間不足",
    },
    download: {
      nothing: "沒有要下載的：請給版本編號、model:<編號>、AIR 或網址",
      twice: "「-」給了兩次：標準輸入只能讀一次",
      oneOutput: "選項 --output：只能指定一個檔案的名稱",
      plainOutput: "選項 --output：名稱不能有資料夾；請用 --dir 指定資料夾",
      oneHash: "選項 --sha256 或 --blake3：只屬於一個檔案",
      contradicted: "選項 --no-verify：與給定的雜湊互相矛盾",
      allFiles: "選項 --all-files：與 --file 互相矛盾",
      printPath: "選項 --print-path：--json 的每一行已經有路徑",
    },
  },
};
