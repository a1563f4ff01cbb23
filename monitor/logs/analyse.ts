import { Histogram } from "../metrics/histogram.ts";
import { parseLogLine } from "./parse.ts";

/** What a log says about failures. */
export interface ErrorAnalysis {
  /** Lines read. */
  readonly lines: number;
  /** Failures in all. */
  readonly failures: number;
  /** Refusals by status. */
  readonly by_status: Readonly<Record<string, number>>;
  /** Failures without an answer, by error code, timeouts left out. */
  readonly connection: Readonly<Record<string, number>>;
  /** Timeouts, by error code. */
  readonly timeout: Readonly<Record<string, number>>;
  /** The last failures, oldest first. */
  readonly latest: readonly string[];
}

/** What a log says about response times, in milliseconds. */
export interface LatencyAnalysis {
  /** Lines read. */
  readonly lines: number;
  /** Response times found. */
  readonly count: number;
  /** Mean, one decimal. */
  readonly avg_ms: number;
  /** Shortest. */
  readonly min_ms: number;
  /** Longest. */
  readonly max_ms: number;
  /** What 95% did not exceed. */
  readonly p95_ms: number;
  /** Change from the first to the last line by the straight line that fits best, in percent of the mean. */
  readonly trend_percent: number;
  /** What that means: more than 10% either way is no longer steady. */
  readonly trend: "rising" | "falling" | "steady" | "unknown";
}

const mostNames = 100;
const steadyPercent = 10;
const fewest = 10;

function tally(counts: Record<string, number>, name: string): void {
  const isNew = counts[name] === undefined && Object.keys(counts).length >= mostNames;
  const key = isNew ? "other" : name;
  counts[key] = (counts[key] ?? 0) + 1;
}

/**
 * Counts failures by status, by kind of network trouble, and timeouts apart; reads line by line, in constant memory.
 *
 * @param lines From {@linkcode logLines}, or any other.
 * @param keep How many of the last failures to quote. Default 5.
 * @example
 * ```ts
 * import { analyseErrors } from "@civikit/civikit/monitor";
 *
 * const { by_status } = await analyseErrors(["[http_client] HTTP 404 error for https://civitai.com/api/v1/models/1"]);
 * console.log(by_status); // { "404": 1 }
 * ```
 */
export async function analyseErrors(
  lines: AsyncIterable<string> | Iterable<string>,
  keep = 5,
): Promise<ErrorAnalysis> {
  const by_status: Record<string, number> = {};
  const connection: Record<string, number> = {};
  const timeout: Record<string, number> = {};
  let latest: string[] = [];
  let count = 0;
  let failures = 0;
  for await (const line of lines) {
    count++;
    const entry = parseLogLine(line);
    if (entry === undefined || !entry.isFailure) continue;
    failures++;
    const { status, code = "network_error" } = entry;
    if (status !== undefined) tally(by_status, String(status));
    else tally(/timeout|timed_out/.test(code) ? timeout : connection, code);
    latest.push(line);
    if (latest.length > keep * 2 + 16) latest = latest.slice(-keep);
  }
  return { lines: count, failures, by_status, connection, timeout, latest: keep > 0 ? latest.slice(-keep) : [] };
}

/**
 * Response times of a log: mean, extremes, 95th percentile and where they are heading; reads line by line, in constant
 * memory.
 *
 * @param lines From {@linkcode logLines}, or any other.
 * @example
 * ```ts
 * import { analyseLatency } from "@civikit/civikit/monitor";
 *
 * const { avg_ms, max_ms } = await analyseLatency(["[http_client] response_time: 40", "[http_client] response_time: 60"]);
 * console.log(avg_ms, max_ms); // 50 60
 * ```
 */
export async function analyseLatency(lines: AsyncIterable<string> | Iterable<string>): Promise<LatencyAnalysis> {
  const histogram = new Histogram();
  let count = 0;
  let least = Infinity;
  // sums of a least-squares line; x is counted from the first line, so that squares stay exact
  let first: number | undefined;
  let last = 0;
  let sumX = 0;
  let sumXX = 0;
  let sumXY = 0;
  for await (const line of lines) {
    count++;
    const entry = parseLogLine(line);
    if (entry?.responseTimeMs === undefined) continue;
    const { responseTimeMs: y, atMs = histogram.count * 1000 } = entry;
    first ??= atMs;
    const x = last = (atMs - first) / 1000;
    histogram.record(y);
    least = Math.min(least, y);
    sumX += x;
    sumXX += x * x;
    sumXY += x * y;
  }
  const { count: n, sumMs } = histogram;
  const round = (value: number) => Math.round(value * 10) / 10;
  const spread = n * sumXX - sumX * sumX;
  const isKnown = n >= fewest && spread > 0 && sumMs > 0;
  const change = isKnown ? (n * sumXY - sumX * sumMs) / spread * last * 100 / (sumMs / n) : 0;
  return {
    lines: count,
    count: n,
    avg_ms: n === 0 ? 0 : round(sumMs / n),
    min_ms: n === 0 ? 0 : least,
    max_ms: histogram.maxMs,
    p95_ms: n === 0 ? 0 : Math.min(histogram.maxMs, Math.max(least, round(histogram.quantile(0.95)))),
    trend_percent: round(change),
    trend: !isKnown ? "unknown" : change > steadyPercent ? "rising" : change < -steadyPercent ? "falling" : "steady",
  };
}

/** The last `count` lines, oldest first. */
export async function tailLines(lines: AsyncIterable<string> | Iterable<string>, count: number): Promise<string[]> {
  let kept: string[] = [];
  if (count <= 0) return kept;
  for await (const line of lines) {
    kept.push(line);
    if (kept.length >= count * 2 + 1024) kept = kept.slice(-count);
  }
  return kept.slice(-count);
}
