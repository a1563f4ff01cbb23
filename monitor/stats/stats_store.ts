import { statSync } from "node:fs";
import type { StatementSync } from "node:sqlite";
import { openSqlite, systemClock } from "../../transport/internal.ts";
import type { Clock, ErrorCode } from "../../transport/mod.ts";
import { Histogram } from "../metrics/histogram.ts";
import { isTransferRoute } from "../metrics/labels.ts";
import { exportRows } from "./stats_export.ts";
import { addRows, applicationId, migrations, putRow, type RollupRow } from "./stats_schema.ts";
import type {
  CounterName,
  CounterSnapshot,
  FailureRecord,
  MemorySnapshot,
  SeriesSnapshot,
  StatsDelta,
  StatsStore,
  TimelinePoint,
  TimeSpan,
} from "../metrics/types.ts";

/** Options of {@linkcode statsStore}. */
export interface StatsStoreOptions {
  /** How long minutes are kept, in milliseconds. Default 24 hours; at least one hour. */
  keepMinutesMs?: number;
  /** How long hours are kept, in milliseconds. Default 30 days; not less than minutes. */
  keepHoursMs?: number;
  /** Failures kept, 0 to 100000. Default 1000. */
  keepFailures?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
  /** Told where a damaged file was put; a new one is in its place then. */
  onSetAside?: (path: string) => void;
}

