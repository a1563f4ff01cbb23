/**
 * Watches the stack: numbers one can trust, a report, logs, and a diagnostic server.
 *
 * @module
 */
export type { CounterName, CounterSnapshot } from "./metrics/counters.ts";
export {
  type EventBus,
  eventBus,
  type EventBusOptions,
  type MonitorEvent,
  type MonitorEventBody,
  type QueuedJob,
} from "./metrics/event_bus.ts";
export type { FailureRecord } from "./metrics/failures.ts";
export { Histogram } from "./metrics/histogram.ts";
export { type AttemptLabels, routeOf } from "./metrics/labels.ts";
export { type MemoryGuard, memoryGuard, type MemoryGuardOptions } from "./metrics/memory_guard.ts";
export { metrics, type MetricsOptions } from "./metrics/metrics.ts";
export {
  type Attempt,
  type MetricsRegistry,
  metricsRegistry,
  type MetricsRegistryOptions,
  type RegistrySnapshot,
  type RequestOutcome,
  type RequestSample,
  type StatsWindow,
} from "./metrics/metrics_registry.ts";
export type { MemorySnapshot } from "./metrics/resident_memory.ts";
export type { RequestTotals, SeriesSnapshot } from "./metrics/series.ts";
export type {
  Transfer,
  TransferAbout,
  TransferEnding,
  TransferList,
  TransferReason,
  TransferSnapshot,
  TransferState,
} from "./metrics/transfer.ts";
export { type Monitor, type MonitoredOptions, type MonitorOptions, openMonitor } from "./open_monitor.ts";
export { type LiveTable, liveTable, type LiveTableOptions } from "./stats/live_table.ts";
export {
  canObey,
  type LiveProcess,
  type LiveState,
  type LiveTransfer,
  type LiveVerdict,
  type TransferSource,
  type Wish,
  type WorkingProcess,
} from "./stats/live_transfer.ts";
export type { LiveWriterOptions } from "./stats/live_writer.ts";
export { type Recorder, recorder, type RecorderOptions } from "./stats/recorder.ts";
export { type StatsStore, statsStore, type StatsStoreOptions } from "./stats/stats_store.ts";
export type { StatsDelta } from "./stats/stats_writing.ts";
export type { TimeSpan } from "./stats/time_span.ts";
export type { TimelinePoint } from "./stats/timeline.ts";
export type { ErrorReport } from "./report/error_report.ts";
export { formatReport, type ReportFormat } from "./report/format_report.ts";
export {
  type DownloadReport,
  type HostReport,
  type Report,
  report,
  type ReportOptions,
  type RequestNumbers,
  type RouteReport,
} from "./report/report.ts";
export { errorRateVerdict, responseTimeVerdict, type Verdict, type VerdictLevel } from "./report/verdict.ts";
export { analyseErrors, analyseLatency, type ErrorAnalysis, type LatencyAnalysis, tailLines } from "./logs/analyse.ts";
export { type Logger, type LogLevelName, type Logs, type LogsOptions, openLogs } from "./logs/log.ts";
export { logRequests } from "./logs/log_requests.ts";
export { type LogEntry, parseLogLine } from "./logs/parse.ts";
export { logLines, logParts } from "./logs/read.ts";
export { type Diagnostics, diagnostics } from "./server/app.ts";
export type { CacheNumbers, DiagnosticsOptions } from "./server/options.ts";
export { type PrometheusNumbers, prometheusText } from "./server/prometheus.ts";
