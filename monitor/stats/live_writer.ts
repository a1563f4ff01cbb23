import { resolve } from "node:path";
import { openSqlite, type SqliteFile, wholeWithin, within } from "../../transport/internal.ts";
import type { MetricsRegistry } from "../metrics/metrics_registry.ts";
import type { TransferSnapshot } from "../metrics/transfer.ts";
import { liveForgetting, liveWriting } from "./live_rows.ts";
import { type LiveProcess, liveTransfer, type Wish } from "./live_transfer.ts";
import { markProcess, type ProcessMark } from "./process_mark.ts";
import { applicationId, migrations } from "./stats_schema.ts";
import { hourMs } from "./time_span.ts";

/** Options of {@linkcode liveWriter}. */
export interface LiveWriterOptions {
  /** Whose transfers are shown. */
  registry: MetricsRegistry;
  /** The file of the statistics; opened when the first transfer begins. */
  path: string;
  /** What this process does, such as `download`. */
  command: string;
  /** Whether what ended stays as history. Default: true. */
  isKept?: boolean;
  /** How often is written while something runs, in milliseconds. Default 1000. */
  everyMs?: number;
  /** How long history stays, in milliseconds. Default 30 days. */
  keepMs?: number;
  /** How many rows of history stay, 0 to 1000000. Default 10000. */
  keepRows?: number;
  /** Told when nothing can be written, the first time; it is tried again every second. */
  onError?: ((error: unknown) => void) | undefined;
}

/** Shows the transfers of this process to all others. */
export interface LiveWriter extends Disposable {
  /** Writes now, and obeys what was wished; false when the file could not be written. */
  write(): boolean;
  /** Writes how all ended and lets go of the file. */
  stop(): void;
}

/** A change of state is written so soon, in milliseconds: many at once are one write. */
const soonMs = 100;
/** A download waits for nobody longer than this, in milliseconds; what is not written now is written a second later. */
const patienceMs = 20;
const lastPatienceMs = 1000;

type Statements = typeof liveWriting & typeof liveForgetting;
type Run = SqliteFile<keyof Statements>["run"];

/**
 * Writes the transfers of a registry into the table that {@linkcode liveTable} reads, and does what is wished there. It
 * keeps no process running, costs nothing before the first transfer, and never makes one wait: what cannot be written is
 * left out.
 *
 * @throws {RangeError} When an option is out of range.
 */
