import { unicodeWidth } from "@std/cli/unicode-width";
import type { Locale } from "../../transport/mod.ts";
import { formatBytes, formatSpeed } from "../../transport/internal.ts";
import type { Report } from "./report.ts";

/** Forms a report can be shown in. */
export type ReportFormat = "text" | "json" | "markdown";

/** A table with its heading; without columns it is a list of names and values. */
interface Section {
  readonly title: string;
  readonly columns: readonly string[] | undefined;
  readonly rows: readonly (readonly string[])[];
}

const words = {
  en: {
    title: "civikit report",
    overview: "Overview",
    span: "span",
    requests: "requests",
    perMinute: "a minute",
    failed: "failed",
    notFound: "not found, which the error rate leaves out",
    aborted: "given up by the caller",
    errorRate: "error rate",
    response: "response time (mean)",
    percentiles: "p50 / p95 / p99 / longest",
    received: "received",
    downloads: "downloads",
    downloadsTitle: "Downloads",
    files: "files",
    latest: "Latest files",
    latestHeads: ["when", "size", "time", "speed", "result", "file"],
    verdicts: {
      verified: "verified",
      unverified: "no hash to compare",
      there: "there already",
      failed: "failed",
      cancelled: "cancelled",
      died: "its process was ended",
    },
    between: ", ",
    downloadParts: ["finished", "failed", "cancelled", "there already"],
    cache: "cache hit rate",
    retries: "retries",
    resumes: "bodies healed",
    queue: "waits for a turn",
    memory: "memory now / most",
    advice: "Advice",
    hosts: "Hosts",
    routes: "Routes",
    errors: "Errors",
    host: "host",
    route: "route",
    error: "error",
    count: "requests / downloads / healed",
    what: "what it is",
    action: "what to do",
    mean: "mean ms",
    none: "none",
  },
  "zh-TW": {
    title: "civikit 報告",
    overview: "總覽",
    span: "期間",
    requests: "請求數",
    perMinute: "次／分鐘",
    failed: "失敗",
    notFound: "找不到，不計入錯誤率",
    aborted: "呼叫端取消",
    errorRate: "錯誤率",
    response: "平均回應時間",
    percentiles: "p50 / p95 / p99 / 最長",
    received: "接收量",
    downloads: "下載",
    downloadsTitle: "下載",
    files: "檔案數",
    latest: "最近的檔案",
    latestHeads: ["時間", "大小", "耗時", "速度", "結果", "檔案"],
    verdicts: {
      verified: "已驗證",
      unverified: "沒有雜湊可比對",
      there: "已存在",
      failed: "失敗",
      cancelled: "取消",
      died: "程式被結束",
    },
    between: "、",
    downloadParts: ["完成", "失敗", "取消", "已存在"],
    cache: "快取命中率",
    retries: "重試",
    resumes: "續傳修復",
    queue: "排隊等候",
    memory: "記憶體 目前／最高",
    advice: "建議",
    hosts: "主機",
    routes: "路由",
    errors: "錯誤",
    host: "主機",
    route: "路由",
    error: "錯誤代碼",
    count: "請求／下載／已修復",
    what: "說明",
    action: "處理方式",
    mean: "平均 ms",
    none: "無",
  },
} as const;

/** Files that a report for people names; the JSON has all. */
const mostFiles = 20;

const line = (text: string): string => text.replace(/\s+/g, " ");