/** How long to wait for other processes, in milliseconds. */
const patienceMs = 2000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const sql = {
  findSeries: "SELECT id FROM series WHERE host = ? AND route = ? AND method = ?",
  addSeries: "INSERT INTO series (host, route, method) VALUES (?, ?, ?) RETURNING id",
  findCounter: "SELECT id FROM counters WHERE name = ? AND host = ? AND label = ?",
  addCounter: "INSERT INTO counters (name, host, label) VALUES (?, ?, ?) RETURNING id",
  minute: "SELECT * FROM minutes WHERE at = ? AND series = ?",
  hour: "SELECT * FROM hours WHERE at = ? AND series = ?",
  putMinute: putRow("minutes"),
  putHour: putRow("hours"),
  addMinuteCounter: `INSERT INTO minute_counters (at, counter, count, sum) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum`,
  addHourCounter: `INSERT INTO hour_counters (at, counter, count, sum) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum`,
  addMemory: `INSERT INTO memory (at, samples, sum_bytes, peak_bytes) VALUES (?, 1, ?2, ?2)
    ON CONFLICT DO UPDATE SET samples = samples + 1, sum_bytes = sum_bytes + excluded.sum_bytes,
      peak_bytes = max(peak_bytes, excluded.peak_bytes)`,
  addFailure: `INSERT INTO failures (at_ms, kind, code, host, status, target, duration_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
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
  memory: `SELECT sum(samples) AS samples, sum(sum_bytes) AS sum, max(peak_bytes) AS peak FROM memory
    WHERE at >= ? AND at < ?`,
  failures: "SELECT * FROM failures ORDER BY id DESC LIMIT ?",
  oldestMinute: `SELECT min(at) AS at FROM
    (SELECT min(at) AS at FROM minutes UNION ALL SELECT min(at) FROM minute_counters)`,
  oldestHour: `SELECT min(at) AS at FROM
    (SELECT min(at) AS at FROM hours UNION ALL SELECT min(at) FROM hour_counters)`,
  dropMinutes: "DELETE FROM minutes WHERE at < ?",
  dropMinuteCounters: "DELETE FROM minute_counters WHERE at < ?",
  dropMemory: "DELETE FROM memory WHERE at < ?",
  dropHours: "DELETE FROM hours WHERE at < ?",
  dropHourCounters: "DELETE FROM hour_counters WHERE at < ?",
  dropFailures: "DELETE FROM failures WHERE id <= (SELECT max(id) FROM failures) - ?",
};

type NamedRow = RollupRow & { readonly host: string; readonly route: string; readonly method: string };

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Which rows make up a span: whole hours in the middle, minutes at the ends where they are kept. */
interface Pieces {
  readonly minutes: readonly (readonly [fromMs: number, toMs: number])[];
  readonly hours: readonly [fromMs: number, toMs: number];
}

const floor = (ms: number, step: number): number => Math.floor(ms / step) * step;
const ceil = (ms: number, step: number): number => Math.ceil(ms / step) * step;

/**
 * Keeps numbers in an SQLite file: by the minute for a day, by the hour for a month, and the last failures. Several
 * processes may write to it at once, and one that is killed takes nothing with it but what it had not yet handed over.
 * A damaged file, whenever the damage is found, is renamed `NAME.corrupt-TIME` and replaced.
 *
 * @param path Where the file is or shall be; it gets rights 0600, and a folder made for it 0700.
 * @param options See {@linkcode StatsStoreOptions}.
 * @throws {RangeError} When an option is out of range.
 * @throws {DiskError} When the file cannot be opened, or belongs to a newer civikit or to another program.
 * @example
 * ```ts
 * import { metricsRegistry, recorder, report, statsStore } from "@civikit/civikit/monitor";
 *
 * const folder = await Deno.makeTempDir();
 * using store = statsStore(`${folder}/stats.sqlite`);
 * const keeping = recorder({ registry: metricsRegistry(), store });
 * keeping.stop(); // hands over what is left
 * console.log(report(store.read()).total_requests); // 0
 * store.close();
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function statsStore(
  path: string,
  { keepMinutesMs = 24 * hourMs, keepHoursMs = 30 * 24 * hourMs, keepFailures = 1000, clock = systemClock, onSetAside }:
    StatsStoreOptions = {},
): StatsStore {
  if (!(keepMinutesMs >= hourMs)) throw new RangeError(`option keepMinutesMs: ${keepMinutesMs} is below an hour`);
  if (!(keepHoursMs >= keepMinutesMs)) {
    throw new RangeError(`option keepHoursMs: ${keepHoursMs} is below keepMinutesMs`);
  }
  if (!(Number.isInteger(keepFailures) && keepFailures >= 0 && keepFailures <= 100_000)) {
    throw new RangeError(`option keepFailures: ${keepFailures} is not a whole number from 0 to 100000`);
  }
  const file = openSqlite(path, {
    applicationId,
    migrations,
    statements: sql,
    patienceMs,
    pragmas: "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256",
    onSetAside,
  });
  const { use, transaction } = file;
  let prunedMs = -Infinity;

  function addSeries(series: SeriesSnapshot, atMs: number): void {
    const { host, route, method, requests, failed, aborted, bytes, statuses, codes, latency } = series;
    const id = Number(
      (file.run.findSeries.get(host, route, method) ?? file.run.addSeries.get(host, route, method)!)["id"],
    );
    const row: RollupRow = {
      at: floor(atMs, minuteMs),
      series: id,
      requests,
      failed,
      aborted,
      bytes: Math.round(bytes),
      sum_ms: latency.sumMs,
      max_ms: latency.maxMs,
      latency: latency.encode(),
      statuses: JSON.stringify(statuses),
      codes: JSON.stringify(codes),
    };
    put(row, file.run.minute, file.run.putMinute);
    put({ ...row, at: floor(atMs, hourMs) }, file.run.hour, file.run.putHour);
  }

  function put(row: RollupRow, find: StatementSync, write: StatementSync): void {
    const known = find.get(row.at, row.series) as RollupRow | undefined;
    write.run({ ...(known === undefined ? row : addRows(known, row)) });
  }

  function add({ series, counters, failures, rssBytes }: StatsDelta, atMs: number): void {
    transaction("writing", () => {
      for (const one of series) addSeries(one, atMs);
      for (const { name, host, label, count, sum } of counters) {
        const id = Number(
          (file.run.findCounter.get(name, host, label) ?? file.run.addCounter.get(name, host, label)!)["id"],
        );
        file.run.addMinuteCounter.run(floor(atMs, minuteMs), id, count, sum);
        file.run.addHourCounter.run(floor(atMs, hourMs), id, count, sum);
      }
      for (const { atMs, kind, code, host, status, target, durationMs } of failures) {
        file.run.addFailure.run(Math.round(atMs), kind, code, host, status, target, durationMs);
      }
      // at once: in bad times there are thousands an hour
      if (failures.length > 0) file.run.dropFailures.run(keepFailures);
      if (rssBytes !== undefined) file.run.addMemory.run(floor(atMs, minuteMs), rssBytes);
    });
    if (clock.date() - prunedMs >= hourMs) prune();
  }

  function prune(): void {
    prunedMs = clock.date();
    const minutes = floor(prunedMs - keepMinutesMs, minuteMs);
    const hours = floor(prunedMs - keepHoursMs, hourMs);
    transaction("tidying", () => {
      file.run.dropMinutes.run(minutes);
      file.run.dropMinuteCounters.run(minutes);
      file.run.dropMemory.run(minutes);
      file.run.dropHours.run(hours);
      file.run.dropHourCounters.run(hours);
    });
  }

  /** When the first numbers are from, to the minute where minutes are kept. */
  function oldestMs(): number {
    const minute = Number(file.run.oldestMinute.get()!["at"] ?? Infinity);
    const hour = Number(file.run.oldestHour.get()!["at"] ?? Infinity);
    return hour < floor(minute, hourMs) ? hour : minute;
  }

  /** The span as it can be had: whole minutes, or whole hours where it begins before the minutes that are kept. */
  function spanOf({ fromMs = 0, toMs }: TimeSpan): Span {
    const now = clock.date();
    const end = toMs ?? now;
    const oldest = oldestMs();
    const from = oldest === Infinity ? end : Math.max(fromMs, oldest);
    return { fromMs: floor(from, from < keptSince(now) ? hourMs : minuteMs), toMs: end };
  }

  const keptSince = (now: number): number => floor(now - keepMinutesMs, minuteMs);

  function piecesOf({ fromMs: start, toMs }: Span): Pieces {
    const now = clock.date();
    // nothing is newer than now, so the hour that is running may be taken whole
    const end = toMs >= now ? ceil(toMs + 1, hourMs) : ceil(toMs, toMs < keptSince(now) ? hourMs : minuteMs);
    const first = ceil(start, hourMs);
    const last = floor(end, hourMs);
    if (first > last) return { minutes: [[start, end]], hours: [0, 0] };
    return { minutes: [[start, first], [last, end]], hours: [first, last] };
  }

  function rows(span: Span): NamedRow[] {
    const { minutes, hours } = piecesOf(span);
    return [
      ...minutes.flatMap(([from, to]) => from < to ? file.run.minutes.all(from, to) : []),
      ...file.run.hours.all(...hours),
    ] as unknown as NamedRow[];
  }

  function counterRows(span: Span): CounterSnapshot[] {
    const { minutes, hours } = piecesOf(span);
    const found = new Map<string, CounterSnapshot>();
    const all = [
      ...minutes.flatMap(([from, to]) => from < to ? file.run.minuteCounters.all(from, to) : []),
      ...file.run.hourCounters.all(...hours),
    ];
    for (const row of all) {
      const [name, host, label] = [row["name"] as CounterName, String(row["host"]), String(row["label"])];
      const key = `${name} ${host} ${label}`;
      const known = found.get(key);
      const count = Number(row["count"]) + (known?.count ?? 0);
      const sum = Number(row["sum"]) + (known?.sum ?? 0);
      found.set(key, { name, host, label, count, sum });
    }
    return [...found.values()];
  }

  function memoryOf({ fromMs, toMs }: Span): MemorySnapshot | undefined {
    const row = file.run.memory.get(floor(fromMs, minuteMs), toMs + 1)!;
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

  function timeline(wanted: TimeSpan, stepMs: number): TimelinePoint[] {
    const span = spanOf(wanted);
    const start = floor(span.fromMs, stepMs);
    const end = span.toMs;
    const isFine = start >= clock.date() - keepMinutesMs - minuteMs && stepMs < hourMs;
    const all = (isFine ? file.run.minutes : file.run.hours).all(start, end) as unknown as NamedRow[];
    const received = (isFine ? file.run.minuteBytes : file.run.hourBytes).all(start, end);
    const steps = new Map<number, { requests: number; failed: number; bytes: number; latency: Histogram }>();
    const stepOf = (at: number) => {
      const key = floor(at, stepMs);
      let step = steps.get(key);
      if (step === undefined) steps.set(key, step = { requests: 0, failed: 0, bytes: 0, latency: new Histogram() });
      return step;
    };
    for (const row of all) {
      const step = stepOf(row.at);
      step.requests += row.requests;
      step.failed += row.failed;
      if (!isTransferRoute(row.route)) step.bytes += row.bytes;
      step.latency.addEncoded(row.latency, row.sum_ms, row.max_ms);
    }
    for (const row of received) stepOf(Number(row["at"])).bytes += Number(row["sum"]);
    const points: TimelinePoint[] = [];
    for (let at = start; at < end; at += stepMs) {
      const { requests = 0, failed = 0, bytes = 0, latency } = steps.get(at) ?? {};
      const [p50Ms = 0, p95Ms = 0, p99Ms = 0] = [0.5, 0.95, 0.99].map((share) => latency?.quantile(share) ?? 0);
      points.push({ atMs: at, requests, failed, bytes, p50Ms, p95Ms, p99Ms });
    }
    return points;
  }

  return {
    add,
    read(wanted = {}) {
      return use("reading", () => {
        const span = spanOf(wanted);
        const series = new Map<string, NamedRow[]>();
        for (const row of rows(span)) {
          const key = `${row.host} ${row.route} ${row.method}`;
          const known = series.get(key);
          if (known === undefined) series.set(key, [row]);
          else known.push(row);
        }
        return {
          ...span,
          series: [...series.values()].map(merged),
          counters: counterRows(span),
          memory: memoryOf(span),
        };
      });
    },
    timeline(span, stepMs) {
      if (!(stepMs >= minuteMs && stepMs % minuteMs === 0)) {
        throw new RangeError(`option stepMs: ${stepMs} is not a multiple of a minute`);
      }
      return use("reading", () => timeline(span, stepMs));
    },
    failures: (limit = 100) =>
      use("reading", () =>
        file.run.failures.all(limit).map((row): FailureRecord => ({
          atMs: Number(row["at_ms"]),
          kind: row["kind"] as FailureRecord["kind"],
          code: row["code"] as ErrorCode,
          host: String(row["host"]),
          status: Number(row["status"]),
          target: String(row["target"]),
          durationMs: Number(row["duration_ms"]),
        }))),
    *export(format, wanted = {}) {
      const { fromMs, toMs } = use("reading", () => spanOf(wanted));
      yield* exportRows(
        format,
        (function* () {
          // an hour at a time: other processes want to write, and memory stays small
          for (let at = floor(fromMs, hourMs); at <= toMs; at += hourMs) {
            const [from, to] = [Math.max(at, floor(fromMs, minuteMs)), Math.min(at + hourMs, toMs + 1)];
            yield* use(
              "reading",
              () =>
                file.run.minutes.all(from, to).map((row) => merged([row as unknown as NamedRow], Number(row["at"]))),
            );
          }
        })(),
      );
    },
    prune,
    clear() {
      transaction("clearing", () => {
        for (
          const table of [
            "minutes",
            "hours",
            "minute_counters",
            "hour_counters",
            "memory",
            "failures",
            "series",
            "counters",
          ]
        ) file.db.exec(`DELETE FROM ${table}`);
      });
      use("clearing", () => file.db.exec("VACUUM"));
    },
    sizeBytes() {
      return ["", "-wal"].reduce((sum, end) => sum + (statSync(path + end, { throwIfNoEntry: false })?.size ?? 0), 0);
    },
    close: file.close,
    [Symbol.dispose]: file.close,
  };
}

function merged(group: readonly NamedRow[], atMs?: number): SeriesSnapshot & { readonly atMs?: number } {
  const [{ host, route, method }] = group as [NamedRow];
  const latency = new Histogram();
  const statuses: Record<string, number> = {};
  const codes: Record<string, number> = {};
  let requests = 0;
  let failed = 0;
  let aborted = 0;
  let bytes = 0;
  const tally = (into: Record<string, number>, text: string) => {
    if (text === "{}") return;
    for (const [name, count] of Object.entries(JSON.parse(text) as Record<string, number>)) {
      into[name] = (into[name] ?? 0) + count;
    }
  };
  for (const row of group) {
    requests += row.requests;
    failed += row.failed;
    aborted += row.aborted;
    bytes += row.bytes;
    latency.addEncoded(row.latency, row.sum_ms, row.max_ms);
    tally(statuses, row.statuses);
    tally(codes, row.codes);
  }
  const series = { host, route, method, requests, failed, aborted, bytes, statuses, codes, latency };
  return atMs === undefined ? series : { ...series, atMs };
}