export function liveWriter({
  registry,
  path,
  command,
  isKept = true,
  everyMs = 1000,
  keepMs = 30 * 24 * hourMs,
  keepRows = 10_000,
  onError,
}: LiveWriterOptions): LiveWriter {
  within("everyMs", everyMs, 100, 3_600_000);
  wholeWithin("keepRows", keepRows, 0, 1_000_000);
  const { clock, transfers, events } = registry;
  const id = crypto.randomUUID();
  const process: LiveProcess = { pid: Deno.pid, startedMs: Math.round(performance.timeOrigin), command, isAlive: true };
  /** Which row each transfer has. */
  const rows = new Map<string, number>();
  /** Those that ended and are not written yet. */
  const over = new Map<string, TransferSnapshot>();
  let file: SqliteFile<keyof Statements> | undefined;
  let mark: ProcessMark | undefined;
  let cancel: (() => void) | undefined;
  let dueMs = Infinity;
  let isFailing = false;

  function open(): SqliteFile<keyof Statements> {
    const opened = openSqlite(path, {
      applicationId,
      migrations,
      statements: { ...liveWriting, ...liveForgetting },
      patienceMs,
      // what leaves no trace must not be found in what the file freed
      pragmas: `PRAGMA synchronous = NORMAL${isKept ? "" : "; PRAGMA secure_delete = ON"}`,
    });
    // before the first row: whoever reads one has to find the mark
    mark = markProcess(path, id);
    return opened;
  }

  /** Puts a transfer into its row; the number of a new row. */
  function put(snapshot: TransferSnapshot, { putTransfer, addTransfer }: Run): number | undefined {
    const { id: _own, process: _process, ...shown } = liveTransfer(snapshot, process, clock.date());
    const row = { ...shown, process: id, path: resolve(shown.path) };
    const known = rows.get(snapshot.id);
    // a file that was damaged and replaced knows nothing of it any more
    if (known !== undefined && putTransfer.run({ ...row, id: known }).changes > 0) return undefined;
    return Number(addTransfer.get(row)!["id"]);
  }

  /** Writes all in one transaction, and then knows the new rows; what is wished of them. */
  function putAll(
    to: SqliteFile<keyof Statements>,
    running: readonly TransferSnapshot[],
    isLast = false,
  ): readonly (readonly [row: number, wish: Wish])[] {
    const ended = [...over.values()];
    const { rssBytes, limitBytes = null } = registry.snapshot().memory;
    const { pid, startedMs } = process;
    const beatMs = clock.date();
    const { added, wishes } = to.transaction("writing", () => {
      const { run } = to;
      const added: [transfer: string, row: number][] = [];
      run.putProcess.run({ id, pid, startedMs, command, isKept: Number(isKept), rssBytes, limitBytes, beatMs });
      for (const snapshot of [...ended, ...running]) {
        const row = put(snapshot, run);
        if (row !== undefined) added.push([snapshot.id, row]);
      }
      const wishes = run.wishes.all(id).map(({ id, wish }) => [Number(id), wish as Wish] as const);
      if (wishes.length > 0) run.forgetWishes.run(id);
      if (ended.length > 0) forget(run, beatMs);
      if (isLast) {
        run.endProcess.run(id);
        run.dropProcesses.run();
      }
      return { added, wishes };
    });
    for (const [transfer, row] of added) rows.set(transfer, row);
    for (const one of ended) if (over.get(one.id) === one) over.delete(one.id);
    return wishes;
  }

  function forget({ forgetOwn, dropOld, dropMany }: Run, nowMs: number): void {
    if (!isKept) return void forgetOwn.run(id);
    dropOld.run(nowMs - keepMs);
    dropMany.run(keepRows);
  }

  function obey(wishes: readonly (readonly [id: number, wish: Wish])[]): void {
    const own = new Map([...rows].map(([transfer, row]) => [row, transfer]));
    for (const [row, wish] of wishes) {
      const transfer = own.get(row);
      if (transfer !== undefined) transfers[wish](transfer);
    }
  }

  function write(): boolean {
    const running = transfers.list().filter(({ endedMs }) => endedMs === undefined);
    if (running.length === 0 && over.size === 0) return true;
    try {
      file ??= open();
      const wishes = putAll(file, running);
      isFailing = false;
      obey(wishes);
      return true;
    } catch (error) {
      if (!isFailing) onError?.(error);
      isFailing = true;
      return false;
    }
  }

  /** Writes in `delayMs`, or sooner where that is due already. */
  function schedule(delayMs: number): void {
    const atMs = clock.now() + delayMs;
    if (atMs >= dueMs) return;
    cancel?.();
    dueMs = atMs;
    cancel = clock.after(delayMs, () => {
      dueMs = Infinity;
      write();
      if (over.size > 0 || transfers.list().some(({ endedMs }) => endedMs === undefined)) schedule(everyMs);
    }, true);
  }

  const unsubscribe = events.subscribe((event) => {
    if (event.type !== "transfer") return;
    const { transfer } = event;
    if (transfer.endedMs !== undefined) over.set(transfer.id, transfer);
    schedule(isFailing ? everyMs : soonMs);
  });

  function stop(): void {
    unsubscribe();
    cancel?.();
    if (file === undefined && over.size === 0) return;
    // it is over for those that still run as well
    for (const one of transfers.list()) {
      if (one.endedMs === undefined) over.set(one.id, { ...one, state: "cancelled", endedMs: clock.date() });
    }
    try {
      file ??= open();
      file.db.exec(`PRAGMA busy_timeout = ${lastPatienceMs}`);
      putAll(file, [], true);
    } catch (error) {
      onError?.(error);
    }
    over.clear();
    file?.close();
    mark?.release();
    file = mark = undefined;
  }

  return { write, stop, [Symbol.dispose]: stop };
}
