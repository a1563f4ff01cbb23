import { systemClock } from "../transport/internal.ts";
import type { CivikitError, DownloadOptions, Middleware, TransportEvent } from "../transport/mod.ts";
import { type Logs, type LogsOptions, openLogs } from "./logs/log.ts";
import { debugRequests } from "./logs/debug_requests.ts";
import { logRequests } from "./logs/log_requests.ts";
import { type MemoryGuard, memoryGuard, type MemoryGuardOptions } from "./metrics/memory_guard.ts";
import { metrics, type MetricsOptions } from "./metrics/metrics.ts";
import { type LiveWriter, liveWriter, type LiveWriterOptions } from "./stats/live_writer.ts";
import { type Recorder, recorder } from "./stats/recorder.ts";
import { type MetricsRegistry, metricsRegistry } from "./metrics/metrics_registry.ts";
import { type StatsStore, statsStore, type StatsStoreOptions } from "./stats/stats_store.ts";
import type { Transfer } from "./metrics/transfer.ts";

/** Options of {@linkcode openMonitor}. */
export interface MonitorOptions extends StatsStoreOptions, Pick<MetricsOptions, "classify"> {
  /** File the numbers are kept in. Default: none, they last as long as the process. */
  store?: string;
  /** Shows the transfers to other processes, as `liveTable` reads them. Default: they are this process's own affair. */
  live?: Pick<LiveWriterOptions, "path" | "command" | "isKept" | "everyMs" | "keepRows">;
  /** The three log files. Default: none. */
  logs?: LogsOptions;
  /** Memory guard; false for none. Default: one with its own defaults. */
  guard?: Omit<MemoryGuardOptions, "registry" | "clock"> | false;
  /** How often numbers are handed to the store, in milliseconds. Default 2000. */
  everyMs?: number;
  /** Told of trouble with the store; it stops nothing. */
  onError?: (error: unknown) => void;
}

/** What to add to the options of `createTransport`. */
export interface MonitoredOptions {
  /** The metrics layer. */
  layers: readonly Middleware[];
  /** Counts what layers report. */
  report: (event: TransportEvent, id: string) => void;
  /** The guard's, where there is one. */
  parallel?: () => number;
  /** The guard's, where there is one. */
  pieceBytes?: () => number;
}

/** All parts of monitoring, put together. */
export interface Monitor extends Disposable {
  /** The numbers. */
  readonly registry: MetricsRegistry;
  /** Where they are kept. */
  readonly store: StatsStore | undefined;
  /** The log files. */
  readonly logs: Logs | undefined;
  /** The memory guard. */
  readonly guard: MemoryGuard | undefined;
  /** To be spread into the options of `createTransport`. */
  readonly transport: MonitoredOptions;
  /** To be spread into the options of `civitai`: what calls swallow that answer null is counted, and logged. */
  readonly api: { onError: (error: CivikitError) => void };
  /** Watches a download; see `TransferList.track`. */
  track(name: string, options?: DownloadOptions): Transfer;
  /** Hands over what is left and lets go of everything. */
  close(): void;
}

/** How long a line of a log waits for others before it is written, in milliseconds. */
const flushMs = 1000;

/**
 * Everything together: a registry, and where asked for its store, logs and memory guard.
 *
 * @throws {RangeError} When an option is out of range.
 * @throws {DiskError} When the store or a log cannot be opened.
 * @example
 * ```ts
 * import { createTransport } from "@civikit/civikit";
 * import { formatReport, openMonitor, report } from "@civikit/civikit/monitor";
 *
 * using monitor = openMonitor();
 * using transport = createTransport({ ...monitor.transport });
 * console.log(typeof transport.fetch, formatReport(report(monitor.registry.snapshot())).length > 0); // function true
 * ```
 */
export function openMonitor(
  {
    store: path,
    live: liveOptions,
    logs: logsOptions,
    guard: guardOptions = {},
    everyMs,
    onError,
    classify,
    ...storeOptions
  }: MonitorOptions = {},
): Monitor {
  const { clock } = storeOptions;
  const registry = metricsRegistry(clock === undefined ? {} : { clock });
  const store = path === undefined ? undefined : statsStore(path, storeOptions);
  let logs: Logs | undefined;
  let guard: MemoryGuard | undefined;
  let recording: Recorder | undefined;
  let live: LiveWriter | undefined;
  try {
    logs = logsOptions === undefined ? undefined : openLogs(logsOptions);
    guard = guardOptions === false ? undefined : memoryGuard({
      ...guardOptions,
      registry,
      ...(clock !== undefined && { clock }),
    });
    recording = store === undefined ? undefined : recorder({
      registry,
      store,
      ...(everyMs !== undefined && { everyMs }),
      ...(onError !== undefined && { onError }),
    });
    live = liveOptions === undefined ? undefined : liveWriter({
      ...liveOptions,
      registry,
      ...(storeOptions.keepHoursMs !== undefined && { keepMs: storeOptions.keepHoursMs }),
      onError,
    });
  } catch (error) {
    recording?.stop();
    store?.close();
    logs?.close();
    guard?.stop();
    throw error;
  }
  const stopLogging = logs === undefined ? undefined : logRequests(registry, logs);
  let stopFlushing = () => {};
  /** Whoever looks into the logs of a process that runs for months sees what has just happened. */
  function flushLater(): void {
    stopFlushing = (clock ?? systemClock).after(flushMs, () => {
      try {
        logs?.flush();
      } catch (error) {
        onError?.(error); // a full disk: tried again in a second
      }
      flushLater();
    }, true);
  }
  if (logs !== undefined) flushLater();
  let isClosed = false;
  function close(): void {
    if (isClosed) return;
    isClosed = true;
    guard?.stop();
    live?.stop();
    recording?.stop();
    store?.close();
    stopLogging?.();
    stopFlushing();
    logs?.close();
  }
  return {
    registry,
    store,
    logs,
    guard,
    close,
    transport: {
      layers: [
        metrics({ registry, classify }),
        ...(logs !== undefined && logsOptions?.level === "DEBUG" ? [debugRequests(logs.httpClient)] : []),
      ],
      report: registry.event,
      ...(guard !== undefined && { parallel: guard.parallel, pieceBytes: guard.pieceBytes }),
    },
    api: {
      onError(error) {
        registry.count("null_answer", "", error.code);
        logs?.application.error("answered null", { error });
      },
    },
    track: registry.transfers.track,
    [Symbol.dispose]: close,
  };
}
