import { type CivikitError, hint } from "../../transport/mod.ts";
import { formatBytes } from "../../transport/internal.ts";

const ms = (value: number) => `${Math.round(value)} ms`;
type Join = (items: readonly string[]) => string;
const comma: Join = (items) => items.join(", ");
const pause: Join = (items) => items.join("、");
const seconds = (value: number) => Math.round(Math.abs(value) / 1000);

/** What `civikit doctor` prints. */
export const doctorText = {
  en: {
    levels: { ok: "ok", warning: "warning", error: "error" },
    next: "next: ",
    list: comma satisfies Join as Join,
    asking: (hosts: readonly string[]): string => `asking ${comma(hosts)} (10 s at most) ...`,
    allWell: "all well",
    found: (errors: number, warnings: number): string => `errors: ${errors}, warnings: ${warnings}`,
    action: (error: CivikitError): string => hint(error, "en").action,

    networkThere: (host: string): string => `${host} can be reached`,
    firewall: (hosts: readonly string[]): string => `hosts a firewall has to let through: ${comma(hosts)}`,
    networkNone: (hosts: readonly string[]): string => `none of these can be reached: ${comma(hosts)}`,
    networkDenied: "civikit was not given the right to reach it",
    networkNoneNext: (hosts: readonly string[]): string =>
      `Connect this machine to the network, and look at cable, Wi-Fi and proxy. A firewall has to let through ${
        comma(hosts)
      }.`,
    portal: (host: string, what: string): string => `a login page answers in the place of ${host}: ${what}`,
    portalRedirect: (place: string): string => `it leads to ${place}`,
    portalPage: "a web page came where JSON was due",
    portalNext: "Open any page in a browser, log in to this network, and run civikit doctor again.",

    deno: (version: string, target: string): string => `Deno ${version}, ${target}`,
    denoOld: (version: string, least: string): string => `Deno ${version} is older than ${least}`,
    denoOldNext: "Run: deno upgrade",

    keyNone: "there is none: what anyone sees is what civikit sees",
    keyNoneNext: "For files that want a login, make a key at https://civitai.com/user/account and run: civikit login.",
    keyAccepted: (source: string, host: string): string => `the one from ${source}, and ${host} accepts it`,
    keyRefused: (source: string, host: string): string => `${host} does not accept the one from ${source}`,
    keyUnasked: (source: string, host: string): string => `the one from ${source}; ${host} could not be asked about it`,
    keyUnaskedNext: "Run civikit doctor again once the lines about the network are well.",

    places: {
      settings: "settings and key",
      cache: "cache",
      state: "statistics and logs",
      downloads: "downloads",
    },
    folderWritable: (what: string, path: string): string => `${what}: ${path} can be written`,
    folderAbsent: (what: string, path: string): string => `${what}: ${path} is not there yet, and can be made`,
    folderBad: (what: string, state: string): string => `${what}: ${state}`,
    folderNone: (what: string): string => `${what}: there is no home folder`,
    folderNoneNext: "Set HOME, or XDG_CONFIG_HOME, XDG_CACHE_HOME and CIVIKIT_STATE_DIR.",

    diskFree: (bytes: number, what: string): string => `${formatBytes(bytes)} free for ${what}`,
    diskLow: (bytes: number, what: string, due: number): string =>
      `only ${formatBytes(bytes)} free for ${what}, ${formatBytes(due)} are due`,
    diskLowNext: "Make room on this disk, or choose another one with --dir.",
    diskUnknown: (what: string): string => `the system does not tell how much is free for ${what}`,

    databaseWhole: (name: string, bytes: number): string => `${name} is whole (${formatBytes(bytes)})`,
    databaseAbsent: (name: string): string => `${name} is not there yet`,
    databaseDamagedNext: (path: string): string =>
      `The next command that needs it keeps it as ${path}.corrupt-<time> and begins a new one; models are not touched.`,

    clockRight: (off: number, host: string): string => `${seconds(off)} s off the clock of ${host}`,
    clockWrong: (off: number, host: string): string =>
      `this machine is ${seconds(off)} s ${off > 0 ? "ahead of" : "behind"} the clock of ${host}`,
    clockWrongNext: "Let the system set its clock by the network: signed addresses and certificates depend on it.",
    clockUnknown: "no server could be asked for the time",
    clockUnknownNext: "Run civikit doctor again once the lines about the network are well.",

    proxyNone: "none",
    proxyUsed: (proxy: string, hosts: readonly string[]): string => `${proxy} for ${comma(hosts)}`,
    proxyBad: (state: string): string => `cannot be understood: ${state}`,
    proxyBadNext: "Correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or take it away.",

    memory: (used: number, available: number, total: number): string =>
      `${formatBytes(used)} in use, ${formatBytes(available)} of ${formatBytes(total)} free in this machine`,
    memoryUsed: (used: number): string => `${formatBytes(used)} in use; how much is free the system does not tell`,
    memoryLow: (available: number): string => `only ${formatBytes(available)} free in this machine`,
    memoryLowNext: "Close other programs, or download with --parallel 1 --jobs 1.",

    serviceNone: "none is installed, and its port is free: civikit serve, or civikit service install FOLDER",
    serviceRuns: (url: string, version: string): string => `${url} answers: civikit ${version}`,
    serviceStopped: (path: string, url: string): string => `${path} is there, and nobody answers at ${url}`,
    serviceStoppedNext:
      "Start it with the commands that civikit service install prints, and look at civikit service status.",
    serviceOutdated: (path: string): string => `${path} is of another civikit, or one that was elsewhere`,
    serviceProgram: (path: string, program: string): string => `${path} starts ${program}, which is not there`,
    serviceInstallNext: "Run civikit service install again, and the commands it prints.",
    serviceFolder: (path: string, folder: string): string => `${path} starts in ${folder}, which is not there`,
    serviceFolderNext: (folder: string): string => `Make the folder ${folder}, or mount its disk.`,
    servicePort: (url: string, answer: string): string => `another program answers at ${url}: ${answer}`,
    servicePortNext: "End that program, or choose another port: civikit config set serve.port 9090.",

    fleetDenied: (host: string): string => `civikit was not given the right to reach ${host}`,
    fleetDeniedNext: "Add --allow-net for it, or run civikit as it was installed.",
    redisNone: "none: this machine alone (fleet.redis)",
    redisThere: (host: string, version: string, value: number): string =>
      `${host}: ${version}, answers in ${ms(value)}`,
    redisSlow: (value: number): string => `it takes ${ms(value)} to answer, and each job and each request asks it`,
    redisSlowNext: "Look at the way there and at its load (redis-cli --latency), or put it nearer to the machines.",
    redisAwayNext: "Start Redis, let it listen where this machine reaches it, or correct fleet.redis.",
    redisForgets: {
      appendonly: "it writes nothing down: a restart loses the queue",
      write: "its last write to the disk failed: a restart may lose the queue",
      default_user:
        "its default user lacks rights: it drops what it wrote when it reads it back, and a restart loses the queue",
    },
    redisForgetsNext: {
      appendonly: "Set appendonly yes in its settings (redis-cli CONFIG SET appendonly yes, then CONFIG REWRITE).",
      write: "Make room on its disk, and look at its log.",
      default_user: "Write user default off ~* &* +@all into its settings: it lets nobody in all the same.",
    },
    bucketNone: "none (fleet.store, install.mirror)",
    bucketThere: (place: string, host: string, value: number, isWritten: boolean): string =>
      `${place} at ${host}: can be read${isWritten ? " and written" : ""}, ${ms(value)}`,
    bucketAwayNext: "Look at s3.endpoint, and whether the store runs and this machine reaches it.",
    bucketSilent: (place: string, value: number): string => `${place}: no answer within ${seconds(value)} s`,

    step: (host: string, value: number): string => `${host}: ${ms(value)}`,
    stepSlow: (host: string, value: number): string => `${host}: ${ms(value)}, which is slow`,
    stepSlowNext: "Give it more time, and use fewer connections: --parallel 1 --jobs 1.",
    answered: (host: string, value: number, status: number): string => `${host}: HTTP ${status} after ${ms(value)}`,
    stepFailed: (host: string, state: string): string => `${host}: ${state}`,
    skipped: {
      address: "an address needs no DNS",
      plain: "no TLS for http on this machine",
      proxy: "the proxy does this",
      before: "not tried, after the failure above",
    },
    stepSkipped: (host: string, why: string): string => `${host}: ${why}`,
    portalStepNext: "See the line about the network.",
    refusedNext: "Look at https://status.civitai.com, and run civikit doctor again later.",

    reportHolds: (path: string, bytes: number): string => `the report ${path} (${formatBytes(bytes)}) holds:`,
    reportPlatform: "civikit, Deno, system, processor, memory, rights",
    reportSettings: (count: number): string => `${count} settings and where each comes from`,
    reportLines: (count: number): string => `the ${count} lines of this check`,
    reportErrors: (count: number): string => `the last errors: ${count}`,
    reportLogs: (count: number): string => `the last lines of the logs: ${count}`,
    reportWithout:
      "secrets and the name of your home folder are cut out; names of models, files and hosts are in it: read it before you pass it on",
    reportWritten: (path: string): string => `written: ${path}`,
    reportFile: "operand: the name of a report; it goes with --report",
  },
  "zh-TW": {
    levels: { ok: "正常", warning: "警告", error: "錯誤" },
    next: "處理：",
    list: pause satisfies Join as Join,
    asking: (hosts: readonly string[]): string => `正在詢問 ${pause(hosts)}（最多 10 秒）…`,
    allWell: "一切正常",
    found: (errors: number, warnings: number): string => `錯誤 ${errors} 項，警告 ${warnings} 項`,
    action: (error: CivikitError): string => hint(error, "zh-TW").action,

    networkThere: (host: string): string => `連得到 ${host}`,
    firewall: (hosts: readonly string[]): string => `防火牆必須放行的主機：${pause(hosts)}`,
    networkNone: (hosts: readonly string[]): string => `這些主機都連不到：${pause(hosts)}`,
    networkDenied: "civikit 沒有連線的權限",
    networkNoneNext: (hosts: readonly string[]): string =>
      `請先讓這台電腦連上網路，並檢查網路線、Wi-Fi 與代理伺服器。防火牆必須放行 ${pause(hosts)}。`,
    portal: (host: string, what: string): string => `回答的不是 ${host}，而是登入頁面：${what}`,
    portalRedirect: (place: string): string => `被導向 ${place}`,
    portalPage: "該收到 JSON，卻收到網頁",
    portalNext: "請用瀏覽器打開任何網頁、登入這個網路，再執行一次 civikit doctor。",

    deno: (version: string, target: string): string => `Deno ${version}，${target}`,
    denoOld: (version: string, least: string): string => `Deno ${version} 比 ${least} 舊`,
    denoOldNext: "請執行：deno upgrade",

    keyNone: "沒有金鑰：只看得到任何人都看得到的內容",
    keyNoneNext: "要下載需要登入的檔案，請到 https://civitai.com/user/account 建立金鑰，再執行 civikit login。",
    keyAccepted: (source: string, host: string): string => `來自 ${source}，${host} 接受`,
    keyRefused: (source: string, host: string): string => `${host} 不接受來自 ${source} 的金鑰`,
    keyUnasked: (source: string, host: string): string => `來自 ${source}，但無法向 ${host} 確認`,
    keyUnaskedNext: "等網路的項目都正常之後，再執行一次 civikit doctor。",

    places: {
      settings: "設定與金鑰",
      cache: "快取",
      state: "統計與紀錄檔",
      downloads: "下載",
    },
    folderWritable: (what: string, path: string): string => `${what}：${path} 可以寫入`,
    folderAbsent: (what: string, path: string): string => `${what}：${path} 還不存在，需要時會建立`,
    folderBad: (what: string, state: string): string => `${what}：${state}`,
    folderNone: (what: string): string => `${what}：沒有家目錄`,
    folderNoneNext: "請設定 HOME，或設定 XDG_CONFIG_HOME、XDG_CACHE_HOME 與 CIVIKIT_STATE_DIR。",

    diskFree: (bytes: number, what: string): string => `${what}：剩餘 ${formatBytes(bytes)}`,
    diskLow: (bytes: number, what: string, due: number): string =>
      `${what}：只剩 ${formatBytes(bytes)}，至少要有 ${formatBytes(due)}`,
    diskLowNext: "請在這個磁碟清出空間，或用 --dir 改放到別的磁碟。",
    diskUnknown: (what: string): string => `${what}：系統沒有說剩餘多少空間`,

    databaseWhole: (name: string, bytes: number): string => `${name} 完好（${formatBytes(bytes)}）`,
    databaseAbsent: (name: string): string => `${name} 還不存在`,
    databaseDamagedNext: (path: string): string =>
      `下一個用到它的指令會把它改名為 ${path}.corrupt-<時間>，再建立新的；模型不受影響。`,

    clockRight: (off: number, host: string): string => `與 ${host} 的時鐘相差 ${seconds(off)} 秒`,
    clockWrong: (off: number, host: string): string =>
      `這台電腦比 ${host} 的時鐘${off > 0 ? "快" : "慢"} ${seconds(off)} 秒`,
    clockWrongNext: "請讓系統透過網路校時：有簽章的網址與憑證都要看時間。",
    clockUnknown: "沒有伺服器可以問時間",
    clockUnknownNext: "等網路的項目都正常之後，再執行一次 civikit doctor。",

    proxyNone: "沒有",
    proxyUsed: (proxy: string, hosts: readonly string[]): string => `${pause(hosts)} 經由 ${proxy}`,
    proxyBad: (state: string): string => `看不懂：${state}`,
    proxyBadNext: "請改正 HTTP_PROXY、HTTPS_PROXY 或 ALL_PROXY，或是移除。",

    memory: (used: number, available: number, total: number): string =>
      `使用 ${formatBytes(used)}，這台電腦共 ${formatBytes(total)}，可用 ${formatBytes(available)}`,
    memoryUsed: (used: number): string => `使用 ${formatBytes(used)}；系統沒有說還有多少可用`,
    memoryLow: (available: number): string => `這台電腦只剩 ${formatBytes(available)} 可用`,
    memoryLowNext: "請關閉其他程式，或用 --parallel 1 --jobs 1 下載。",

    serviceNone: "沒有安裝，連接埠也沒有人用：civikit serve，或 civikit service install FOLDER",
    serviceRuns: (url: string, version: string): string => `${url} 有回答：civikit ${version}`,
    serviceStopped: (path: string, url: string): string => `${path} 在，但 ${url} 沒有人回答`,
    serviceStoppedNext: "請用 civikit service install 印出的指令啟動它，並看 civikit service status。",
    serviceOutdated: (path: string): string => `${path} 是別的版本或別的位置的 civikit 寫的`,
    serviceProgram: (path: string, program: string): string => `${path} 要啟動的 ${program} 不存在`,
    serviceInstallNext: "請再執行一次 civikit service install 與它印出的指令。",
    serviceFolder: (path: string, folder: string): string => `${path} 要在 ${folder} 啟動，但它不存在`,
    serviceFolderNext: (folder: string): string => `請建立資料夾 ${folder}，或掛載它的磁碟。`,
    servicePort: (url: string, answer: string): string => `${url} 有別的程式回答：${answer}`,
    servicePortNext: "請結束那個程式，或改用別的連接埠：civikit config set serve.port 9090。",

    fleetDenied: (host: string): string => `civikit 沒有連到 ${host} 的權限`,
    fleetDeniedNext: "請加上對它的 --allow-net，或照安裝的方式執行 civikit。",
    redisNone: "沒有：只有這台機器（fleet.redis）",
    redisThere: (host: string, version: string, value: number): string => `${host}：${version}，${ms(value)} 回答`,
    redisSlow: (value: number): string => `它要 ${ms(value)} 才回答，而每項工作、每個請求都要問它`,
    redisSlowNext: "請看到那裡的網路與它的負載（redis-cli --latency），或把它放在離機器近一點的地方。",
    redisAwayNext: "請啟動 Redis、讓它聽這台機器連得到的位址，或更正 fleet.redis。",
    redisForgets: {
      appendonly: "它什麼都不記：重新啟動就會失去佇列",
      write: "它上次寫入磁碟失敗：重新啟動可能失去佇列",
      default_user: "它的 default 使用者沒有權限：讀回自己寫的東西時會丟掉，重新啟動就會失去佇列",
    },
    redisForgetsNext: {
      appendonly: "請在它的設定加上 appendonly yes（redis-cli CONFIG SET appendonly yes，再 CONFIG REWRITE）。",
      write: "請在它的磁碟騰出空間，並看它的紀錄檔。",
      default_user: "請在它的設定寫 user default off ~* &* +@all：一樣誰都進不來。",
    },
    bucketNone: "沒有（fleet.store、install.mirror）",
    bucketThere: (place: string, host: string, value: number, isWritten: boolean): string =>
      `${host} 的 ${place}：可以讀取${isWritten ? "與寫入" : ""}，${ms(value)}`,
    bucketAwayNext: "請檢查 s3.endpoint、物件儲存有沒有在執行，以及這台電腦連不連得到。",
    bucketSilent: (place: string, value: number): string => `${place}：${seconds(value)} 秒內沒有回答`,

    step: (host: string, value: number): string => `${host}：${ms(value)}`,
    stepSlow: (host: string, value: number): string => `${host}：${ms(value)}，偏慢`,
    stepSlowNext: "請多給一點時間，並減少連線：--parallel 1 --jobs 1。",
    answered: (host: string, value: number, status: number): string => `${host}：${ms(value)} 後回答 HTTP ${status}`,
    stepFailed: (host: string, state: string): string => `${host}：${state}`,
    skipped: {
      address: "已經是位址，不需要 DNS",
      plain: "連本機的 http 不用 TLS",
      proxy: "由代理伺服器處理",
      before: "前面已經失敗，沒有嘗試",
    },
    stepSkipped: (host: string, why: string): string => `${host}：${why}`,
    portalStepNext: "請看網路那一項。",
    refusedNext: "請看 https://status.civitai.com，稍後再執行一次 civikit doctor。",

    reportHolds: (path: string, bytes: number): string => `報告 ${path}（${formatBytes(bytes)}）的內容：`,
    reportPlatform: "civikit、Deno、系統、處理器、記憶體、權限",
    reportSettings: (count: number): string => `${count} 項設定與各自的來源`,
    reportLines: (count: number): string => `這次檢查的 ${count} 個項目`,
    reportErrors: (count: number): string => `最近的錯誤：${count} 筆`,
    reportLogs: (count: number): string => `紀錄檔最後幾行：${count} 行`,
    reportWithout: "密鑰與家目錄的名稱已經移除；模型、檔案與主機的名稱還在裡面，交給別人之前請先看過",
    reportWritten: (path: string): string => `已寫入：${path}`,
    reportFile: "多出來的字是報告的檔名，要與 --report 一起用",
  },
} as const;

/** The texts of one language. */
export type DoctorText = (typeof doctorText)["en" | "zh-TW"];
