import { within } from "../../transport/internal.ts";
import type { CounterSnapshot } from "../metrics/counters.ts";
import type { MetricsRegistry } from "../metrics/metrics_registry.ts";
import { seriesKey, type SeriesSnapshot, since } from "../metrics/series.ts";
import type { StatsStore } from "./stats_store.ts";

/** Options of {@linkcode recorder}. */
export interface RecorderOptions {
  /** Where the numbers come from. */
  registry: MetricsRegistry;
  /** Where they are kept. */
  store: StatsStore;
  /** How often they are handed over, in milliseconds; what a killed process loses at most. Default 2000. */
  everyMs?: number;
  /** Told when the store refuses; the numbers are kept and offered again. */
  onError?: (error: unknown) => void;
}

/** Hands numbers over until it is stopped. */
export interface Recorder extends Disposable {
  /** Hands over what is new now; false when the store refused it. */
  flush(): boolean;
  /** Hands over the rest and ends. */
  stop(): void;
}

const counterKey = ({ name, host, label }: CounterSnapshot) => `${name} ${host} ${label}`;

/**
 * Hands a registry's numbers to a store, now and then and at the end. Several may share a store, each for a process of
 * its own. It keeps no process running.
 *
 * @throws {RangeError} When `everyMs` is out of range.
 * @example
 * ```ts
 * import { metricsRegistry, recorder, statsStore } from "@civikit/civikit/monitor";
 *
 * const folder = await Deno.makeTempDir();
 * const registry = metricsRegistry();
 * using store = statsStore(`${folder}/stats.sqlite`);
 * const recording = recorder({ registry, store, everyMs: 5000 });
 * recording.stop();
 * store.close();
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function recorder({ registry, store, everyMs = 2000, onError }: RecorderOptions): Recorder {
  within("everyMs", everyMs, 100, 3_600_000);
  const { clock } = registry;
  let generation = registry.generation;
  let failureCount = registry.failureCount;
  let series = new Map<string, SeriesSnapshot>();
  let counters = new Map<string, CounterSnapshot>();
  let isStopped = false;
  let flushedMs = clock.date();
  let cancel = () => {};

  function flush(): boolean {
    if (generation !== registry.generation) {
      generation = registry.generation;
      series = new Map();
      counters = new Map();
    }
    const now = registry.snapshot();
    const fresh = registry.failureCount - failureCount;
    const delta = {
      series: now.series.map((one) => since(one, series.get(seriesKey(one)))).filter(({ requests }) => requests > 0),
      counters: now.counters.map((one): CounterSnapshot => {
        const before = counters.get(counterKey(one));
        return { ...one, count: one.count - (before?.count ?? 0), sum: one.sum - (before?.sum ?? 0) };
      }).filter(({ count, sum }) => count > 0 || sum > 0),
      failures: fresh > 0 ? registry.failures().slice(-fresh) : [],
      rssBytes: now.memory.rssBytes,
    };
    try {
      // a flush on the stroke of a minute belongs to the minute that ends
      store.add(delta, (flushedMs + now.toMs) / 2);
    } catch (error) {
      onError?.(error);
      return false;
    }
    flushedMs = now.toMs;
    failureCount = registry.failureCount;
    series = new Map(now.series.map((one) => [seriesKey(one), one]));
    counters = new Map(now.counters.map((one) => [counterKey(one), one]));
    return true;
  }

  /** The next handing over, on a multiple of `everyMs`: minutes then end where they should. */
  function schedule(): void {
    cancel = clock.after(everyMs - clock.date() % everyMs, () => {
      flush();
      if (!isStopped) schedule();
    }, true);
  }

  function stop(): void {
    if (isStopped) return;
    isStopped = true;
    cancel();
    flush();
  }

  schedule();
  return { flush, stop, [Symbol.dispose]: stop };
}
