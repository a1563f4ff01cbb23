import type { Bilingual, Texts } from "./texts.ts";

/** The help of `civikit report`. */
export const reportHelp: Bilingual = {
  en: `Every command records its requests in ~/.local/state/civikit/stats.sqlite (or
CIVIKIT_STATE_DIR), unless CIVIKIT_MONITOR=off: by the minute for 24 hours, by
the hour for 30 days. Several commands may record at once.

examples:
  civikit report                        everything that is kept
  civikit report --since 24h --markdown
  civikit report --json | jq .error_rate_percent
  civikit report --export csv > minutes.csv
  civikit report --clear                forget all numbers`,
  "zh-TW":
    `每個指令都把請求記錄在 ~/.local/state/civikit/stats.sqlite（或 CIVIKIT_STATE_DIR），除非 CIVIKIT_MONITOR=off：每分鐘的數字留 24 小時，每小時的留 30 天。多個指令可以同時記錄。

範例：
  civikit report                        所有留存的數字
  civikit report --since 24h --markdown
  civikit report --json | jq .error_rate_percent
  civikit report --export csv > minutes.csv
  civikit report --clear                清除所有數字`,
};

/** The help of `civikit logs`. */
export const logsHelp: Bilingual = {
  en: `<what> is one of:
  errors    failures by status, by kind of network trouble, and timeouts
  latency   response times: mean, shortest, longest, 95th percentile, trend
  tail      the last lines; with --follow also those to come

After <what> may stand which log: http_client (every request; the default),
application (downloads, memory) or error (only errors), or any other file.
Rotated files (http_client.log.1 ...) and gzip files are read too.
CIVIKIT_LOG_FORMAT=json makes JSON lines of what is written, CIVIKIT_LOG_LEVEL
(DEBUG, INFO, WARN, ERROR) chooses how much.

examples:
  civikit logs errors
  civikit logs latency --json
  civikit logs tail --limit 50 --follow
  civikit logs tail error
  civikit logs errors old/http_client.log.gz`,
  "zh-TW": `<what> 可以是：
  errors    失敗：依狀態碼、網路問題的種類與逾時分類
  latency   回應時間：平均、最短、最長、第 95 百分位、趨勢
  tail      最後幾行；加上 --follow 也顯示之後寫進來的

<what> 後面可以指定紀錄檔：http_client（每個請求；預設）、application（下載、記憶體）或 error（只有錯誤），或其他任何檔案。輪替的檔案（http_client.log.1 ...）與 gzip 檔也會讀。CIVIKIT_LOG_FORMAT=json 讓紀錄檔寫成 JSON，CIVIKIT_LOG_LEVEL（DEBUG、INFO、WARN、ERROR）決定寫多少。

範例：
  civikit logs errors
  civikit logs latency --json
  civikit logs tail --limit 50 --follow
  civikit logs tail error
  civikit logs errors old/http_client.log.gz`,
};

/** The help of `civikit serve`. */
export const serveHelp: Bilingual = {
  en: `A download service: a page to put models into a queue that survives restarts,
an API for programs under /api/v1, aria2's JSON-RPC under /jsonrpc, what all
commands of the last 24 hours did under /status, and numbers for Prometheus
under /metrics. It goes on until it is interrupted; what is under way then is
taken up again at the next start. One service at a time works on the queue.

It listens on 127.0.0.1. Any other --host needs a token of 16 characters or
more in CIVIKIT_SERVE_TOKEN, which browsers are asked for once and Prometheus
sends as a bearer token. Put a reverse proxy with TLS in front of it and name
the proxy's host with --allow-host.

examples:
  civikit serve --open
  civikit serve --port 9090
  civikit serve --pair                  connects the userscript, no page needed
  CIVIKIT_SERVE_TOKEN=... civikit serve --host 0.0.0.0 --allow-host box.lan`,
  "zh-TW":
    `下載服務：用網頁把模型排進重新開機也不會消失的佇列、給程式用的 API（/api/v1）、aria2 的 JSON-RPC（/jsonrpc）、最近 24 小時所有指令的情形（/status），以及給 Prometheus 的數字（/metrics）。會一直執行到中斷為止；中斷時還在下載的，下次啟動會接著做。同一時間只有一個服務處理佇列。

預設聽 127.0.0.1。用其他 --host 時，CIVIKIT_SERVE_TOKEN 必須有 16 個字元以上的權杖；瀏覽器會詢問一次，Prometheus 則以 bearer token 傳送。請在前面放一個有 TLS 的反向代理，並用 --allow-host 指定代理的主機名稱。

範例：
  civikit serve --open
  civikit serve --port 9090
  civikit serve --pair                  不開頁面也能連上使用者腳本
  CIVIKIT_SERVE_TOKEN=... civikit serve --host 0.0.0.0 --allow-host box.lan`,
};

const logs = {
  lines: "lines",
  times: "response times",
  mean: "mean",
  shortest: "shortest",
  longest: "longest",
  p95: "95th percentile",
  trend: "trend",
  trends: { rising: "rising", falling: "falling", steady: "steady", unknown: "unknown" },
  failures: "failures",
  byStatus: "by status",
  connection: "connection",
  timeouts: "timeouts",
  latest: "latest",
  noLines: (path: string): string => `nothing is logged yet in ${path}`,
};

/** What `civikit logs` says. */
export const logsText: Texts<typeof logs> = {
  en: logs,
  "zh-TW": {
    lines: "行數",
    times: "回應時間",
    mean: "平均",
    shortest: "最短",
    longest: "最長",
    p95: "第 95 百分位",
    trend: "趨勢",
    trends: { rising: "上升", falling: "下降", steady: "持平", unknown: "未知" },
    failures: "失敗",
    byStatus: "依狀態碼",
    connection: "連線",
    timeouts: "逾時",
    latest: "最近的",
    noLines: (path) => `${path} 還沒有任何紀錄`,
  },
};

const report = {
  damaged: (path: string) => `the statistics were damaged; they are kept as ${path}`,
  cleared: "all numbers are forgotten",
  unkept: (folder: string): string =>
    `note: no numbers are there, and none are kept without the right to: --allow-write=${folder}`,
};

/** What `civikit report` says besides the report. */
export const reportText: Texts<typeof report> = {
  en: report,
  "zh-TW": {
    damaged: (path) => `統計檔損壞；原檔留在 ${path}`,
    cleared: "所有數字都清除了",
    unkept: (folder) => `注意：沒有任何數字；缺少權限 --allow-write=${folder}，也不會留下數字`,
  },
};
