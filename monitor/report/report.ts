import type { Locale } from "../../transport/mod.ts";
import type { CounterName } from "../metrics/counters.ts";
import type { StatsWindow } from "../metrics/metrics_registry.ts";
import { add, announcedBytes, type RequestTotals, type SeriesSnapshot, troubles } from "../metrics/series.ts";
import type { LiveTransfer, LiveVerdict } from "../stats/live_transfer.ts";
import { type ErrorReport, errorReports } from "./error_report.ts";
import { advice, errorRateVerdict, responseTimeVerdict, type Verdict } from "./verdict.ts";

/** Numbers of requests that belong together. */
export interface RequestNumbers {
  /** Attempts that ended, aborted ones included. */
  readonly total_requests: number;
  /** Refused (status 400 and above) or without an answer. */
  readonly failed_requests: number;
  /** Given up by the caller; they count neither as good nor as failed. */
  readonly aborted_requests: number;
  /** Failed ones but for those not found, among those not aborted, in percent with two decimals. */
  readonly error_rate_percent: number;
  /** Mean time to the headers in milliseconds, one decimal. */
  readonly avg_response_time_ms: number;
  /** Median of the time to the headers in milliseconds, one decimal. */
  readonly p50_response_time_ms: number;
  /** What 95% of the requests did not exceed, in milliseconds, one decimal. */
  readonly p95_response_time_ms: number;
  /** What 99% of the requests did not exceed, in milliseconds, one decimal. */
  readonly p99_response_time_ms: number;
  /** The longest time to the headers in milliseconds, one decimal. */
  readonly max_response_time_ms: number;
}

/** Numbers of one host. */
export interface HostReport extends RequestNumbers {
  /** Host and port; `other` holds those beyond the bound. */
  readonly host: string;
  /** Headers asked for again. */
  readonly retries: number;
  /** Bodies healed. */
  readonly resumes: number;
}

/** Numbers of one route class. */
export interface RouteReport extends RequestNumbers {
  /** Route class, such as `/api/v1/models/:id`. */
  readonly route: string;
}

/** One file that was downloaded, or was to be. */
export interface DownloadReport {
  /** When it ended, ISO 8601. */
  readonly at: string;
  /** Where it was written. */
  readonly path: string;
  /** What was asked for; null where nobody told. */
  readonly reference: string | null;
  /** What is there, in bytes. */
  readonly bytes: number;
  /** How long it took, in seconds, one decimal. */
  readonly seconds: number;
  /** What came over the network in that time, in bytes a second. */
  readonly bytes_per_second: number;
  /** What came of it. */
  readonly verdict: LiveVerdict;
  /** Error code of what failed, else null. */
  readonly code: string | null;
}

