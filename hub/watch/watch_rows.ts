import type { SqliteStep } from "../../transport/internal.ts";
import type { ErrorCode } from "../../transport/mod.ts";
import type { JobReason } from "../queue/job.ts";
import type {
  FindState,
  WatchAction,
  WatchFilters,
  WatchFind,
  WatchOptions,
  WatchRound,
  WatchRule,
  WatchThing,
} from "./rule.ts";

/** What marks a file as rules of ours: "ckwa". */
export const applicationId = 0x636b7761;

/** The steps from an empty file to the present form. */
export const migrations: readonly SqliteStep[] = [
  `CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, name TEXT NOT NULL, filters TEXT NOT NULL,
    action TEXT NOT NULL, options TEXT NOT NULL, schedule TEXT, time_zone TEXT, is_paused INTEGER NOT NULL,
    created_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL, backlog INTEGER NOT NULL, next_ms INTEGER NOT NULL,
    last_ms INTEGER, is_ready INTEGER NOT NULL, cursor TEXT, floor_ms INTEGER, next_floor_ms INTEGER, count INTEGER,
    failures INTEGER NOT NULL, why TEXT, worker TEXT, lease_until_ms INTEGER
  );
  CREATE INDEX rules_next ON rules (is_paused, next_ms);
  CREATE TABLE seen (rule INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (rule, key)) WITHOUT ROWID;
  CREATE TABLE finds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rule INTEGER NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL,
    at_ms INTEGER NOT NULL, due_ms INTEGER, job TEXT, action TEXT NOT NULL, thing TEXT NOT NULL, options TEXT NOT NULL
  );
  CREATE INDEX finds_key ON finds (key);
  CREATE INDEX finds_rule ON finds (rule, id);
  CREATE INDEX finds_open ON finds (state) WHERE state IN ('queueing', 'held');
  CREATE TABLE rounds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rule INTEGER NOT NULL, at_ms INTEGER NOT NULL, pages INTEGER NOT NULL,
    found INTEGER NOT NULL, queued INTEGER NOT NULL, skipped INTEGER NOT NULL, is_more INTEGER NOT NULL,
    is_first INTEGER NOT NULL, why TEXT
  );
  CREATE INDEX rounds_rule ON rounds (rule, id)`,
];

/** Everything that is asked of the file. */
export const statements = {
  version: "PRAGMA data_version",
  insert:
    `INSERT INTO rules (target, name, filters, action, options, schedule, time_zone, is_paused, created_ms, since_ms,
      backlog, next_ms, is_ready, failures)
    VALUES (:target, :target, :filters, :action, :options, :schedule, :time_zone, 0, :created_ms, :since_ms, :backlog,
      :created_ms, 0, 0) RETURNING *`,
  get: "SELECT * FROM rules WHERE id = ?",
  list: "SELECT * FROM rules ORDER BY id",
  same: "SELECT * FROM rules WHERE target = ? AND filters = ? AND action = ? AND options = ?",
  due: "SELECT * FROM rules WHERE is_paused = 0 AND next_ms <= ? ORDER BY next_ms, id",
  next: "SELECT min(next_ms) AS ms FROM rules WHERE is_paused = 0",
  claim: "UPDATE rules SET worker = :worker, lease_until_ms = :until WHERE id = :id",
  renew: "UPDATE rules SET lease_until_ms = ? WHERE worker = ?",
  release: "UPDATE rules SET worker = NULL, lease_until_ms = NULL WHERE id = ? AND worker = ?",
  save: `UPDATE rules SET name = :name, filters = :filters, action = :action, options = :options, schedule = :schedule,
    time_zone = :time_zone, is_paused = :is_paused, since_ms = :since_ms, next_ms = :next_ms, last_ms = :last_ms,
    is_ready = :is_ready, cursor = :cursor, floor_ms = :floor_ms, next_floor_ms = :next_floor_ms, count = :count,
    failures = :failures, why = :why WHERE id = :id`,
  remove: "DELETE FROM rules WHERE id = ?",
  forgetSeen: "DELETE FROM seen WHERE rule = ?",
  forgetHeld: "DELETE FROM finds WHERE rule = ? AND state = 'held'",
  isSeen: "SELECT 1 FROM seen WHERE rule = ? AND key = ?",
  see: "INSERT OR IGNORE INTO seen VALUES (?, ?)",
  hadByQueue: "SELECT 1 FROM finds WHERE key = ? AND state IN ('queueing', 'queued') LIMIT 1",
  had: "SELECT 1 FROM finds WHERE key = ? AND state IN ('queueing', 'queued', 'told') LIMIT 1",
  held: "SELECT * FROM finds WHERE rule = ? AND key = ? AND state = 'held'",
  find: `INSERT INTO finds (rule, key, state, at_ms, due_ms, action, thing, options)
    VALUES (:rule, :key, :state, :at_ms, :due_ms, :action, :thing, :options) RETURNING *`,
  queueing: "SELECT * FROM finds WHERE state = 'queueing' ORDER BY id LIMIT ?",
  heldUntil: "SELECT * FROM finds WHERE state = 'held' AND due_ms <= ? ORDER BY id",
  nextHeld: "SELECT min(due_ms) AS ms FROM finds WHERE state = 'held'",
  setFind: "UPDATE finds SET state = ?, job = ?, at_ms = ? WHERE id = ? AND state = ? RETURNING *",
  round: `INSERT INTO rounds (rule, at_ms, pages, found, queued, skipped, is_more, is_first, why)
    VALUES (:rule, :at_ms, :pages, :found, :queued, :skipped, :is_more, :is_first, :why) RETURNING *`,
  oldRounds: "DELETE FROM rounds WHERE at_ms < ?",
  finds: "SELECT * FROM finds WHERE id < :before ORDER BY id DESC LIMIT :limit",
  findsOf: "SELECT * FROM finds WHERE rule = :rule AND id < :before ORDER BY id DESC LIMIT :limit",
  rounds: "SELECT * FROM rounds WHERE id < :before ORDER BY id DESC LIMIT :limit",
  roundsOf: "SELECT * FROM rounds WHERE rule = :rule AND id < :before ORDER BY id DESC LIMIT :limit",
  lastRound: "SELECT * FROM rounds WHERE rule = ? ORDER BY id DESC LIMIT 1",
  counts: "SELECT state, count(*) AS finds FROM finds WHERE rule = ? GROUP BY state",
};

