import type { StatementSync } from "node:sqlite";
import type { ErrorCode } from "../../transport/mod.ts";
import type { CounterName, CounterSnapshot } from "../metrics/counters.ts";
import type { FailureRecord } from "../metrics/failures.ts";
import type { StatsWindow } from "../metrics/metrics_registry.ts";
import type { MemorySnapshot } from "../metrics/resident_memory.ts";
import { add, seriesKey, type SeriesSnapshot } from "../metrics/series.ts";
import { type NamedRow, totalsOf } from "./stats_schema.ts";
import { type ReceivedRow, timelineOf, type TimelinePoint } from "./timeline.ts";
import { floor, hourMs, type Kept, type KnownSpan, minuteMs, piecesOf, spanOf, type TimeSpan } from "./time_span.ts";

/** The statements that read. */
export const reading = {
  minutes: `SELECT minutes.*, host, route, method FROM minutes JOIN series ON series.id = series
    WHERE at >= ? AND at < ? ORDER BY at`,
  hours: `SELECT hours.*, host, route, method FROM hours JOIN series ON series.id = series
    WHERE at >= ? AND at < ? ORDER BY at`,
  minuteCounters: `SELECT name, host, label, sum(count) AS count, sum(sum) AS sum
    FROM minute_counters JOIN counters ON id = counter WHERE at >= ? AND at < ? GROUP BY id`,
  hourCounters: `SELECT name, host, label, sum(count) AS count, sum(sum) AS sum
    FROM hour_counters JOIN counters ON id = counter WHERE at >= ? AND at < ? GROUP BY id`,
  minuteBytes: `SELECT at, sum FROM minute_counters JOIN counters ON id = counter
    WHERE name = 'download_bytes' AND at >= ? AND at < ?`,
  hourBytes: `SELECT at, sum FROM hour_counters JOIN counters ON id = counter
    WHERE name = 'download_bytes' AND at >= ? AND at < ?`,
  totals: "SELECT totals.*, host, route, method FROM totals JOIN series ON series.id = series",
  totalCounters: `SELECT name, host, label, count, sum FROM total_counters JOIN counters ON id = counter`,
  totalsSince: "SELECT at_ms FROM totals_since",
  memory: `SELECT sum(samples) AS samples, sum(sum_bytes) AS sum, max(peak_bytes) AS peak FROM memory
    WHERE at >= ? AND at < ?`,
  failures: "SELECT * FROM failures ORDER BY id DESC LIMIT ?",
  oldestMinute: `SELECT min(at) AS at FROM
    (SELECT min(at) AS at FROM minutes UNION ALL SELECT min(at) FROM minute_counters)`,
  oldestHour: `SELECT min(at) AS at FROM
    (SELECT min(at) AS at FROM hours UNION ALL SELECT min(at) FROM hour_counters)`,
};

type Statements = Readonly<Record<keyof typeof reading, StatementSync>>;

/** When the first numbers are from, to the minute where minutes are kept; infinite without any. */
export function oldestMs(run: Statements): number {
  const minute = Number(run.oldestMinute.get()!["at"] ?? Infinity);
  const hour = Number(run.oldestHour.get()!["at"] ?? Infinity);
  return hour < floor(minute, hourMs) ? hour : minute;
}

/** Rows of a span: minutes at its ends, hours in between. */
function rowsOf(span: KnownSpan, kept: Kept, minutes: StatementSync, hours: StatementSync) {
  const pieces = piecesOf(span, kept);
  return [
    ...pieces.minutes.flatMap(([from, to]) => from < to ? minutes.all(from, to) : []),
    ...hours.all(...pieces.hours),
  ];
}

/** Rows of one series as one. */
function seriesOf(rows: readonly NamedRow[]): SeriesSnapshot {
  const [{ host, route, method }] = rows as [NamedRow];
  return { host, route, method, ...add(rows.map(totalsOf)) };
}

function countersOf(rows: Iterable<Record<string, unknown>>): CounterSnapshot[] {
  const found = new Map<string, CounterSnapshot>();
  for (const row of rows) {
    const [name, host, label] = [row["name"] as CounterName, String(row["host"]), String(row["label"])];
    const key = `${name} ${host} ${label}`;
    const known = found.get(key);
    const count = Number(row["count"]) + (known?.count ?? 0);
    const sum = Number(row["sum"]) + (known?.sum ?? 0);
    found.set(key, { name, host, label, count, sum });
  }
  return [...found.values()];
}

function memoryOf(run: Statements, { fromMs, toMs }: KnownSpan): MemorySnapshot | undefined {
  const row = run.memory.get(floor(fromMs, minuteMs), toMs + 1)!;
  const samples = Number(row["samples"] ?? 0);
  if (samples === 0) return undefined;
  return {
    rssBytes: Math.round(Number(row["sum"]) / samples),
    peakBytes: Number(row["peak"]),
    limitBytes: undefined,
    level: 0,
    parallel: undefined,
    pieceBytes: undefined,
  };
}

/** Everything within a span, added up. */
export function readWindow(run: Statements, wanted: TimeSpan, kept: Kept): StatsWindow {
  const span = spanOf(wanted, kept);
  const rows = rowsOf(span, kept, run.minutes, run.hours) as unknown as NamedRow[];
  return {
    ...span,
    series: [...Map.groupBy(rows, seriesKey).values()].map(seriesOf),
    counters: countersOf(rowsOf(span, kept, run.minuteCounters, run.hourCounters)),
    memory: memoryOf(run, span),
  };
}

/** Everything that was ever counted. */
export function readTotals(run: Statements, nowMs: number): StatsWindow {
  const rows = run.totals.all() as unknown as NamedRow[];
  return {
    fromMs: Number(run.totalsSince.get()?.["at_ms"] ?? nowMs),
    toMs: nowMs,
    series: rows.map((row) => seriesOf([row])),
    counters: countersOf(run.totalCounters.all()),
  };
}

/** Points of `stepMs` for charts. */
export function readTimeline(run: Statements, wanted: TimeSpan, stepMs: number, kept: Kept): TimelinePoint[] {
  const { fromMs, toMs } = spanOf(wanted, kept);
  const start = floor(fromMs, stepMs);
  const isFine = start >= kept.nowMs - kept.keepMinutesMs - minuteMs && stepMs < hourMs;
  const rows = (isFine ? run.minutes : run.hours).all(start, toMs) as unknown as NamedRow[];
  const received = (isFine ? run.minuteBytes : run.hourBytes).all(start, toMs) as unknown as ReceivedRow[];
  return timelineOf({ fromMs: start, toMs }, stepMs, rows, received);
}

/** The last failures, newest first. */
export function readFailures(run: Statements, limit: number): FailureRecord[] {
  return run.failures.all(limit).map((row): FailureRecord => ({
    atMs: Number(row["at_ms"]),
    kind: row["kind"] as FailureRecord["kind"],
    code: row["code"] as ErrorCode,
    host: String(row["host"]),
    status: Number(row["status"]),
    target: String(row["target"]),
    durationMs: Number(row["duration_ms"]),
  }));
}

/** The series of every minute from `fromMs` on, up to `toMs`. */
export function readMinutes(run: Statements, fromMs: number, toMs: number): (SeriesSnapshot & { atMs: number })[] {
  const rows = run.minutes.all(fromMs, toMs) as unknown as NamedRow[];
  return rows.map((row) => ({ ...seriesOf([row]), atMs: Number(row.at) }));
}
