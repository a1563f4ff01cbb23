import type { Clock } from "../../transport/mod.ts";
import { Histogram } from "../metrics/histogram.ts";
import { isTransferRoute } from "../metrics/labels.ts";
import type { MetricsRegistry } from "../metrics/metrics_registry.ts";
import type { RegistrySnapshot, TimelinePoint } from "../metrics/types.ts";

/** Options of {@linkcode sampler}. */
export interface SamplerOptions {
  /** Length of a step in milliseconds. */
  readonly stepMs?: number;
  /** Steps kept. */
  readonly keep?: number;
}

/** Steps of a few seconds, for charts that live. */
export interface Sampler extends Disposable {
  /** Length of a step in milliseconds. */
  readonly stepMs: number;
  /** The steps kept, oldest first; the last one is still under way. */
  points(): TimelinePoint[];
  /** Requests and failures of the last `spanMs`, aborted ones left out. */
  recent(spanMs: number): { requests: number; failed: number };
  /** Stops looking. */
  close(): void;
}

/** What a registry has counted up to one moment. */
interface Totals {
  readonly generation: number;
  readonly requests: number;
  readonly aborted: number;
  readonly failed: number;
  readonly bytes: number;
  readonly latency: Histogram;
}

interface Step extends TimelinePoint {
  readonly answered: number;
}

function totalsOf({ series, counters }: RegistrySnapshot, generation: number): Totals {
  const latency = new Histogram();
  let requests = 0;
  let aborted = 0;
  let failed = 0;
  let bytes = 0;
  for (const one of series) {
    requests += one.requests;
    aborted += one.aborted;
    failed += one.failed;
    if (!isTransferRoute(one.route)) bytes += one.bytes;
    latency.add(one.latency);
  }
  for (const { name, sum } of counters) if (name === "download_bytes") bytes += sum;
  return { generation, requests, aborted, failed, bytes, latency };
}

/** Looks at `registry` every `stepMs` and keeps the differences: `keep` steps, about 100 bytes each. */
export function sampler(
  registry: MetricsRegistry,
  clock: Clock,
  { stepMs = 5000, keep = 180 }: SamplerOptions = {},
): Sampler {
  const steps: Step[] = [];
  let before = totalsOf(registry.snapshot(), registry.generation);
  let startedMs = clock.date();
  let isClosed = false;
  let cancel = () => {};

  function stepUntilNow(): { step: Step; totals: Totals } {
    const totals = totalsOf(registry.snapshot(), registry.generation);
    // after a clear everything there is came since
    const isCleared = totals.generation !== before.generation;
    const old = isCleared ? { requests: 0, aborted: 0, failed: 0, bytes: 0, latency: new Histogram() } : before;
    const latency = totals.latency.since(old.latency);
    const requests = totals.requests - old.requests;
    const step: Step = {
      atMs: startedMs,
      requests,
      answered: requests - (totals.aborted - old.aborted),
      failed: totals.failed - old.failed,
      bytes: totals.bytes - old.bytes,
      p50Ms: latency.quantile(0.5),
      p95Ms: latency.quantile(0.95),
      p99Ms: latency.quantile(0.99),
    };
    if (isCleared) steps.length = 0;
    return { step, totals };
  }

  function tick(): void {
    const { step, totals } = stepUntilNow();
    steps.push(step);
    if (steps.length > keep) steps.shift();
    before = totals;
    startedMs = clock.date();
    if (!isClosed) cancel = clock.after(stepMs, tick, true);
  }

  function close(): void {
    isClosed = true;
    cancel();
  }

  cancel = clock.after(stepMs, tick, true);
  const all = () => {
    const { step } = stepUntilNow();
    return [...steps, step];
  };
  return {
    stepMs,
    points: all,
    recent(spanMs) {
      const since = clock.date() - spanMs;
      return all().filter(({ atMs }) => atMs >= since).reduce(
        (sum, { answered, failed }) => ({ requests: sum.requests + answered, failed: sum.failed + failed }),
        { requests: 0, failed: 0 },
      );
    },
    close,
    [Symbol.dispose]: close,
  };
}
