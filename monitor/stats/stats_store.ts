import { statSync } from "node:fs";
import { openSqlite, systemClock, wholeWithin, within } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { FailureRecord } from "../metrics/failures.ts";
import type { StatsWindow } from "../metrics/metrics_registry.ts";
import { liveForgetting } from "./live_rows.ts";
import { exportRows } from "./stats_export.ts";
import { oldestMs, readFailures, reading, readMinutes, readTimeline, readTotals, readWindow } from "./stats_reading.ts";
import { applicationId, migrations } from "./stats_schema.ts";
import { addDelta, type StatsDelta, writing } from "./stats_writing.ts";
import type { TimelinePoint } from "./timeline.ts";
import { floor, hourMs, type Kept, keptSince, minuteMs, spanOf, type TimeSpan } from "./time_span.ts";

/** Keeps numbers on disk, for several processes at once. */
export interface StatsStore extends Disposable {
  /**
   * Adds numbers to the minute and the hour of `atMs`, and failures to the list, in one transaction.
   *
   * @throws {DiskError} When the file cannot be written, or other processes hold it too long; nothing is added then.
   */
  add(delta: StatsDelta, atMs: number): void;
  /** Everything within a span, added up. Spans are whole minutes for the last day, whole hours before. */
  read(span?: TimeSpan): StatsWindow;
  /** Everything that was counted since the file was made or cleared, by all processes: it only grows. */
  totals(): StatsWindow;
  /** Points of `stepMs` (a multiple of a minute) for charts, oldest first; steps without requests are there too. */
  timeline(span: TimeSpan, stepMs: number): TimelinePoint[];
  /** The last failures, newest first. Default 100. */
  failures(limit?: number): FailureRecord[];
  /** One minute after another as JSON Lines or CSV, oldest first, a line at a time. */
  export(format: "json" | "csv", span?: TimeSpan): Generator<string>;
  /** Forgets what is older than the store keeps; called by itself now and then. */
  prune(): void;
  /** Forgets everything. */
  clear(): void;
  /** Size of the file in bytes. */
  sizeBytes(): number;
  /** Lets go of the file. */
  close(): void;
}

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
  /** Only looks, which takes no right to write; the file has to be there. Default: false. */
  readOnly?: boolean;
}

/** How long to wait for other processes, in milliseconds. */
const patienceMs = 2000;

/** The statements that forget. */
const forgetting = {
  dropMinutes: "DELETE FROM minutes WHERE at < ?",
  dropMinuteCounters: "DELETE FROM minute_counters WHERE at < ?",
  dropMemory: "DELETE FROM memory WHERE at < ?",
  dropHours: "DELETE FROM hours WHERE at < ?",
  dropHourCounters: "DELETE FROM hour_counters WHERE at < ?",
  forgetTransfers: "DELETE FROM transfers WHERE ended_ms IS NOT NULL",
  ...liveForgetting,
};
const tables = [
  "totals",
  "total_counters",
  "totals_since",
  "minutes",
  "hours",
  "minute_counters",
  "hour_counters",
  "memory",
  "failures",
  "series",
  "counters",
];

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
 * const recording = recorder({ registry: metricsRegistry(), store });
 * recording.stop(); // hands over what is left
 * console.log(report(store.read()).total_requests); // 0
 * store.close();
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function statsStore(
  path: string,
  {
    keepMinutesMs = 24 * hourMs,
    keepHoursMs = 30 * 24 * hourMs,
    keepFailures = 1000,
    clock = systemClock,
    onSetAside,
    readOnly = false,
  }: StatsStoreOptions = {},
): StatsStore {
  within("keepMinutesMs", keepMinutesMs, hourMs);
  within("keepHoursMs", keepHoursMs, keepMinutesMs);
  wholeWithin("keepFailures", keepFailures, 0, 100_000);
  const file = openSqlite(path, {
    applicationId,
    migrations,
    statements: { ...writing, ...reading, ...forgetting },
    patienceMs,
    readOnly,
    pragmas: "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256",
    onSetAside,
  });
  const { use, transaction } = file;
  let prunedMs = -Infinity;

  function keptNow(): Kept {
    return { nowMs: clock.date(), keepMinutesMs, oldestMs: oldestMs(file.run) };
  }

  function prune(): void {
    prunedMs = clock.date();
    const minutes = keptSince({ nowMs: prunedMs, keepMinutesMs });
    const hours = floor(prunedMs - keepHoursMs, hourMs);
    transaction("tidying", () => {
      file.run.dropMinutes.run(minutes);
      file.run.dropMinuteCounters.run(minutes);
      file.run.dropMemory.run(minutes);
      file.run.dropHours.run(hours);
      file.run.dropHourCounters.run(hours);
      file.run.dropOld.run(hours);
      file.run.dropProcesses.run();
    });
  }

  /** Minute after minute, an hour at a time: other processes want to write, and memory stays small. */
  function* minutesOf(wanted: TimeSpan) {
    const { fromMs, toMs } = use("reading", () => spanOf(wanted, keptNow()));
    for (let at = floor(fromMs, hourMs); at <= toMs; at += hourMs) {
      const [from, to] = [Math.max(at, floor(fromMs, minuteMs)), Math.min(at + hourMs, toMs + 1)];
      yield* use("reading", () => readMinutes(file.run, from, to));
    }
  }

  return {
    add(delta, atMs) {
      transaction("writing", () => addDelta(file.run, delta, atMs, keepFailures));
      if (clock.date() - prunedMs >= hourMs) prune();
    },
    read: (span = {}) => use("reading", () => readWindow(file.run, span, keptNow())),
    totals: () => use("reading", () => readTotals(file.run, clock.date())),
    timeline(span, stepMs) {
      if (!(stepMs >= minuteMs && stepMs % minuteMs === 0)) {
        throw new RangeError(`option stepMs: ${stepMs} is not a multiple of a minute`);
      }
      return use("reading", () => readTimeline(file.run, span, stepMs, keptNow()));
    },
    failures: (limit = 100) => use("reading", () => readFailures(file.run, limit)),
    export: (format, span = {}) => exportRows(format, minutesOf(span)),
    prune,
    clear() {
      transaction("clearing", () => {
        for (const table of tables) file.db.exec(`DELETE FROM ${table}`);
        file.db.exec(`INSERT INTO totals_since VALUES (${Math.round(clock.date())})`);
        // what runs is shown on; only its past is forgotten
        file.run.forgetTransfers.run();
        file.run.dropProcesses.run();
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