/** All that is to be said about a span of time. Names are those of its JSON form. */
export interface Report extends RequestNumbers {
  /** Start of the span, ISO 8601. */
  readonly from: string;
  /** End of the span, ISO 8601. */
  readonly to: string;
  /** Length of the span in seconds. */
  readonly uptime_seconds: number;
  /** 100 less the error rate; two decimals. */
  readonly success_rate_percent: number;
  /** Over the whole span; two decimals. */
  readonly requests_per_minute: number;
  /** Received: API and image answers as announced, downloads as written; 1 MB is 1024 * 1024 bytes; two decimals. */
  readonly megabytes: number;
  /** Those megabytes over the whole span, in millions of bits per second; two decimals. */
  readonly mean_mbps: number;
  /** Downloads. */
  readonly downloads: {
    readonly finished: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly skipped: number;
    /** Bytes written; two decimals. */
    readonly megabytes: number;
    /** Bytes written over the time the downloads took one by one, in millions of bits per second; two decimals. */
    readonly mean_mbps: number;
  };
  /** The files, the latest first; none where no history is kept. */
  readonly transfers: readonly DownloadReport[];
  /** The cache. */
  readonly cache: {
    readonly hits: number;
    readonly stale: number;
    readonly revalidated: number;
    readonly misses: number;
    readonly bypassed: number;
    /** Answers that needed no body from the network, among those the cache was asked for; two decimals. */
    readonly hit_rate_percent: number;
  };
  /** Headers asked for again. */
  readonly retries: number;
  /** Bodies healed. */
  readonly resumes: number;
  /** Waits for a turn at a host. */
  readonly queue: { readonly waits: number; readonly wait_ms: number };
  /** Expired links resolved again. */
  readonly resolved_links: number;
  /** Times a host's circuit opened. */
  readonly circuits_opened: number;
  /** Memory; null where it was not watched. */
  readonly memory: {
    readonly rss_mb: number;
    readonly peak_mb: number;
    readonly limit_mb: number | null;
    readonly guard_level: number;
    readonly guard_steps: number;
  } | null;
  /** What to think of it. */
  readonly verdicts: { readonly response_time: Verdict; readonly error_rate: Verdict };
  /** What to set. */
  readonly advice: readonly string[];
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** By host, most requests first. */
  readonly hosts: readonly HostReport[];
  /** By route class, most requests first. */
  readonly routes: readonly RouteReport[];
  /** By error code, most frequent first. */
  readonly errors: readonly ErrorReport[];
}

/** Options of {@linkcode report}. */
export interface ReportOptions {
  /** Language of hints and verdicts. Default `en`. */
  locale?: Locale;
  /** What was downloaded, as `liveTable().history()` has it; what ended outside of the span is left out. Default: none. */
  transfers?: readonly LiveTransfer[];
}

const megabyte = 1024 * 1024;
const enoughLookups = 20;

function round(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Number.isFinite(value) ? Math.round(value * scale) / scale : 0;
}

/** The percentage a part makes, with two decimals; 0 of nothing. */
const percent = (part: number, whole: number): number => whole === 0 ? 0 : round(part * 100 / whole, 2);

function numbersOf(totals: RequestTotals): RequestNumbers {
  const { requests, failed, aborted, latency } = totals;
  return {
    total_requests: requests,
    failed_requests: failed,
    aborted_requests: aborted,
    error_rate_percent: percent(troubles(totals), requests - aborted),
    avg_response_time_ms: latency.count === 0 ? 0 : round(latency.sumMs / latency.count, 1),
    p50_response_time_ms: round(latency.quantile(0.5), 1),
    p95_response_time_ms: round(latency.quantile(0.95), 1),
    p99_response_time_ms: round(latency.quantile(0.99), 1),
    max_response_time_ms: round(latency.maxMs, 1),
  };
}

/** Series that have a name in common, added up. */
function totalsBy(
  series: readonly SeriesSnapshot[],
  nameOf: (one: SeriesSnapshot) => string,
): [name: string, totals: RequestTotals][] {
  return [...Map.groupBy(series, nameOf)].map(([name, group]) => [name, add(group)]);
}

function downloadReport(transfer: LiveTransfer, fromMs: number, toMs: number): DownloadReport[] {
  const { endedMs, startedMs, path, reference, bytes, bytesPerSecond, verdict, why } = transfer;
  if (endedMs === null || verdict === null || endedMs < fromMs || endedMs > toMs) return [];
  const seconds = round((endedMs - startedMs) / 1000, 1);
  const at = new Date(endedMs).toISOString();
  return [{ at, path, reference, bytes, seconds, bytes_per_second: bytesPerSecond, verdict, code: why }];
}

const byRequests = (a: RequestNumbers, b: RequestNumbers): number => b.total_requests - a.total_requests;

/**
 * Draws up the report of a span of time: totals, percentiles, verdicts, hosts, routes, and each kind of failure with what
 * to do about it.
 *
 * @param stats From `registry.snapshot()` or `store.read()`.
 * @example
 * ```ts
 * import { metricsRegistry, report } from "@civikit/civikit/monitor";
 *
 * const { total_requests, verdicts } = report(metricsRegistry().snapshot());
 * console.log(total_requests, verdicts.error_rate.text); // 0 no data
 * ```
 */
