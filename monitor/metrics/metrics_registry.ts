import { redactUrl, systemClock, wholeWithin } from "../../transport/internal.ts";
import type { Clock, ErrorCode, TransportEvent } from "../../transport/mod.ts";
import { type CounterName, type CounterSnapshot, counterTable, countEvent } from "./counters.ts";
import { type EventBus, eventBus } from "./event_bus.ts";
import { failureList, type FailureRecord } from "./failures.ts";
import { type AttemptLabels, boundedNames, routeOf } from "./labels.ts";
import { telemetry } from "./otel.ts";
import { type MemorySnapshot, residentMemory } from "./resident_memory.ts";
import type { SeriesSnapshot } from "./series.ts";
import { seriesTable } from "./series_table.ts";
import type { TransferList, TransferSnapshot } from "./transfer.ts";
import { transferList } from "./transfer_list.ts";

/** Options of {@linkcode metricsRegistry}. */
export interface MetricsRegistryOptions {
  /** Hosts that keep a name of their own, 1 to 1000; later ones are `other`. Default 100. */
  maxHosts?: number;
  /** Combinations of host, route and method that are kept apart, 1 to 10000. Default 500, at most 2 MB. */
  maxSeries?: number;
  /** The route class of a URL. At most 64 different ones are kept, later ones are `other`. Default {@linkcode routeOf}. */
  route?: (url: string) => string;
  /** Events kept for listeners that come back. Default 1000. */
  keepEvents?: number;
  /** Failures kept. Default 200. */
  keepFailures?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

/** One attempt as it ended. */
export interface Attempt {
  /** Method of the request. */
  readonly method: string;
  /** URL of the request, as it is; only its redacted form is kept, and only of failures. */
  readonly url: string;
  /** From the request to the headers, in milliseconds. */
  readonly durationMs: number;
  /** Status of the answer; 0 when there was none. */
  readonly status: number;
  /** What the answer announced, in bytes. */
  readonly bytes: number;
  /** The failure, where it was one. */
  readonly code: ErrorCode | undefined;
  /** Whether the caller gave up. */
  readonly isAborted: boolean;
}

/** How one attempt ended: an answer below 400, a refusal, no answer, or the caller's own abort. */
export type RequestOutcome = "ok" | "refused" | "failed" | "aborted";

/** One attempt as the `metrics` layer saw it. */
export interface RequestSample {
  /** Method, in upper case; unknown ones are `_OTHER` (OpenTelemetry HTTP conventions). */
  readonly method: string;
  /** Host and port; `other` once too many hosts were seen. */
  readonly host: string;
  /** Route class, such as `/api/v1/models/:id`, `image` or `file`. */
  readonly route: string;
  /** What was asked for, redacted. */
  readonly url: string;
  /** How it ended. */
  readonly outcome: RequestOutcome;
  /** Status of the answer; 0 when there was none. */
  readonly status: number;
  /** The failure, where it was one. */
  readonly code: ErrorCode | undefined;
  /** From the request to the answer's headers, in milliseconds. */
  readonly durationMs: number;
  /** The body the answer announced (Content-Length), in bytes; 0 when it announced none. */
  readonly bytes: number;
  /** When it ended, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** Numbers over a span of time, from a registry or from a store. */
export interface StatsWindow {
  /** Start, in milliseconds since the epoch. */
  readonly fromMs: number;
  /** End, in milliseconds since the epoch. */
  readonly toMs: number;
  /** Requests by host, route and method. */
  readonly series: readonly SeriesSnapshot[];
  /** Everything else. */
  readonly counters: readonly CounterSnapshot[];
  /** Memory, where it was watched. */
  readonly memory?: MemorySnapshot | undefined;
}

/** All a registry knows at one moment. */
export interface RegistrySnapshot extends StatsWindow {
  /** Memory at this moment. */
  readonly memory: MemorySnapshot;
  /** Requests under way. */
  readonly active: number;
  /** Transfers, running ones and the last that ended, oldest first. */
  readonly transfers: readonly TransferSnapshot[];
}

/** Collects numbers in memory: bounded, whatever comes. */
export interface MetricsRegistry {
  /** Where its time comes from. */
  readonly clock: Clock;
  /** What happened, as it happens. */
  readonly events: EventBus;
  /** Downloads under way. */
  readonly transfers: TransferList;
  /** Counts a request that starts; {@linkcode MetricsRegistry.record} ends it. */
  begin(): void;
  /** Counts an attempt that ended; the labels it was counted under. */
  record(attempt: Attempt): AttemptLabels;
  /** Adds `sum` and `times` (default 1) to a counter. */
  count(name: CounterName, host: string, label: string, sum?: number, times?: number): void;
  /**
   * Counts and publishes what a layer reported: retries, resumes, cache answers, waits and the rest. It is a listener for
   * `observe` and for the `report` of `createTransport`; give it to one of the two, for an event heard twice is counted
   * twice. Downloads are watched by `transfers.track`, which counts other things, so the two go together.
   */
  event(event: TransportEvent, call: string): void;
  /** Keeps and publishes a failure. */
  fail(failure: FailureRecord): void;
  /** Takes over what the memory guard found. */
  setMemory(memory: Partial<Omit<MemorySnapshot, "peakBytes">>): void;
  /** Everything at this moment; distributions in it are copies. */
  snapshot(): RegistrySnapshot;
  /** The last failures, oldest first. */
  failures(): FailureRecord[];
  /** Calls `listener` with every attempt that ends; the function returned ends that. Costs a little on each request. */
  onRequest(listener: (sample: RequestSample) => void): () => void;
  /** Counts clears: numbers of another generation cannot be subtracted from. */
  readonly generation: number;
  /** Failures ever seen, so that a reader knows which ones are new. */
  readonly failureCount: number;
  /** Sets all numbers to zero; running transfers stay. */
  clear(): void;
}

/**
 * What `metrics` counts into, and everything else reads from. Its size is bounded: however many hosts, routes or events
 * there are, it stays below a few megabytes.
 *
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { compose } from "@civikit/civikit/transport";
 * import { metrics, metricsRegistry } from "@civikit/civikit/monitor";
 *
 * const registry = metricsRegistry();
 * const origin = { fetch: () => Promise.resolve(Response.json({ id: 5 })) };
 * await compose(origin, metrics({ registry })).fetch(new Request("https://civitai.com/api/v1/models/5"));
 * const [series] = registry.snapshot().series;
 * console.log(series?.host, series?.route, series?.requests); // civitai.com /api/v1/models/:id 1
 * ```
 */
export function metricsRegistry({
  maxHosts = 100,
  maxSeries = 500,
  route = routeOf,
  keepEvents = 1000,
  keepFailures = 200,
  clock = systemClock,
}: MetricsRegistryOptions = {}): MetricsRegistry {
  wholeWithin("maxHosts", maxHosts, 1, 1000);
  wholeWithin("maxSeries", maxSeries, 1, 10_000);
  wholeWithin("keepFailures", keepFailures, 1, 100_000);
  const otel = telemetry();
  const events = eventBus({ capacity: keepEvents, clock });
  const listeners = new Set<(sample: RequestSample) => void>();
  const boundHost = boundedNames(maxHosts);
  const series = seriesTable({ boundHost, route, maxSeries });
  const counters = counterTable(boundHost, otel?.count);
  const failures = failureList(keepFailures);
  const memory = residentMemory();
  const { count } = counters;
  let active = 0;
  let generation = 0;
  let startedMs = clock.date();

  function record(attempt: Attempt): AttemptLabels {
    const { method, url, durationMs, status, bytes, code, isAborted } = attempt;
    const counted = series.of(method, url);
    active--;
    counted.requests++;
    if (isAborted) counted.aborted++;
    else {
      counted.latency.record(durationMs);
      counted.bytes += bytes;
      if (status !== 0) counted.statuses.set(status, (counted.statuses.get(status) ?? 0) + 1);
      if (code !== undefined) {
        counted.failed++;
        counted.codes.set(code, (counted.codes.get(code) ?? 0) + 1);
        const { host } = counted;
        fail({ atMs: clock.date(), kind: "request", code, host, status, target: redactUrl(url), durationMs });
      }
    }
    if (listeners.size > 0) tellListeners(attempt, counted);
    return counted;
  }

  function tellListeners(attempt: Attempt, { host, route, method }: AttemptLabels): void {
    const { durationMs, status, bytes, code, isAborted } = attempt;
    const outcome: RequestOutcome = isAborted
      ? "aborted"
      : code === undefined
      ? "ok"
      : status === 0
      ? "failed"
      : "refused";
    const url = redactUrl(attempt.url);
    const atMs = clock.date();
    const sample: RequestSample = { method, host, route, url, outcome, status, code, durationMs, bytes, atMs };
    for (const listener of listeners) {
      try {
        listener(sample);
      } catch {
        // observers cannot break the observed
      }
    }
  }

  function event(event: TransportEvent, call: string): void {
    countEvent(event, count);
    events.publish({ type: "transport", call, event });
  }

  function fail(failure: FailureRecord): void {
    failures.add(failure);
    events.publish({ type: "failure", failure });
  }

  const transfers = transferList({
    clock,
    count,
    fail,
    publish: (transfer) => events.publish({ type: "transfer", transfer }),
  });
  return {
    clock,
    events,
    transfers,
    begin: () => void active++,
    record,
    count,
    event,
    fail,
    setMemory: memory.set,
    snapshot() {
      return {
        fromMs: startedMs,
        toMs: clock.date(),
        series: series.snapshot(),
        counters: counters.snapshot(),
        memory: memory.look(),
        active,
        transfers: transfers.list(),
      };
    },
    failures: failures.list,
    onRequest(listener) {
      const own = (sample: RequestSample) => listener(sample);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    get generation() {
      return generation;
    },
    get failureCount() {
      return failures.count;
    },
    clear() {
      series.clear();
      counters.clear();
      failures.clear();
      memory.clear();
      generation++;
      startedMs = clock.date();
      events.publish({ type: "cleared" });
    },
  };
}