type Value = string | number | null;

/** A row of any table. */
export type Row = Readonly<Record<string, Value>>;

const parsed = <T>(value: Value | undefined): T => JSON.parse(String(value)) as T;
const whole = (value: Value | undefined): number => Number(value);
const maybe = (value: Value | undefined): number | null => value === null || value === undefined ? null : Number(value);
const word = (value: Value | undefined): string | null => value === null || value === undefined ? null : String(value);

type Why = (JobReason & { readonly code: ErrorCode }) | null;
const whyOf = (value: Value | undefined): Why => value === null || value === undefined ? null : parsed<Why>(value);

/** A row as a rule. */
export function ruleOf(row: Row): WatchRule {
  return {
    id: String(row["id"]),
    target: String(row["target"]),
    name: String(row["name"]),
    filters: parsed<WatchFilters>(row["filters"]),
    action: String(row["action"]) as WatchAction,
    options: parsed<WatchOptions>(row["options"]),
    schedule: word(row["schedule"]),
    timeZone: word(row["time_zone"]),
    isPaused: row["is_paused"] === 1,
    createdMs: whole(row["created_ms"]),
    sinceMs: whole(row["since_ms"]),
    backlog: whole(row["backlog"]),
    nextMs: whole(row["next_ms"]),
    lastMs: maybe(row["last_ms"]),
    isReady: row["is_ready"] === 1,
    cursor: word(row["cursor"]),
    floorMs: maybe(row["floor_ms"]),
    nextFloorMs: maybe(row["next_floor_ms"]),
    count: maybe(row["count"]),
    failures: whole(row["failures"]),
    why: whyOf(row["why"]),
    worker: word(row["worker"]),
  };
}

/** What is saved of a rule. */
export function savedRule(rule: WatchRule): Record<string, Value> {
  return {
    id: Number(rule.id),
    name: rule.name,
    filters: JSON.stringify(rule.filters),
    action: rule.action,
    options: JSON.stringify(rule.options),
    schedule: rule.schedule,
    time_zone: rule.timeZone,
    is_paused: Number(rule.isPaused),
    since_ms: Math.floor(rule.sinceMs),
    next_ms: Math.ceil(rule.nextMs),
    last_ms: rule.lastMs,
    is_ready: Number(rule.isReady),
    cursor: rule.cursor,
    floor_ms: rule.floorMs,
    next_floor_ms: rule.nextFloorMs,
    count: rule.count,
    failures: rule.failures,
    why: rule.why === null ? null : JSON.stringify(rule.why),
  };
}

/** A row as a find. */
export function findOf(row: Row): WatchFind {
  return {
    id: String(row["id"]),
    rule: String(row["rule"]),
    key: String(row["key"]),
    state: String(row["state"]) as FindState,
    atMs: whole(row["at_ms"]),
    dueMs: maybe(row["due_ms"]),
    job: word(row["job"]),
    thing: parsed<WatchThing>(row["thing"]),
  };
}

/** What a find was to become, as its rule had it then. */
export function intentOf(row: Row): { readonly action: WatchAction; readonly options: WatchOptions } {
  return { action: String(row["action"]) as WatchAction, options: parsed<WatchOptions>(row["options"]) };
}

/** A row as a round. */
export function roundOf(row: Row): WatchRound {
  return {
    id: String(row["id"]),
    rule: String(row["rule"]),
    atMs: whole(row["at_ms"]),
    pages: whole(row["pages"]),
    found: whole(row["found"]),
    queued: whole(row["queued"]),
    skipped: whole(row["skipped"]),
    isMore: row["is_more"] === 1,
    isFirst: row["is_first"] === 1,
    why: whyOf(row["why"]),
  };
}
