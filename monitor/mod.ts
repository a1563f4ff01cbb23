/**
 * Watches the stack: numbers one can trust, a report, logs, and a diagnostic server.
 *
 * @module
 */
export { type Diagnostics, diagnostics } from "./server/app.ts";
export { eventBus, type EventBusOptions } from "./metrics/event_bus.ts";
export { formatReport, type ReportFormat } from "./report/format_report.ts";
export { Histogram } from "./metrics/histogram.ts";
export { routeOf } from "./metrics/labels.ts";
export { type Logger, type LogLevelName, type Logs, type LogsOptions, openLogs } from "./logs/log.ts";
export { logRequests } from "./logs/log_requests.ts";
export { analyseErrors, analyseLatency, type ErrorAnalysis, type LatencyAnalysis, tailLines } from "./logs/analyse.ts";
export { type LogEntry, parseLogLine } from "./logs/parse.ts";
export { logLines, logParts } from "./logs/read.ts";
export { type MemoryGuard, memoryGuard, type MemoryGuardOptions } from "./metrics/memory_guard.ts";
export { metrics, type MetricsOptions } from "./metrics/metrics.ts";
export { type Monitor, type MonitoredOptions, type MonitorOptions, openMonitor } from "./open_monitor.ts";
export type { AttemptLabels } from "./metrics/otel.ts";
export { recordEvents } from "./metrics/record_events.ts";
export {
  type Attempt,
  type MetricsRegistry,
  metricsRegistry,
  type MetricsRegistryOptions,
} from "./metrics/metrics_registry.ts";
export {
  type ErrorReport,
  type HostReport,
  type Report,
  report,
  type ReportOptions,
  type RequestNumbers,
  type RouteReport,
} from "./report/report.ts";
export { type Recorder, recorder, type RecorderOptions } from "./stats/recorder.ts";
export type { CacheNumbers, DiagnosticsOptions } from "./server/options.ts";
export { prometheusText } from "./server/prometheus.ts";
export { statsStore, type StatsStoreOptions } from "./stats/stats_store.ts";
export type { Transfer, TransferList } from "./metrics/transfers.ts";
export type {
  CounterName,
  CounterSnapshot,
  EventBus,
  FailureRecord,
  MemorySnapshot,
  MonitorEvent,
  MonitorEventBody,
  RegistrySnapshot,
  RequestOutcome,
  RequestSample,
  SeriesSnapshot,
  StatsDelta,
  StatsStore,
  StatsWindow,
  TimelinePoint,
  TimeSpan,
  TransferSnapshot,
  TransferState,
} from "./metrics/types.ts";
export { errorRateVerdict, responseTimeVerdict, type Verdict, type VerdictLevel } from "./report/verdict.ts";
