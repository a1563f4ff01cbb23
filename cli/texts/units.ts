import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit service`. */
export const serviceHelp: Bilingual = {
  en: `Keeps civikit serve running: by systemd, launchd, or a task or a wrapper under
Windows. civikit starts no programs: it writes the unit where it may and prints
the commands that are left. A unit that someone changed is never replaced.

actions:
  install [FOLDER]...    write the unit and print the commands that start it; the
                         service may write to these folders, the first of which
                         is where models go (default: those of the settings)
  uninstall              remove the unit, unless someone changed it, and print
                         the commands that stop the service; models stay
  status                 unit, process, health, queue, last error, versions
  health                 one line, for containers and monitoring
  print KIND [FOLDER]... print a unit, write nothing: systemd, systemd-user,
                         launchd, servy, winsw, task, compose or quadlet

exit:
  status: 0 all well, 1 a warning, 5 it does not run
  health: 0 it runs and is well enough, 1 not

examples:
  civikit service install ~/models
  civikit service install --system /srv/models
  civikit service status --json | jq .level
  civikit service print systemd /srv/models`,
  "zh-TW":
    `讓 civikit serve 持續執行：用 systemd、launchd，或 Windows 的工作與包裝程式。civikit 不啟動任何程式：可以寫的服務檔自己寫，剩下的指令印出來。被人改過的服務檔絕不取代。

動作：
  install [FOLDER]...    寫出服務檔，印出啟動它的指令；服務可以寫入這些資料夾，第一個放模型（預設：設定裡的）
  uninstall              服務檔沒有被人改過就移除，並印出停止服務的指令；模型不動
  status                 服務檔、行程、健康、佇列、最近的錯誤、版本
  health                 一行，給容器與監控用
  print KIND [FOLDER]... 只印出服務檔：systemd、systemd-user、launchd、servy、winsw、task、compose 或 quadlet

結束代碼：
  status：0 一切正常、1 有警告、5 沒有在執行
  health：0 正在執行而且夠好、1 不是

範例：
  civikit service install ~/models
  civikit service install --system /srv/models
  civikit service status --json | jq .level
  civikit service print systemd /srv/models`,
};

const en = {
  folderDue:
    "which folder do models go to? name it: civikit service install FOLDER, or: civikit config set root FOLDER",
  kindDue: (kinds: readonly string[]) => `print: KIND is due: ${kinds.join(", ")}`,
  kindUnknown: (kind: string, kinds: readonly string[]) => `"${kind}" is none of ${kinds.join(", ")}`,
  noUnit: "no unit for the whole machine is offered on this system: leave out --system",
  noPlace: "there is no home folder for the unit: set HOME",
  written: (path: string) => `written: ${path}`,
  replaced: (path: string) => `replaced: ${path}`,
  unchanged: (path: string) => `${path} is up to date`,
  forbidden: (path: string) => `${path} is not yours to change`,
  diff: "what would change:",
  left: "now run:",
  removed: (path: string) => `removed: ${path}`,
  absent: (path: string) => `${path} is not there`,
  kept: (path: string) => `${path} is kept: it is not as civikit wrote it; remove it yourself if you want to`,
  stay: (state: string) => `models, settings and the queue stay (${state})`,
  hidden: (path: string) =>
    `the service will not see ${path}: ProtectHome= hides the homes; put civikit outside of them, such as /opt or /usr/local`,
  example: "printed for another system than this one: put in your own paths",
  levels: { ok: "all well", warning: "warning", stopped: "not running" },
  rows: {
    state: "service",
    unit: "unit",
    process: "process",
    address: "address",
    health: "health",
    queue: "queue",
    lastError: "last error",
    versions: "versions",
  },
  units: {
    absent: "not installed",
    unreadable: "cannot be read",
    foreign: "not civikit's",
    edited: "changed by someone",
    outdated: "outdated: run civikit service install again",
    current: "as civikit wrote it",
  },
  process: (pid: number, since: string) => `${pid}, since ${since}`,
  none: "-",
  unknown: "cannot be looked at",
  health: { ok: "ok", warning: "warning", error: "error" },
  versions: (command: string, service: string, unit: string) => `command ${command}, service ${service}, unit ${unit}`,
};

/** What `civikit service` says. */
export const serviceText: Texts<typeof en> = {
  en,
  "zh-TW": {
    folderDue: "模型要放在哪個資料夾？請指定：civikit service install FOLDER，或：civikit config set root FOLDER",
    kindDue: (kinds) => `print：後面要有種類：${kinds.join("、")}`,
    kindUnknown: (kind, kinds) => `「${kind}」不是 ${kinds.join("、")} 其中之一`,
    noUnit: "這個系統沒有整台電腦的服務檔：請不要加 --system",
    noPlace: "沒有家目錄可以放服務檔：請設定 HOME",
    written: (path) => `已寫入：${path}`,
    replaced: (path) => `已更新：${path}`,
    unchanged: (path) => `${path} 已經是最新的`,
    forbidden: (path) => `您沒有權限更動 ${path}`,
    diff: "會改變的地方：",
    left: "接著請執行：",
    removed: (path) => `已移除：${path}`,
    absent: (path) => `${path} 不存在`,
    kept: (path) => `保留 ${path}：它不是 civikit 寫的樣子；要移除請自行處理`,
    stay: (state) => `模型、設定與佇列都還在（${state}）`,
    hidden: (path) => `服務會看不到 ${path}：ProtectHome= 遮住家目錄；請把 civikit 放在外面，例如 /opt 或 /usr/local`,
    example: "這是別的系統用的：請換成您自己的路徑",
    levels: { ok: "一切正常", warning: "警告", stopped: "沒有在執行" },
    rows: {
      state: "服務",
      unit: "服務檔",
      process: "行程",
      address: "位址",
      health: "健康",
      queue: "佇列",
      lastError: "最近的錯誤",
      versions: "版本",
    },
    units: {
      absent: "沒有安裝",
      unreadable: "無法讀取",
      foreign: "不是 civikit 的",
      edited: "被人改過",
      outdated: "過時了：請再執行一次 civikit service install",
      current: "與 civikit 寫的相同",
    },
    process: (pid, since) => `${pid}，自 ${since}`,
    none: "-",
    unknown: "無法查看",
    health: { ok: "正常", warning: "警告", error: "錯誤" },
    versions: (command, service, unit) => `指令 ${command}、服務 ${service}、服務檔 ${unit}`,
  },
};
