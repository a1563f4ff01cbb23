import type { StatementSync } from "node:sqlite";
import type { CounterSnapshot } from "../metrics/counters.ts";
import type { FailureRecord } from "../metrics/failures.ts";
import type { SeriesSnapshot } from "../metrics/series.ts";
import { otherLabel } from "../metrics/labels.ts";
import { addRows, putRow, type RollupRow, rowOf } from "./stats_schema.ts";
import { floor, hourMs, minuteMs } from "./time_span.ts";

/** Numbers to be added to a store. */
export interface StatsDelta {
  /** Requests by host, route and method. */
  readonly series: readonly SeriesSnapshot[];
  /** Everything else. */
  readonly counters: readonly CounterSnapshot[];
  /** Failures to be listed. */
  readonly failures: readonly FailureRecord[];
  /** Resident memory in bytes. */
  readonly rssBytes?: number | undefined;
}

/** The statements that write. */
export const writing = {
  findSeries: "SELECT id FROM series WHERE host = ? AND route = ? AND method = ?",
  addSeries: "INSERT INTO series (host, route, method) VALUES (?, ?, ?) RETURNING id",
  findCounter: "SELECT id FROM counters WHERE name = ? AND host = ? AND label = ?",
  addCounter: "INSERT INTO counters (name, host, label) VALUES (?, ?, ?) RETURNING id",
  minute: "SELECT * FROM minutes WHERE at = ? AND series = ?",
  hour: "SELECT * FROM hours WHERE at = ? AND series = ?",
  total: "SELECT * FROM totals WHERE at = ? AND series = ?",
  putMinute: putRow("minutes") as string,
  putHour: putRow("hours") as string,
  putTotal: putRow("totals") as string,
  addMinuteCounter: `INSERT INTO minute_counters (at, counter, count, sum) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum`,
  addHourCounter: `INSERT INTO hour_counters (at, counter, count, sum) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum`,
  addTotalCounter: `INSERT INTO total_counters (at, counter, count, sum) VALUES (0, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum`,
  totalCounter: "SELECT counter FROM total_counters WHERE at = 0 AND counter = ?",
  countTotals: "SELECT count(*) AS n FROM totals",
  countTotalCounters: "SELECT count(*) AS n FROM total_counters",
  addMemory: `INSERT INTO memory (at, samples, sum_bytes, peak_bytes) VALUES (?, 1, ?2, ?2)
    ON CONFLICT DO UPDATE SET samples = samples + 1, sum_bytes = sum_bytes + excluded.sum_bytes,
      peak_bytes = max(peak_bytes, excluded.peak_bytes)`,
  addFailure: `INSERT INTO failures (at_ms, kind, code, host, status, target, duration_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  dropFailures: "DELETE FROM failures WHERE id <= (SELECT max(id) FROM failures) - ?",
};

type Statements = Readonly<Record<keyof typeof writing, StatementSync>>;

function idOf(find: StatementSync, add: StatementSync, ...names: readonly string[]): number {
  return Number((find.get(...names) ?? add.get(...names)!)["id"]);
}

function put(row: RollupRow, find: StatementSync, write: StatementSync): void {
  const known = find.get(row.at, row.series) as RollupRow | undefined;
  write.run({ ...(known === undefined ? row : addRows(known, row)) });
}

/** Names that totals keep apart: what is never forgotten must not grow for ever. */
const mostTotals = 1000;

const isFull = (count: StatementSync): boolean => Number(count.get()!["n"]) >= mostTotals;

function addSeries(run: Statements, series: SeriesSnapshot, atMs: number): void {
  const id = idOf(run.findSeries, run.addSeries, series.host, series.route, series.method);
  const row = rowOf(floor(atMs, minuteMs), id, series);
  put(row, run.minute, run.putMinute);
  put({ ...row, at: floor(atMs, hourMs) }, run.hour, run.putHour);
  const isNew = run.total.get(0, id) === undefined;
  const total = isNew && isFull(run.countTotals)
    ? idOf(run.findSeries, run.addSeries, otherLabel, otherLabel, series.method)
    : id;
  put({ ...row, at: 0, series: total }, run.total, run.putTotal);
}

function addCounter(run: Statements, { name, host, label, count, sum }: CounterSnapshot, atMs: number): void {
  const id = idOf(run.findCounter, run.addCounter, name, host, label);
  run.addMinuteCounter.run(floor(atMs, minuteMs), id, count, sum);
  run.addHourCounter.run(floor(atMs, hourMs), id, count, sum);
  const isNew = run.totalCounter.get(id) === undefined;
  const total = isNew && isFull(run.countTotalCounters)
    ? idOf(run.findCounter, run.addCounter, name, otherLabel, otherLabel)
    : id;
  run.addTotalCounter.run(total, count, sum);
}

/** Adds numbers to the minute and the hour of `atMs`, and keeps the last `keepFailures` failures. */
export function addDelta(run: Statements, delta: StatsDelta, atMs: number, keepFailures: number): void {
  const { series, counters, failures, rssBytes } = delta;
  for (const one of series) addSeries(run, one, atMs);
  for (const counter of counters) addCounter(run, counter, atMs);
  for (const { atMs, kind, code, host, status, target, durationMs } of failures) {
    run.addFailure.run(Math.round(atMs), kind, code, host, status, target, durationMs);
  }
  // at once: in bad times there are thousands an hour
  if (failures.length > 0) run.dropFailures.run(keepFailures);
  if (rssBytes !== undefined) run.addMemory.run(floor(atMs, minuteMs), rssBytes);
}
