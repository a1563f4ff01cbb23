import type { DatabaseSync } from "node:sqlite";
import type { AttemptLabels } from "../metrics/labels.ts";
import { add, type Addend, type RequestTotals } from "../metrics/series.ts";
import { floor, hourMs } from "./time_span.ts";

// with rowids: rows of a table without them spill onto pages of their own from a quarter of a page on
const rollup = (table: string) =>
  `CREATE TABLE ${table} (
    at INTEGER NOT NULL, series INTEGER NOT NULL,
    requests INTEGER NOT NULL, failed INTEGER NOT NULL, aborted INTEGER NOT NULL, bytes INTEGER NOT NULL,
    sum_ms REAL NOT NULL, max_ms REAL NOT NULL, statuses TEXT NOT NULL, codes TEXT NOT NULL, latency BLOB NOT NULL,
    PRIMARY KEY (at, series)
  )`;

const counters = (table: string) =>
  `CREATE TABLE ${table} (
    at INTEGER NOT NULL, counter INTEGER NOT NULL, count INTEGER NOT NULL, sum REAL NOT NULL,
    PRIMARY KEY (at, counter)
  ) WITHOUT ROWID`;

/** A row of `minutes`, `hours` or `totals`; in the last `at` is 0. */
export interface RollupRow {
  readonly at: number;
  readonly series: number;
  readonly requests: number;
  readonly failed: number;
  readonly aborted: number;
  readonly bytes: number;
  readonly sum_ms: number;
  readonly max_ms: number;
  readonly statuses: string;
  readonly codes: string;
  readonly latency: Uint8Array;
}

/** A row with the names of its series. */
export type NamedRow = RollupRow & AttemptLabels;

/** The numbers of a row. */
export function totalsOf(row: RollupRow): Addend {
  const { requests, failed, aborted, bytes, sum_ms: sumMs, max_ms: maxMs, latency: encoded } = row;
  const [statuses, codes] = [row.statuses, row.codes].map((text) => JSON.parse(text));
  return { requests, failed, aborted, bytes, statuses, codes, latency: { encoded, sumMs, maxMs } };
}

/** Numbers as a row. */
export function rowOf(at: number, series: number, totals: RequestTotals): RollupRow {
  const { requests, failed, aborted, bytes, statuses, codes, latency } = totals;
  return {
    at,
    series,
    requests,
    failed,
    aborted,
    bytes: Math.round(bytes),
    sum_ms: latency.sumMs,
    max_ms: latency.maxMs,
    statuses: JSON.stringify(statuses),
    codes: JSON.stringify(codes),
    latency: latency.encode(),
  };
}

/** Two rows of the same series as one, at the time of the first. */
export function addRows(one: RollupRow, other: RollupRow): RollupRow {
  return rowOf(one.at, one.series, add([totalsOf(one), totalsOf(other)]));
}

/** The statement that puts a row of `minutes`, `hours` or `totals` in its place. */
export function putRow(table: "minutes" | "hours" | "totals"): string {
  return `INSERT OR REPLACE INTO ${table}
    (at, series, requests, failed, aborted, bytes, sum_ms, max_ms, statuses, codes, latency)
    VALUES (:at, :series, :requests, :failed, :aborted, :bytes, :sum_ms, :max_ms, :statuses, :codes, :latency)`;
}

function fillHours(db: DatabaseSync): void {
  const put = db.prepare(putRow("hours"));
  const hours = new Map<string, RollupRow>();
  for (const row of db.prepare("SELECT * FROM minutes ORDER BY at").iterate() as unknown as Iterable<RollupRow>) {
    const at = floor(row.at, hourMs);
    const key = `${at} ${row.series}`;
    const known = hours.get(key);
    hours.set(key, known === undefined ? { ...row, at } : addRows(known, row));
  }
  for (const row of hours.values()) put.run({ ...row });
}

/** What marks a file as a store of ours: "ckst". */
export const applicationId = 0x636b7374;

/** The steps from an empty file to the present form, in order; step n makes version n + 1 out of version n. */
export const migrations: readonly ((db: DatabaseSync) => void)[] = [
  // 1: requests by the minute, and the last failures
  (db) => {
    db.exec(`
      CREATE TABLE series (
        id INTEGER PRIMARY KEY, host TEXT NOT NULL, route TEXT NOT NULL, method TEXT NOT NULL,
        UNIQUE (host, route, method)
      );
      ${rollup("minutes")};
      CREATE TABLE failures (
        id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL, host TEXT NOT NULL,
        status INTEGER NOT NULL, target TEXT NOT NULL, duration_ms REAL NOT NULL
      );
    `);
  },
  // 2: hours, which are kept longer; counters; memory
  (db) => {
    db.exec(`
      ${rollup("hours")};
      CREATE TABLE counters (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, host TEXT NOT NULL, label TEXT NOT NULL, UNIQUE (name, host, label)
      );
      ${counters("minute_counters")};
      ${counters("hour_counters")};
      CREATE TABLE memory (
        at INTEGER PRIMARY KEY, samples INTEGER NOT NULL, sum_bytes INTEGER NOT NULL, peak_bytes INTEGER NOT NULL
      );
    `);
    fillHours(db);
  },
  // 3: transfers of all processes, and totals that only grow
  (db) => {
    db.exec(`
      ${rollup("totals")};
      ${counters("total_counters")};
      CREATE TABLE totals_since (at_ms INTEGER NOT NULL);
      INSERT INTO totals_since VALUES (${Date.now()});
      CREATE TABLE processes (
        id TEXT PRIMARY KEY, pid INTEGER NOT NULL, started_ms INTEGER NOT NULL, command TEXT NOT NULL,
        is_kept INTEGER NOT NULL, is_over INTEGER NOT NULL, rss_bytes INTEGER NOT NULL, limit_bytes INTEGER,
        beat_ms INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE transfers (
        id INTEGER PRIMARY KEY AUTOINCREMENT, process TEXT NOT NULL, path TEXT NOT NULL, reference TEXT,
        state TEXT NOT NULL, bytes INTEGER NOT NULL, total_bytes INTEGER, bytes_per_second INTEGER NOT NULL, why TEXT,
        again_ms INTEGER, retries INTEGER NOT NULL, started_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,
        ended_ms INTEGER, verdict TEXT, wish TEXT
      );
      CREATE INDEX transfers_by_end ON transfers (ended_ms);
      CREATE INDEX transfers_by_path ON transfers (path);
    `);
  },
];
