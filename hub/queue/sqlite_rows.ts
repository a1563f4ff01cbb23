import type { SqliteStep } from "../../transport/internal.ts";
import type { Job, JobOptions, JobReason, JobState, JobVerdict } from "./job.ts";
import type { ErrorCode } from "../../transport/mod.ts";

/** What marks a file as a queue of ours: "ckqu". */
export const applicationId = 0x636b7175;

/** The steps from an empty file to the present form. */
export const migrations: readonly SqliteStep[] = [
  `CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, options TEXT NOT NULL,
    position REAL NOT NULL, state TEXT NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL, total_bytes INTEGER,
    bytes_per_second REAL NOT NULL, code TEXT, why TEXT, verdict TEXT, path TEXT, attempts INTEGER NOT NULL,
    not_before_ms INTEGER, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, worker TEXT,
    lease_until_ms INTEGER, revision INTEGER NOT NULL, subject TEXT NOT NULL
  );
  CREATE INDEX jobs_position ON jobs (position, id);
  CREATE INDEX jobs_state ON jobs (state, position, id);
  CREATE INDEX jobs_revision ON jobs (revision);
  CREATE INDEX jobs_subject ON jobs (subject, state);
  CREATE INDEX jobs_worker ON jobs (worker) WHERE worker IS NOT NULL;
  CREATE TABLE wishes (key TEXT PRIMARY KEY, digest TEXT NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE removed (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, at_ms INTEGER NOT NULL);
  CREATE INDEX removed_revision ON removed (revision);
  CREATE TABLE workers (
    id TEXT PRIMARY KEY, pid INTEGER NOT NULL, started_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE revision (number INTEGER NOT NULL);
  INSERT INTO revision VALUES (0)`,
];

/** Everything the queue asks of its file. */
export const statements = {
  version: "PRAGMA data_version",
  revision: "SELECT number FROM revision",
  nextRevision: "UPDATE revision SET number = number + 1 RETURNING number",
  get: "SELECT * FROM jobs WHERE id = ?",
  byKey: "SELECT * FROM jobs WHERE key = ?",
  insert: `INSERT INTO jobs
    (key, reference, options, position, state, name, bytes, bytes_per_second, attempts, created_ms, changed_ms, revision,
      subject)
    VALUES (:key, :reference, :options, :position, 'waiting', :reference, 0, 0, 0, :now, :now, :revision, :subject)
    RETURNING *`,
  save: `UPDATE jobs SET position = :position, state = :state, name = :name, bytes = :bytes, total_bytes = :total_bytes,
    bytes_per_second = :bytes_per_second, code = :code, why = :why, verdict = :verdict, path = :path,
    attempts = :attempts, not_before_ms = :not_before_ms, changed_ms = :changed_ms, worker = :worker,
    revision = :revision WHERE id = :id`,
  wish: "SELECT digest FROM wishes WHERE key = ?",
  keepWish: "INSERT OR REPLACE INTO wishes VALUES (?, ?, ?)",
  forgetWishes: "DELETE FROM wishes WHERE at_ms < ?",
  isQueued: `SELECT 1 FROM jobs WHERE subject = ?
    AND state IN ('waiting', 'paused', 'resolving', 'downloading', 'verifying') LIMIT 1`,
  remove: "DELETE FROM jobs WHERE id = ?",
  noteRemoved: "INSERT INTO removed (id, revision, at_ms) VALUES (?, ?, ?)",
  forgetRemoved: "DELETE FROM removed WHERE at_ms < ?",
  last: "SELECT max(position) AS position FROM jobs",
  before: `SELECT position FROM jobs WHERE (position, id) < (:position, :id) AND id <> :moved
    ORDER BY position DESC, id DESC LIMIT 1`,
  after: `SELECT position FROM jobs WHERE (position, id) > (:position, :id) AND id <> :moved
    ORDER BY position, id LIMIT 1`,
  spread: `WITH places AS (SELECT id, row_number() OVER (ORDER BY position, id) AS place FROM jobs)
    UPDATE jobs SET position = place, revision = ? FROM places WHERE places.id = jobs.id`,
  ready:
    `SELECT * FROM jobs WHERE state = 'waiting' AND worker IS NULL AND (not_before_ms IS NULL OR not_before_ms <= ?)
    ORDER BY position, id LIMIT ?`,
  held: "SELECT * FROM jobs WHERE worker IS NOT NULL AND worker <> ?",
  heldBy: "SELECT * FROM jobs WHERE worker = ? ORDER BY position, id",
  renew: "UPDATE jobs SET lease_until_ms = ? WHERE worker = ?",
  inState: "SELECT id FROM jobs WHERE state = ? ORDER BY position, id",
  page: "SELECT * FROM jobs WHERE (position, id) > (:position, :id) ORDER BY position, id LIMIT :limit",
  pageBack: "SELECT * FROM jobs WHERE (position, id) < (:position, :id) ORDER BY position DESC, id DESC LIMIT :limit",
  statePage: `SELECT * FROM jobs WHERE state = :state AND (position, id) > (:position, :id)
    ORDER BY position, id LIMIT :limit`,
  statePageBack: `SELECT * FROM jobs WHERE state = :state AND (position, id) < (:position, :id)
    ORDER BY position DESC, id DESC LIMIT :limit`,
  counts: "SELECT state, count(*) AS jobs FROM jobs GROUP BY state",
  changed: "SELECT * FROM jobs WHERE revision > ? ORDER BY revision, id LIMIT ?",
  removed: "SELECT id FROM removed WHERE revision > ? ORDER BY revision, id LIMIT ?",
  seeWorker: `INSERT INTO workers VALUES (:id, :pid, :started, :now)
    ON CONFLICT (id) DO UPDATE SET pid = :pid, started_ms = :started, seen_ms = :now`,
  workers: `SELECT w.*, (SELECT count(*) FROM jobs WHERE worker = w.id) AS jobs FROM workers w ORDER BY started_ms, id`,
  forgetWorker: "DELETE FROM workers WHERE id = ?",
};

