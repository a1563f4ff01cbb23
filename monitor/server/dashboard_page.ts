import { html } from "hono/html";
import type { Report } from "../report/report.ts";
import type { RegistrySnapshot } from "../metrics/metrics_registry.ts";
import type { LiveTransfer } from "../stats/live_transfer.ts";
import type { TimelinePoint } from "../stats/timeline.ts";
import { chart } from "./chart.ts";
import { counted, formatCount, formatMs, formatPercent, formatSize } from "./format.ts";
import type { Health, HealthCheck } from "./health.ts";
import { type Html, live, type Page, type PageContext } from "./layout.ts";
import { clearForm, levelOf } from "./pages.ts";
import { errorTable, facts, transferTable } from "./tables.ts";
import type { Texts } from "./texts.ts";

const MB = 1024 * 1024;

/** What the dashboard shows. */
export interface DashboardData {
  readonly report: Report;
  readonly snapshot: RegistrySnapshot;
  readonly transfers: readonly LiveTransfer[];
  readonly health: Health;
  readonly points: readonly TimelinePoint[];
  readonly stepMs: number;
  readonly nowMs: number;
}

/** What was measured, in the reader's language. */
function measured({ unit, observed }: HealthCheck, t: Texts): string {
  if (unit === "percent") return `${t.errorRate} ${formatPercent(observed)}`;
  if (unit === "rules") return counted(t.rulesStuck, observed ?? 0);
  if (unit === "bytes") return observed === undefined ? t.noData : formatSize(observed);
  return observed === undefined ? t.cacheDown : t.troubled;
}

function healthList({ checks }: Health, t: Texts): Html {
  return html`
    <h2 class="hidden">${t.health}</h2>
    <ul class="health">${Object.entries(checks).map(([part, check]) =>
      html`<li class="is-${check.level}"><b>${t[part as keyof typeof checks]}</b> <span>${t[check.level]}</span>${
        check.level === "ok" ? "" : html`<small>${measured(check, t)}</small>`
      }</li>`
    )}</ul>
  `;
}

function figures({ report, snapshot }: DashboardData, t: Texts): Html {
  const { memory } = snapshot;
  const { verdicts } = report;
  const isEmpty = report.total_requests === report.aborted_requests;
  const lookups = report.cache.hits + report.cache.stale + report.cache.revalidated + report.cache.misses;
  return facts([
    [
      t.requests,
      formatCount(report.total_requests),
      `${counted(t.perMinute, formatCount(report.requests_per_minute))} · ${counted(t.active, snapshot.active)}`,
    ],
    [
      t.success,
      isEmpty ? "–" : formatPercent(report.success_rate_percent),
      counted(t.failedCount, formatCount(report.failed_requests)),
    ],
    [
      t.errorRate,
      isEmpty ? "–" : formatPercent(report.error_rate_percent),
      verdicts.error_rate.text,
      levelOf[verdicts.error_rate.level],
    ],
    [
      t.meanTime,
      isEmpty ? "–" : formatMs(report.avg_response_time_ms),
      verdicts.response_time.text,
      levelOf[verdicts.response_time.level],
    ],
    [
      "p95",
      isEmpty ? "–" : formatMs(report.p95_response_time_ms),
      isEmpty ? "" : `p99 ${formatMs(report.p99_response_time_ms)}`,
    ],
    [t.received, formatSize(report.megabytes * MB), `${report.mean_mbps} Mbps`],
    [
      t.hitRate,
      lookups === 0 ? "–" : formatPercent(report.cache.hit_rate_percent),
      lookups === 0 ? "" : counted(t.lookups, formatCount(lookups)),
    ],
    [t.retries, formatCount(report.retries), counted(t.resumes, formatCount(report.resumes))],
    [
      t.memory,
      formatSize(memory.rssBytes),
      memory.limitBytes === undefined
        ? `${t.peak} ${formatSize(memory.peakBytes)}`
        : `${t.ofLimit} ${formatSize(memory.limitBytes)}`,
    ],
  ]);
}

function charts({ points: all, stepMs, nowMs }: DashboardData, { t, span }: PageContext): Html {
  // a few seconds say nothing yet; ten minutes do
  const points = span === "run" && all.length > 1 ? all.slice(0, -1) : all;
  const startMs = points[0]?.atMs ?? nowMs;
  const times = { startMs, stepMs };
  // a step under way counts by the part of it that is over, at least a fifth
  const secondsOf = (point: TimelinePoint) => Math.min(stepMs, Math.max(stepMs / 5, nowMs - point.atMs)) / 1000;
  const perSecond = (value: number) => `${value < 10 ? Number(value.toFixed(2)) : Math.round(value)}/s`;
  const when = (pick: (point: TimelinePoint) => number) =>
    points.map((point) => point.requests > 0 ? pick(point) : undefined);
  const rate = (pick: (point: TimelinePoint) => number) => points.map((point) => pick(point) / secondsOf(point));
  return html`
    <h2 class="hidden">${t.charts}</h2>
    <p class="hidden" id="chart-help">${t.chartHelp}</p>
    <div class="charts">${[
      chart({
        ...times,
        id: "chart-requests",
        title: t.requests,
        least: 1,
        format: perSecond,
        lines: [{ name: "requests", values: rate(({ requests }) => requests) }],
      }, t),
      chart({
        ...times,
        id: "chart-errors",
        title: t.errorRate,
        least: 5,
        format: formatPercent,
        lines: [{ name: "errors", values: when(({ failed, requests }) => failed * 100 / requests) }],
      }, t),
      chart({
        ...times,
        id: "chart-latency",
        title: t.percentiles,
        least: 10,
        format: formatMs,
        lines: [
          { name: "p99", values: when(({ p99Ms }) => p99Ms) },
          { name: "p95", values: when(({ p95Ms }) => p95Ms) },
          { name: "p50", values: when(({ p50Ms }) => p50Ms) },
        ],
      }, t),
      chart({
        ...times,
        id: "chart-bytes",
        title: t.throughput,
        least: 1024,
        binary: true,
        format: (value) => `${formatSize(value)}/s`,
        lines: [{ name: "bytes", values: rate(({ bytes }) => bytes) }],
      }, t),
    ]}</div>
  `;
}

/** The dashboard. */
export function dashboardPage(data: DashboardData, context: PageContext): Page {
  const { t, span } = context;
  const { report, transfers, health } = data;
  const body = html`${live("health", healthList(health, t))}
${live("figures", figures(data, t))}
${live("charts", charts(data, context))}
${live("transfers", html`<h2>${t.transfers}</h2>${transferTable(transfers, context, 8)}`)}
${live("errors", html`<h2>${t.errors}</h2>${errorTable(report.errors, t, 8)}`)}
${clearForm(context)}`;
  return { name: "dashboard", title: t.dashboard, body, everyMs: span === "run" ? 2000 : 10_000 };
}
