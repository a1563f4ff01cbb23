import type { Command } from "../command.ts";
import type { Bilingual } from "../texts/texts.ts";

/** What commands are for, in the order of the help. */
export type CommandGroup = "get" | "find" | "library" | "project" | "service" | "settings";

/** What is known of a command before it is loaded. */
export interface CommandEntry {
  /** What the user types. */
  readonly name: string;
  /** What it is listed under. */
  readonly group: CommandGroup;
  /** One line for the list of commands. */
  readonly summary: Bilingual;
  /**
   * Loads it: a run pays for the one command it is. The cast hides the path from Deno, which would otherwise read all that
   * every command imports before the first line runs; bundlers do not see casts.
   */
  load(): Promise<Command>;
}

/** Every command, in the order of the help. */
export const commands: readonly CommandEntry[] = [
  {
    name: "download",
    group: "get",
    summary: {
      en: "Downloads files from Civitai, or any https URL, and verifies them.",
      "zh-TW": "從 Civitai 或任何 https 網址下載檔案，並驗證。",
    },
    load: async () => (await import("./download.ts" as string) as typeof import("./download.ts")).downloadCommand,
  },
  {
    name: "queue",
    group: "get",
    summary: {
      en: "Keeps what is to be downloaded, for a service or for later, and works it off.",
      "zh-TW": "記下要下載的東西，交給服務或留待之後，並逐一完成。",
    },
    load: async () => (await import("./queue.ts" as string) as typeof import("./queue.ts")).queueCommand,
  },
  {
    name: "watch",
    group: "get",
    summary: {
      en: "Finds what creators, models, tags and searches have that is new, and queues it.",
      "zh-TW": "追蹤創作者、模型、標籤與搜尋，有新的就加入佇列。",
    },
    load: async () => (await import("./watch.ts" as string) as typeof import("./watch.ts")).watchCommand,
  },
  {
    name: "models",
    group: "find",
    summary: {
      en: "Searches models, or shows one with its versions.",
      "zh-TW": "搜尋模型，或查看一個模型與它的版本。",
    },
    load: async () => (await import("./models.ts" as string) as typeof import("./models.ts")).modelsCommand,
  },
  {
    name: "versions",
    group: "find",
    summary: {
      en: "Shows a model version, or finds the one a file belongs to.",
      "zh-TW": "查看一個模型版本，或找出檔案屬於哪個版本。",
    },
    load: async () => (await import("./versions.ts" as string) as typeof import("./versions.ts")).versionsCommand,
  },
  {
    name: "images",
    group: "find",
    summary: {
      en: "Searches the gallery, shows how an image was made, saves images.",
      "zh-TW": "搜尋圖片、查看圖片怎麼做的、儲存圖片。",
    },
    load: async () => (await import("./images.ts" as string) as typeof import("./images.ts")).imagesCommand,
  },
  {
    name: "creators",
    group: "find",
    summary: {
      en: "Searches those who publish models.",
      "zh-TW": "搜尋創作者。",
    },
    load: async () => (await import("./creators.ts" as string) as typeof import("./creators.ts")).creatorsCommand,
  },
  {
    name: "tags",
    group: "find",
    summary: {
      en: "Searches tags.",
      "zh-TW": "搜尋標籤。",
    },
    load: async () => (await import("./tags.ts" as string) as typeof import("./tags.ts")).tagsCommand,
  },
  {
    name: "users",
    group: "find",
    summary: {
      en: "Searches users, or shows one.",
      "zh-TW": "搜尋使用者，或查看一位。",
    },
    load: async () => (await import("./users.ts" as string) as typeof import("./users.ts")).usersCommand,
  },
  {
    name: "enums",
    group: "find",
    summary: {
      en: "Lists the words Civitai knows: kinds of models, base models, ...",
      "zh-TW": "列出 Civitai 認得的字：模型種類、基礎模型等。",
    },
    load: async () => (await import("./enums.ts" as string) as typeof import("./enums.ts")).enumsCommand,
  },
  {
    name: "scan",
    group: "library",
    summary: {
      en: "Finds out what the model files in a folder are, and which are there twice.",
      "zh-TW": "找出資料夾裡的模型檔案是什麼、哪些重複。",
    },
    load: async () => (await import("./scan.ts" as string) as typeof import("./scan.ts")).scanCommand,
  },
  {
    name: "show",
    group: "library",
    summary: {
      en: "Shows everything that is known of a model file; keeps notes and tags.",
      "zh-TW": "顯示模型檔案的一切；記下筆記與標籤。",
    },
    load: async () => (await import("./show.ts" as string) as typeof import("./show.ts")).showCommand,
  },
  {
    name: "verify",
    group: "library",
    summary: {
      en: "Hashes files again and compares them with the lock file, or with the last scan.",
      "zh-TW": "重新計算檔案的雜湊，與鎖定檔或上次掃描比對。",
    },
    load: async () => (await import("./verify.ts" as string) as typeof import("./verify.ts")).verifyCommand,
  },
  {
    name: "organize",
    group: "library",
    summary: {
      en: "Moves models to where a layout has them, with sidecars; undo brings everything back.",
      "zh-TW": "把模型連同附屬檔搬到版面說的位置，可以完全復原。",
    },
    load: async () => (await import("./organize.ts" as string) as typeof import("./organize.ts")).organizeCommand,
  },
  {
    name: "duplicates",
    group: "library",
    summary: {
      en: "Finds models that are there more than once; links the others to one, or trashes them.",
      "zh-TW": "找出重複的模型，其餘的改成連結，或丟進垃圾桶。",
    },
    load: async () => (await import("./duplicates.ts" as string) as typeof import("./duplicates.ts")).duplicatesCommand,
  },
  {
    name: "trash",
    group: "library",
    summary: {
      en: "Lists models that were thrown away, brings them back, or removes them for good.",
      "zh-TW": "列出丟掉的模型，還原，或永久移除。",
    },
    load: async () => (await import("./trash.ts" as string) as typeof import("./trash.ts")).trashCommand,
  },
  {
    name: "layout",
    group: "library",
    summary: {
      en: "Says to ComfyUI, A1111 and Forge where the models are.",
      "zh-TW": "告訴 ComfyUI、A1111 與 Forge 模型在哪裡。",
    },
    load: async () => (await import("./layout.ts" as string) as typeof import("./layout.ts")).layoutCommand,
  },
  {
    name: "add",
    group: "project",
    summary: {
      en: "Adds models to a project's manifest and lock file, and installs them.",
      "zh-TW": "把模型加進專案的清單檔與鎖定檔，並安裝。",
    },
    load: async () => (await import("./add.ts" as string) as typeof import("./add.ts")).addCommand,
  },
  {
    name: "adopt",
    group: "project",
    summary: {
      en: "Makes a project of the models that are in a folder already, without moving one.",
      "zh-TW": "把資料夾裡現有的模型變成專案，一個檔案也不搬。",
    },
    load: async () => (await import("./adopt.ts" as string) as typeof import("./adopt.ts")).adoptCommand,
  },
  {
    name: "remove",
    group: "project",
    summary: {
      en: "Takes models out of a project, with the files that were installed for them.",
      "zh-TW": "把模型從專案移除，連同為它安裝的檔案。",
    },
    load: async () => (await import("./remove.ts" as string) as typeof import("./remove.ts")).removeCommand,
  },
  {
    name: "install",
    group: "project",
    summary: {
      en: "Makes a folder of models exactly what its lock file says.",
      "zh-TW": "讓模型資料夾與鎖定檔完全一致。",
    },
    load: async () => (await import("./install.ts" as string) as typeof import("./install.ts")).installCommand,
  },
  {
    name: "outdated",
    group: "project",
    summary: {
      en: "Shows which of a project's models have newer versions.",
      "zh-TW": "專案裡哪些模型有更新的版本。",
    },
    load: async () => (await import("./outdated.ts" as string) as typeof import("./outdated.ts")).outdatedCommand,
  },
  {
    name: "update",
    group: "project",
    summary: {
      en: "Takes a project's models to their newest versions.",
      "zh-TW": "把專案的模型更新到最新版本。",
    },
    load: async () => (await import("./update.ts" as string) as typeof import("./update.ts")).updateCommand,
  },
  {
    name: "mirror",
    group: "project",
    summary: {
      en: "Puts a project's files into an object store, for all machines of a lab.",
      "zh-TW": "把專案的檔案放進物件儲存，供一個團隊的所有電腦使用。",
    },
    load: async () => (await import("./mirror.ts" as string) as typeof import("./mirror.ts")).mirrorCommand,
  },
  {
    name: "serve",
    group: "service",
    summary: {
      en: "A download service with a queue: pages in the browser, an API, numbers for Prometheus.",
      "zh-TW": "有佇列的下載服務：網頁、API，以及給 Prometheus 的數字。",
    },
    load: async () => (await import("./serve.ts" as string) as typeof import("./serve.ts")).serveCommand,
  },
  {
    name: "fleet",
    group: "service",
    summary: {
      en: "Lets several machines work off one queue, with one cache and one politeness.",
      "zh-TW": "讓數台機器處理同一個佇列，共用快取與限流。",
    },
    load: async () => (await import("./fleet.ts" as string) as typeof import("./fleet.ts")).fleetCommand,
  },
  {
    name: "service",
    group: "service",
    summary: {
      en: "Keeps civikit serve running: units for systemd, launchd, Windows; status and health.",
      "zh-TW": "讓 civikit serve 持續執行：systemd、launchd、Windows 的服務檔；狀態與健康。",
    },
    load: async () => (await import("./service.ts" as string) as typeof import("./service.ts")).serviceCommand,
  },
  {
    name: "transfers",
    group: "service",
    summary: {
      en: "Shows what every civikit on this machine downloads; pauses, resumes and cancels it.",
      "zh-TW": "這台電腦上每個 civikit 正在下載什麼；可暫停、繼續、取消。",
    },
    load: async () => (await import("./transfers.ts" as string) as typeof import("./transfers.ts")).transfersCommand,
  },
  {
    name: "report",
    group: "service",
    summary: {
      en: "Shows requests, errors with hints, response times and downloads of the last days.",
      "zh-TW": "最近幾天的下載、請求、錯誤與回應時間。",
    },
    load: async () => (await import("./report.ts" as string) as typeof import("./report.ts")).reportCommand,
  },
  {
    name: "logs",
    group: "service",
    summary: {
      en: "Analyses the log files: errors, response times, or the last lines.",
      "zh-TW": "分析紀錄檔：錯誤、回應時間，或最後幾行。",
    },
    load: async () => (await import("./logs.ts" as string) as typeof import("./logs.ts")).logsCommand,
  },
  {
    name: "sandbox",
    group: "service",
    summary: {
      en: "A Civitai of one's own on this machine, to try things on, and to check downloaders with.",
      "zh-TW": "在這台電腦上執行自己的 Civitai，可試用指令，也可檢驗下載程式。",
    },
    load: async () => (await import("./sandbox.ts" as string) as typeof import("./sandbox.ts")).sandboxCommand,
  },
  {
    name: "extension",
    group: "service",
    summary: {
      en: "Puts civikit into A1111, Forge, SD.Next and ComfyUI, and takes it out.",
      "zh-TW": "把 civikit 裝進 A1111、Forge、SD.Next 與 ComfyUI，或移除。",
    },
    load: async () => (await import("./extension.ts" as string) as typeof import("./extension.ts")).extensionCommand,
  },
  {
    name: "config",
    group: "settings",
    summary: {
      en: "Shows and changes the settings of all commands.",
      "zh-TW": "查看與修改所有指令的設定。",
    },
    load: async () => (await import("./config.ts" as string) as typeof import("./config.ts")).configCommand,
  },
  {
    name: "doctor",
    group: "settings",
    summary: {
      en: "Looks what is wrong with network, key, folders and the rest, and says what to do.",
      "zh-TW": "檢查網路、金鑰、資料夾等有什麼問題，並說明怎麼處理。",
    },
    load: async () => (await import("./doctor.ts" as string) as typeof import("./doctor.ts")).doctorCommand,
  },
  {
    name: "upgrade",
    group: "settings",
    summary: {
      en: "Tells whether there is a newer civikit and how to get it; backs up, migrates, goes back.",
      "zh-TW": "有沒有更新的 civikit、怎麼取得；備份、升級資料庫、退回。",
    },
    load: async () => (await import("./upgrade.ts" as string) as typeof import("./upgrade.ts")).upgradeCommand,
  },
  {
    name: "login",
    group: "settings",
    summary: {
      en: "Keeps an API key for later commands, once the site has accepted it.",
      "zh-TW": "存下 API 金鑰供之後的指令使用；先向網站確認過才存。",
    },
    load: async () => (await import("./login.ts" as string) as typeof import("./login.ts")).loginCommand,
  },
  {
    name: "logout",
    group: "settings",
    summary: {
      en: "Removes the API key that was kept by civikit login.",
      "zh-TW": "移除 civikit login 存下的 API 金鑰。",
    },
    load: async () => (await import("./logout.ts" as string) as typeof import("./logout.ts")).logoutCommand,
  },
  {
    name: "whoami",
    group: "settings",
    summary: {
      en: "Tells whose API key is in use, and whether Civitai accepts it.",
      "zh-TW": "用的是誰的 API 金鑰，Civitai 是否接受。",
    },
    load: async () => (await import("./whoami.ts" as string) as typeof import("./whoami.ts")).whoamiCommand,
  },
  {
    name: "paths",
    group: "settings",
    summary: {
      en: "Tells every place where something is kept, and how large it is.",
      "zh-TW": "列出所有存放東西的位置與大小。",
    },
    load: async () => (await import("./paths.ts" as string) as typeof import("./paths.ts")).pathsCommand,
  },
  {
    name: "clean",
    group: "settings",
    summary: {
      en: "Shows what is left of unfinished and failed downloads, and removes it when told.",
      "zh-TW": "列出未完成與失敗的下載留下的檔案，確認後才移除。",
    },
    load: async () => (await import("./clean.ts" as string) as typeof import("./clean.ts")).cleanCommand,
  },
  {
    name: "cache",
    group: "settings",
    summary: {
      en: "Shows, empties and checks what was kept of earlier answers.",
      "zh-TW": "查看、清空、檢查快取裡留下的回應。",
    },
    load: async () => (await import("./cache.ts" as string) as typeof import("./cache.ts")).cacheCommand,
  },
  {
    name: "completion",
    group: "settings",
    summary: {
      en: "Prints what your shell needs to complete commands, options and their words.",
      "zh-TW": "印出讓 shell 自動補上指令、選項與選項的字的指令稿。",
    },
    load: async () => (await import("./completion.ts" as string) as typeof import("./completion.ts")).completionCommand,
  },
  {
    name: "man",
    group: "settings",
    summary: {
      en: "Prints the manual page.",
      "zh-TW": "印出 man 說明頁。",
    },
    load: async () => (await import("./man.ts" as string) as typeof import("./man.ts")).manCommand,
  },
];

/** Every command, loaded, with what was known of it before. */
export async function loadCommands(): Promise<readonly (Command & CommandEntry)[]> {
  return await Promise.all(commands.map(async (entry) => ({ ...entry, ...await entry.load() })));
}