function sectionsOf(report: Report, locale: Locale): Section[] {
  const word = words[locale];
  const { verdicts, downloads, cache, memory, queue } = report;
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const notFound = report.errors.find(({ code }) => code === "not_found")?.requests ?? 0;
  const overview: string[][] = [
    [word.span, `${report.from} – ${report.to} (${duration(report.uptime_seconds)})`],
    [word.requests, `${report.total_requests} (${report.requests_per_minute.toFixed(2)} ${word.perMinute})`],
    [word.failed, `${report.failed_requests}${notFound === 0 ? "" : ` (${notFound} ${word.notFound})`}`],
    [word.aborted, String(report.aborted_requests)],
    [word.errorRate, `${report.error_rate_percent.toFixed(2)}% · ${verdicts.error_rate.text}`],
    [word.response, `${ms(report.avg_response_time_ms)} · ${verdicts.response_time.text}`],
    [
      word.percentiles,
      [
        report.p50_response_time_ms,
        report.p95_response_time_ms,
        report.p99_response_time_ms,
        report.max_response_time_ms,
      ].map(ms).join(" / "),
    ],
    [word.received, `${report.megabytes.toFixed(2)} MB (${report.mean_mbps.toFixed(2)} Mbps)`],
    [
      word.cache,
      `${cache.hit_rate_percent.toFixed(2)}% (${cache.hits + cache.stale + cache.revalidated} / ${
        cache.hits + cache.stale + cache.revalidated + cache.misses
      })`,
    ],
    [word.retries, String(report.retries)],
    [word.resumes, String(report.resumes)],
    [word.queue, `${queue.waits} (${ms(queue.wait_ms)})`],
  ];
  if (memory !== null) overview.push([word.memory, `${memory.rss_mb.toFixed(1)} / ${memory.peak_mb.toFixed(1)} MB`]);
  const numbers = [word.requests, word.failed, "%", word.mean, "p95", "p99"];
  const cells = (of: Report["hosts"][number] | Report["routes"][number]) =>
    [
      of.total_requests,
      of.failed_requests,
      of.error_rate_percent.toFixed(2),
      of.avg_response_time_ms,
      of.p95_response_time_ms,
      of.p99_response_time_ms,
    ].map(String);
  return [
    {
      title: word.downloadsTitle,
      columns: undefined,
      rows: [
        [
          word.files,
          [downloads.finished, downloads.failed, downloads.cancelled, downloads.skipped]
            .map((count, index) => `${count} ${word.downloadParts[index]}`).join(word.between),
        ],
        [word.received, `${downloads.megabytes.toFixed(2)} MB (${downloads.mean_mbps.toFixed(2)} Mbps)`],
      ],
    },
    {
      title: word.latest,
      columns: report.transfers.length === 0 ? undefined : word.latestHeads,
      rows: report.transfers.slice(0, mostFiles).map((one) => [
        one.at.slice(0, 19).replace("T", " "),
        formatBytes(one.bytes),
        duration(one.seconds),
        one.bytes_per_second > 0 ? formatSpeed(one.bytes_per_second) : "-",
        one.code ?? word.verdicts[one.verdict],
        one.path,
      ]),
    },
    { title: word.overview, columns: undefined, rows: overview },
    {
      title: word.hosts,
      columns: [word.host, ...numbers, word.retries, word.resumes],
      rows: report.hosts.map((of) => [of.host, ...cells(of), String(of.retries), String(of.resumes)]),
    },
    {
      title: word.routes,
      columns: [word.route, ...numbers],
      rows: report.routes.map((of) => [of.route, ...cells(of)]),
    },
    {
      title: word.errors,
      columns: [word.error, word.count, word.what, word.action],
      rows: report.errors.map(({ code, requests, downloads, healed, title, action }) => [
        code,
        `${requests} / ${downloads} / ${healed}`,
        title,
        action,
      ]),
    },
    { title: word.advice, columns: undefined, rows: report.advice.map((text) => [text]) },
  ];
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - unicodeWidth(text)));
}

function alignedLines(rows: Section["rows"]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => unicodeWidth(row[index] ?? ""))));
  return rows.map((row) => `  ${row.map((cell, index) => pad(cell, widths[index]!)).join("  ").trimEnd()}`);
}

/** A table; where that is wider than `most`, the last cell of each row stands below it, or each cell beside its head. */
function textTable({ title, columns, rows }: Section, most: number): string {
  const body = rows.map((row) => row.map(line));
  const isNarrow = (lines: readonly string[]) => lines.every((text) => unicodeWidth(text) <= most);
  let lines = alignedLines(columns === undefined ? body : [columns, ...body]);
  if (columns !== undefined && !isNarrow(lines)) {
    const [head = "", ...short] = alignedLines([columns, ...body].map((row) => row.slice(0, -1)));
    lines = isNarrow([head, ...short])
      ? [head, ...short.flatMap((text, at) => [text, `    ${body[at]!.at(-1)}`])]
      : body.flatMap((row, at) => [
        ...(at === 0 ? [] : [""]),
        ...alignedLines(columns.map((name, index) => [name, row[index] ?? ""])),
      ]);
  }
  return `${title}\n${lines.join("\n")}\n`;
}

// what comes from elsewhere must stay in its cell
const cell = (text: string): string => line(text).replace(/[\\|<>`*_[\]]/g, "\\$&");

function markdownTable({ title, columns, rows }: Section): string {
  if (columns === undefined && rows[0]?.length === 1) {
    return `## ${title}\n\n${rows.map(([text = ""]) => `- ${cell(text)}`).join("\n")}\n`;
  }
  const head = columns ?? ["", ""];
  const lines = [head, head.map(() => "---"), ...rows.map((row) => row.map(cell))];
  return `## ${title}\n\n${lines.map((row) => `| ${row.join(" | ")} |`).join("\n")}\n`;
}

/**
 * A report for people (a table, or Markdown) or programs (JSON), ending with a line break.
 *
 * @param report From `report()`; its hints are in the language it was drawn up in.
 * @param format Default `text`.
 * @param locale Language of the headings. Default `en`.
 * @param columns How wide a line of `text` may be before a table is shown in more lines. Default: any width.
 * @example
 * ```ts
 * import { formatReport, metricsRegistry, report } from "@civikit/civikit/monitor";
 *
 * console.log(formatReport(report(metricsRegistry().snapshot()), "markdown").split("\n")[0]); // # civikit report
 * ```
 */
export function formatReport(
  report: Report,
  format: ReportFormat = "text",
  locale: Locale = "en",
  columns: number = Infinity,
): string {
  if (format === "json") return `${JSON.stringify(report, null, 2)}\n`;
  const { title, none } = words[locale];
  const sections = sectionsOf(report, locale).map((section) => {
    return section.rows.length > 0 ? section : { title: section.title, columns: undefined, rows: [[none]] };
  });
  return format === "markdown"
    ? `# ${title}\n\n${sections.map(markdownTable).join("\n")}`
    : sections.map((section) => textTable(section, columns)).join("\n");
}
