import { hostOf, redactUrl, systemClock } from "../../transport/internal.ts";
import type { Clock, ErrorCode, TransportEvent } from "../../transport/mod.ts";
import { eventBus } from "./event_bus.ts";
import { Histogram } from "./histogram.ts";
import { boundedNames, methodLabel, otherLabel, routeOf } from "./labels.ts";
import { type AttemptLabels, telemetry } from "./otel.ts";
import { type TransferList, transferList } from "./transfers.ts";
import type {
  CounterName,
  CounterSnapshot,
  EventBus,
  FailureRecord,
  MemorySnapshot,
  RegistrySnapshot,
  RequestOutcome,
  RequestSample,
  SeriesSnapshot,
} from "./types.ts";

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
  /** Counts and publishes what a layer reported. */
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

interface Series {
  readonly host: string;
  readonly route: string;
  readonly method: string;
  readonly latency: Histogram;
  readonly statuses: Map<number, number>;
  readonly codes: Map<ErrorCode, number>;
  requests: number;
  failed: number;
  aborted: number;
  bytes: number;
}

interface Counter {
  readonly name: CounterName;
  readonly host: string;
  readonly label: string;
  count: number;
  sum: number;
}

const mostRoutes = 64;
const mostCounters = 2000;

function check(name: string, value: number, most: number): void {
  if (!(Number.isInteger(value) && value >= 1 && value <= most)) {
    throw new RangeError(`option ${name}: ${value} is not a whole number from 1 to ${most}`);
  }
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
  check("maxHosts", maxHosts, 1000);
  check("maxSeries", maxSeries, 10_000);
  check("keepFailures", keepFailures, 100_000);
  const otel = telemetry();
  const events = eventBus({ capacity: keepEvents, clock });
  const listeners = new Set<(sample: RequestSample) => void>();
  const boundHost = boundedNames(maxHosts);
  const boundRoute = route === routeOf ? route : bounded(route);
  const byHost = new Map<string, Map<string, Series>>();
  const counters = new Map<string, Counter>();
  let failures: FailureRecord[] = [];
  let seriesCount = 0;
  let active = 0;
  let generation = 0;
  let failureCount = 0;
  let startedMs = clock.date();
  let peakBytes = 0;
  let memory: Partial<MemorySnapshot> = {};

  function bounded(classify: (url: string) => string): (url: string) => string {
    const bound = boundedNames(mostRoutes);
    return (url) => bound(classify(url));
  }

  function seriesOf(method: string, url: string): Series {
    const host = hostOf(url);
    const routeName = boundRoute(url);
    const key = method === "GET" ? routeName : `${method} ${routeName}`;
    return byHost.get(host)?.get(key) ?? addSeries(boundHost(host), routeName, methodLabel(method));
  }

  function addSeries(host: string, routeName: string, method: string): Series {
    let group = byHost.get(host);
    const key = method === "GET" ? routeName : `${method} ${routeName}`;
    const known = group?.get(key);
    if (known !== undefined) return known;
    const isFull = seriesCount >= maxSeries && host !== otherLabel;
    if (isFull) return addSeries(otherLabel, otherLabel, "_OTHER");
    if (group === undefined) byHost.set(host, group = new Map());
    const series: Series = {
      host,
      route: routeName,
      method,
      latency: new Histogram(),
      statuses: new Map(),
      codes: new Map(),
      requests: 0,
      failed: 0,
      aborted: 0,
      bytes: 0,
    };
    group.set(key, series);
    seriesCount++;
    return series;
  }

  function record(attempt: Attempt): AttemptLabels {
    const { method, url, durationMs, status, bytes, code, isAborted } = attempt;
    const series = seriesOf(method, url);
    active--;
    series.requests++;
    if (isAborted) series.aborted++;
    else {
      series.latency.record(durationMs);
      series.bytes += bytes;
      if (status !== 0) series.statuses.set(status, (series.statuses.get(status) ?? 0) + 1);
      if (code !== undefined) {
        series.failed++;
        series.codes.set(code, (series.codes.get(code) ?? 0) + 1);
        const { host } = series;
        fail({ atMs: clock.date(), kind: "request", code, host, status, target: redactUrl(url), durationMs });
      }
    }
    if (listeners.size > 0) tell(attempt, series);
    return series;
  }

  function tell(attempt: Attempt, { host, route, method }: Series): void {
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

  function count(name: CounterName, host: string, label: string, sum = 0, times = 1): void {
    const bound = host === "" ? "" : boundHost(host);
    let key = `${name} ${bound} ${label}`;
    let counter = counters.get(key);
    if (counter === undefined) {
      const isFull = counters.size >= mostCounters;
      if (isFull) key = `${name} ${otherLabel} ${otherLabel}`;
      counter = counters.get(key) ??
        { name, host: isFull ? otherLabel : bound, label: isFull ? otherLabel : label, count: 0, sum: 0 };
      counters.set(key, counter);
    }
    counter.count += times;
    counter.sum += sum;
    if (otel !== undefined && times > 0) otel.count(counter.name, counter.host, counter.label);
  }

  function event(event: TransportEvent, call: string): void {
    switch (event.type) {
      case "retry":
      case "resume":
        count(event.type, hostOf(event.url), event.code);
        break;
      case "queue":
        count("queue", event.host, "", event.waitMs);
        break;
      case "limit":
        count("limit", event.host, "", event.pauseMs);
        break;
      case "circuit":
        count("circuit", event.host, event.state);
        break;
      case "cache":
        count("cache", hostOf(event.url), event.result);
        break;
      case "redirect":
        count("redirect", hostOf(event.from), String(event.status));
        break;
      case "steal":
        count("steal", hostOf(event.url), "", event.bytes);
        break;
      case "resolve":
      case "dedupe":
      case "fallback":
      case "connections":
        count(event.type, hostOf(event.url), "");
        break;
      case "download":
        break; // counted by the transfer it belongs to
    }
    events.publish({ type: "transport", call, event });
  }

  function fail(failure: FailureRecord): void {
    failureCount++;
    failures.push(failure);
    // dropped in halves: cheaper than one by one
    if (failures.length >= keepFailures * 2) failures = failures.slice(-keepFailures);
    events.publish({ type: "failure", failure });
  }

  function memoryNow(): MemorySnapshot {
    const rssBytes = Deno.memoryUsage().rss;
    peakBytes = Math.max(peakBytes, rssBytes, memory.rssBytes ?? 0);
    const { limitBytes, level = 0, parallel, pieceBytes } = memory;
    return { rssBytes, peakBytes, limitBytes, level, parallel, pieceBytes };
  }

  function snapshotOf(series: Series): SeriesSnapshot {
    const { statuses, codes, latency, ...rest } = series;
    return {
      ...rest,
      statuses: Object.fromEntries(statuses),
      codes: Object.fromEntries(codes) as Partial<Record<ErrorCode, number>>,
      latency: latency.copy(),
    };
  }

  const transfers = transferList({ clock, events, count, fail });
  return {
    clock,
    events,
    transfers,
    begin: () => void active++,
    record,
    count,
    event,
    fail,
    setMemory(changes) {
      memory = { ...memory, ...changes };
    },
    snapshot() {
      return {
        fromMs: startedMs,
        toMs: clock.date(),
        series: [...byHost.values()].flatMap((group) => [...group.values()].map(snapshotOf)),
        counters: [...counters.values()].map((counter): CounterSnapshot => ({ ...counter })),
        memory: memoryNow(),
        active,
        transfers: transfers.list(),
      };
    },
    failures: () => failures.slice(-keepFailures),
    onRequest(listener) {
      const own = (sample: RequestSample) => listener(sample);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    get generation() {
      return generation;
    },
    get failureCount() {
      return failureCount;
    },
    clear() {
      byHost.clear();
      counters.clear();
      failures = [];
      seriesCount = 0;
      peakBytes = 0;
      generation++;
      startedMs = clock.date();
      events.publish({ type: "cleared" });
    },
  };
}
