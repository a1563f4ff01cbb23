import type { TransferReason } from "../metrics/transfer.ts";
import type { LiveProcess, LiveState, LiveTransfer, LiveVerdict } from "./live_transfer.ts";

type Row = Readonly<Record<string, unknown>>;

const withProcess = `SELECT transfers.*, pid, processes.started_ms AS process_ms, command, is_over, beat_ms
  FROM transfers JOIN processes ON processes.id = process`;

/** The statements of who looks and asks. */
export const liveReading = {
  running: `${withProcess} WHERE ended_ms IS NULL ORDER BY transfers.id`,
  died: `${withProcess} WHERE ended_ms > ? AND verdict = 'died' AND NOT EXISTS
    (SELECT 1 FROM transfers later WHERE later.path = transfers.path AND later.id > transfers.id)`,
  history: `${withProcess} WHERE ended_ms IS NOT NULL ORDER BY ended_ms DESC, transfers.id DESC LIMIT ?`,
  working: `SELECT id AS process, pid, started_ms AS process_ms, command, is_over, beat_ms, rss_bytes, limit_bytes
    FROM processes WHERE is_over = 0 AND EXISTS
    (SELECT 1 FROM transfers WHERE process = processes.id AND ended_ms IS NULL)`,
  // whoever is to stop must not be talked out of it
  wish: "UPDATE transfers SET wish = ? WHERE id = ? AND ended_ms IS NULL AND wish IS NOT 'cancel'",
  endDead: `UPDATE transfers SET ended_ms = changed_ms, state = 'failed', verdict = 'died', why = NULL, again_ms = NULL,
    bytes_per_second = 0 WHERE process = ? AND ended_ms IS NULL`,
  endDeadProcess: "UPDATE processes SET is_over = 1 WHERE id = ?",
  forgetDead: `DELETE FROM transfers WHERE process = ?1 AND (SELECT is_kept FROM processes WHERE id = ?1) = 0`,
};

/** The statements of who transfers. */
export const liveWriting = {
  putProcess: `INSERT INTO processes
    (id, pid, started_ms, command, is_kept, is_over, rss_bytes, limit_bytes, beat_ms)
    VALUES (:id, :pid, :startedMs, :command, :isKept, 0, :rssBytes, :limitBytes, :beatMs)
    ON CONFLICT DO UPDATE SET rss_bytes = excluded.rss_bytes, limit_bytes = excluded.limit_bytes,
      beat_ms = excluded.beat_ms`,
  endProcess: "UPDATE processes SET is_over = 1 WHERE id = ?",
  addTransfer: `INSERT INTO transfers
    (process, path, reference, state, bytes, total_bytes, bytes_per_second, why, again_ms, retries, started_ms,
      changed_ms, ended_ms, verdict)
    VALUES (:process, :path, :reference, :state, :bytes, :totalBytes, :bytesPerSecond, :why, :againMs, :retries,
      :startedMs, :changedMs, :endedMs, :verdict) RETURNING id`,
  putTransfer: `UPDATE transfers SET path = :path, reference = :reference, state = :state, bytes = :bytes,
    total_bytes = :totalBytes, bytes_per_second = :bytesPerSecond, why = :why, again_ms = :againMs, retries = :retries,
    started_ms = :startedMs, changed_ms = :changedMs, ended_ms = :endedMs, verdict = :verdict
    WHERE id = :id AND process = :process`,
  wishes: "SELECT id, wish FROM transfers WHERE process = ? AND wish IS NOT NULL",
  forgetWishes: "UPDATE transfers SET wish = NULL WHERE process = ? AND wish IS NOT NULL",
  forgetOwn: "DELETE FROM transfers WHERE process = ? AND ended_ms IS NOT NULL",
};

/** The statements that bound the history. */
export const liveForgetting = {
  dropOld: "DELETE FROM transfers WHERE ended_ms < ?",
  dropMany: `DELETE FROM transfers WHERE ended_ms IS NOT NULL AND id <=
    (SELECT id FROM transfers WHERE ended_ms IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?)`,
  dropProcesses: "DELETE FROM processes WHERE is_over = 1 AND id NOT IN (SELECT process FROM transfers)",
};

/** The process of a row. */
export function processOf(row: Row, isAlive: boolean): LiveProcess {
  return { pid: Number(row["pid"]), startedMs: Number(row["process_ms"]), command: String(row["command"]), isAlive };
}

const numberOrNull = (value: unknown): number | null => value === null ? null : Number(value);

/** A row as a transfer; one whose process is gone did not end, it died. */
export function transferOf(row: Row, process: LiveProcess): LiveTransfer {
  const changedMs = Number(row["changed_ms"]);
  const endedMs = numberOrNull(row["ended_ms"]);
  const isDead = endedMs === null && !process.isAlive;
  return {
    id: String(row["id"]),
    process,
    path: String(row["path"]),
    reference: row["reference"] as string | null,
    state: isDead ? "failed" : row["state"] as LiveState,
    bytes: Number(row["bytes"]),
    totalBytes: numberOrNull(row["total_bytes"]),
    bytesPerSecond: isDead ? 0 : Number(row["bytes_per_second"]),
    why: isDead ? null : row["why"] as TransferReason | null,
    againMs: isDead ? null : numberOrNull(row["again_ms"]),
    retries: Number(row["retries"]),
    startedMs: Number(row["started_ms"]),
    changedMs,
    endedMs: isDead ? changedMs : endedMs,
    verdict: isDead ? "died" : row["verdict"] as LiveVerdict | null,
  };
}