export function report(stats: StatsWindow, { locale = "en", transfers = [] }: ReportOptions = {}): Report {
  const { fromMs, toMs, series, counters, memory } = stats;
  const total = (name: CounterName, label?: string, field: "count" | "sum" = "count", host?: string): number =>
    counters.reduce((sum, counter) => {
      const isMeant = counter.name === name && (label === undefined || counter.label === label) &&
        (host === undefined || counter.host === host);
      return isMeant ? sum + counter[field] : sum;
    }, 0);

  const hosts = totalsBy(series, ({ host }) => host);
  const routes = totalsBy(series, ({ route }) => route);
  const totals = add(hosts.map(([, ofHost]) => ofHost));
  const numbers = numbersOf(totals);
  const seconds = Math.max(0, toMs - fromMs) / 1000;
  const downloaded = total("download_bytes", undefined, "sum");
  const received = downloaded + announcedBytes(series);
  const cache = {
    hits: total("cache", "hit"),
    stale: total("cache", "stale"),
    revalidated: total("cache", "revalidated"),
    misses: total("cache", "miss"),
    bypassed: total("cache", "bypass"),
  };
  const lookups = cache.hits + cache.stale + cache.revalidated + cache.misses;
  const hitPercent = percent(lookups - cache.misses, lookups);
  const answered = numbers.total_requests - numbers.aborted_requests;
  const errorPercent = answered === 0 ? undefined : numbers.error_rate_percent;
  const meanMs = answered === 0 ? undefined : numbers.avg_response_time_ms;
  const megabits = (bytes: number, overSeconds: number) => round(bytes * 8 / 1e6 / overSeconds, 2);

  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    uptime_seconds: round(seconds, 1),
    ...numbers,
    success_rate_percent: answered === 0 ? 0 : round(100 - numbers.error_rate_percent, 2),
    requests_per_minute: round(numbers.total_requests * 60 / seconds, 2),
    megabytes: round(received / megabyte, 2),
    mean_mbps: megabits(received, seconds),
    downloads: {
      finished: total("download", "finished"),
      failed: total("download", "failed"),
      cancelled: total("download", "cancelled"),
      skipped: total("download", "skipped"),
      megabytes: round(downloaded / megabyte, 2),
      mean_mbps: megabits(downloaded, total("download", undefined, "sum") / 1000),
    },
    transfers: transfers.flatMap((one) => downloadReport(one, fromMs, toMs)),
    cache: { ...cache, hit_rate_percent: hitPercent },
    retries: total("retry"),
    resumes: total("resume"),
    queue: { waits: total("queue"), wait_ms: round(total("queue", undefined, "sum"), 1) },
    resolved_links: total("resolve"),
    circuits_opened: total("circuit", "open"),
    memory: memory === undefined ? null : {
      rss_mb: round(memory.rssBytes / megabyte, 1),
      peak_mb: round(memory.peakBytes / megabyte, 1),
      limit_mb: memory.limitBytes === undefined ? null : round(memory.limitBytes / megabyte, 1),
      guard_level: memory.level,
      guard_steps: total("memory"),
    },
    verdicts: {
      response_time: responseTimeVerdict(meanMs, locale),
      error_rate: errorRateVerdict(errorPercent, locale),
    },
    advice: advice({ meanMs, errorPercent, hitPercent: lookups < enoughLookups ? undefined : hitPercent }, locale),
    statuses: totals.statuses,
    hosts: hosts.map(([host, ofHost]) => ({
      host,
      ...numbersOf(ofHost),
      retries: total("retry", undefined, "count", host),
      resumes: total("resume", undefined, "count", host),
    })).sort(byRequests),
    routes: routes.map(([route, ofRoute]) => ({ route, ...numbersOf(ofRoute) })).sort(byRequests),
    errors: errorReports(stats, locale),
  };
}