/** A row of `jobs`. */
export interface JobRow {
  readonly id: number;
  readonly key: string;
  readonly reference: string;
  readonly options: string;
  readonly position: number;
  readonly state: string;
  readonly name: string;
  readonly bytes: number;
  readonly total_bytes: number | null;
  readonly bytes_per_second: number;
  readonly code: string | null;
  readonly why: string | null;
  readonly verdict: string | null;
  readonly path: string | null;
  readonly attempts: number;
  readonly not_before_ms: number | null;
  readonly created_ms: number;
  readonly changed_ms: number;
  readonly worker: string | null;
  readonly lease_until_ms: number | null;
}

/** A row as a job. */
export function jobOf(row: JobRow): Job {
  return {
    id: String(row.id),
    key: row.key,
    reference: row.reference,
    options: JSON.parse(row.options) as JobOptions,
    position: row.position,
    state: row.state as JobState,
    name: row.name,
    bytes: row.bytes,
    totalBytes: row.total_bytes,
    bytesPerSecond: row.bytes_per_second,
    code: row.code as ErrorCode | null,
    why: row.why === null ? null : JSON.parse(row.why) as JobReason,
    verdict: row.verdict as JobVerdict | null,
    path: row.path,
    attempts: row.attempts,
    notBeforeMs: row.not_before_ms,
    createdMs: row.created_ms,
    changedMs: row.changed_ms,
    worker: row.worker,
  };
}

/** What is saved of a job. */
export function savedOf(job: Job): Record<string, string | number | null> {
  return {
    id: Number(job.id),
    position: job.position,
    state: job.state,
    name: job.name,
    bytes: job.bytes,
    total_bytes: job.totalBytes,
    bytes_per_second: job.bytesPerSecond,
    code: job.code,
    why: job.why === null ? null : JSON.stringify(job.why),
    verdict: job.verdict,
    path: job.path,
    attempts: job.attempts,
    not_before_ms: job.notBeforeMs === null ? null : Math.ceil(job.notBeforeMs),
    changed_ms: job.changedMs,
    worker: job.worker,
  };
}
