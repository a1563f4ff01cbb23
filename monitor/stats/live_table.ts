import { openSqlite, type SqliteFile, systemClock } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import { liveReading, processOf, transferOf } from "./live_rows.ts";
import {
  canObey,
  type LiveProcess,
  type LiveTransfer,
  type TransferSource,
  type WorkingProcess,
} from "./live_transfer.ts";
import { isMarkHeld, removeMark } from "./process_mark.ts";
import { applicationId, migrations } from "./stats_schema.ts";
import { hourMs } from "./time_span.ts";

/** The transfers of all processes, to look at and to act on. */
export interface LiveTable extends TransferSource, Disposable {
  /** The processes that are transferring now, with the memory they take. */
  working(): WorkingProcess[];
  /** Lets go of the file. */
  close(): void;
}

/** Options of {@linkcode liveTable}. */
export interface LiveTableOptions {
  /** Only looks, which takes no right to write; nothing can be wished then. Default: false. */
  readOnly?: boolean;
  /** How long to wait for other processes, in milliseconds. Default 2000. */
  patienceMs?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

/** A process without a mark that has not written for so long is gone. */
const silentMs = 15_000;
/** One that died and was not taken up again stays among those that run for so long. */
const diedMs = 24 * hourMs;

type Row = Readonly<Record<string, unknown>>;

/**
 * Opens the table in which every process writes, once a second, what it transfers: the one in the file of
 * {@linkcode statsStore}. What is wished there is obeyed at the next write, so within a second.
 *
 * @param path The file of the statistics; made where it is missing, unless `readOnly` is set.
 * @param options See {@linkcode LiveTableOptions}.
 * @throws {DiskError} When the file cannot be opened, or belongs to a newer civikit or to another program.
 * @example
 * ```ts
 * import { liveTable } from "@civikit/civikit/monitor";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   using table = liveTable(`${folder}/stats.sqlite`);
 *   for (const { path, state, bytes } of table.list()) console.log(path, state, bytes);
 *   console.log(table.wish("pause").length); // 0: nothing runs
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function liveTable(
  path: string,
  { readOnly = false, patienceMs = 2000, clock = systemClock }: LiveTableOptions = {},
): LiveTable {
  const file: SqliteFile<keyof typeof liveReading> = openSqlite(path, {
    applicationId,
    migrations,
    statements: liveReading,
    patienceMs,
    readOnly,
    pragmas: "PRAGMA synchronous = NORMAL",
  });
  const { use, transaction } = file;

  function isAlive(row: Row): boolean {
    if (row["is_over"] === 1) return false;
    return isMarkHeld(path, String(row["process"])) ?? clock.date() - Number(row["beat_ms"]) < silentMs;
  }

  /** The rows with what is known of their processes; each process is asked after once. */
  function withProcess(rows: readonly Row[]): (readonly [row: Row, process: LiveProcess])[] {
    const known = new Map<unknown, LiveProcess>();
    return rows.map((row) => {
      let process = known.get(row["process"]);
      if (process === undefined) known.set(row["process"], process = processOf(row, isAlive(row)));
      return [row, process];
    });
  }

  /** Ends what dead processes left, so that it becomes history; what was to leave no trace goes away. */
  function bury(dead: readonly Row[]): void {
    if (readOnly || dead.length === 0) return;
    try {
      transaction("tidying", () => {
        for (const { process } of dead) {
          file.run.endDead.run(String(process));
          file.run.endDeadProcess.run(String(process));
          file.run.forgetDead.run(String(process));
        }
      });
      for (const { process } of dead) removeMark(path, String(process));
    } catch {
      // another process is writing, or may write where this one may not: the next look does it
    }
  }

  function running(): LiveTransfer[] {
    const rows = withProcess(use("reading", () => file.run.running.all()));
    bury(rows.filter(([row, process]) => !process.isAlive && row["is_over"] !== 1).map(([row]) => row));
    return rows.map(([row, process]) => transferOf(row, process));
  }

  return {
    list() {
      const all = running();
      const sinceMs = clock.date() - diedMs;
      const died = withProcess(use("reading", () => file.run.died.all(sinceMs)))
        .map(([row, process]) => transferOf(row, process));
      const found = new Map([...all, ...died].map((transfer) => [transfer.id, transfer]));
      const isOver = ({ endedMs }: LiveTransfer) => endedMs !== null;
      return [...found.values()].sort((a, b) => Number(isOver(a)) - Number(isOver(b)) || Number(a.id) - Number(b.id));
    },
    history: (limit = 100) =>
      withProcess(use("reading", () => file.run.history.all(limit))).map(([row, process]) => transferOf(row, process)),
    wish(wish, id) {
      const meant = running().filter((one) => (id === undefined || one.id === id) && canObey(one, wish));
      if (meant.length > 0) {
        transaction("asking", () => {
          for (const one of meant) file.run.wish.run(wish, Number(one.id));
        });
      }
      return meant;
    },
    working() {
      const rows = withProcess(use("reading", () => file.run.working.all()));
      return rows.filter(([, { isAlive }]) => isAlive).map(([row, process]) => ({
        ...process,
        rssBytes: Number(row["rss_bytes"]),
        limitBytes: row["limit_bytes"] === null ? null : Number(row["limit_bytes"]),
      }));
    },
    close: file.close,
    [Symbol.dispose]: file.close,
  };
}
