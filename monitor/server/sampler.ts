import type { Clock } from "../../transport/mod.ts";
import type { MetricsRegistry, RegistrySnapshot } from "../metrics/metrics_registry.ts";
import { add, announcedBytes, type RequestTotals, since, troubles } from "../metrics/series.ts";
import type { TimelinePoint } from "../stats/timeline.ts";

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

/** What a registry has counted up to one moment; its bytes are those received. */
interface Counted {
  readonly generation: number;
  readonly totals: RequestTotals;
}

interface Step extends TimelinePoint {
  readonly answered: number;
}

function counted({ series, counters }: RegistrySnapshot, generation: number): Counted {
  let bytes = announcedBytes(series);
  for (const { name, sum } of counters) if (name === "download_bytes") bytes += sum;
  return { generation, totals: { ...add(series), bytes } };
}

/** Looks at `registry` every `stepMs` and keeps the differences: `keep` steps, about 100 bytes each. */
export function sampler(
  registry: MetricsRegistry,
  clock: Clock,
  { stepMs = 5000, keep = 180 }: SamplerOptions = {},
): Sampler {
  const steps: Step[] = [];
  let before = counted(registry.snapshot(), registry.generation);
  let startedMs = clock.date();
  let isClosed = false;
  let cancel = () => {};

  function stepUntilNow(): { step: Step; now: Counted } {
    const now = counted(registry.snapshot(), registry.generation);
    // after a clear everything there is came since
    const isCleared = now.generation !== before.generation;
    const fresh = since(now.totals, isCleared ? undefined : before.totals);
    const { requests, aborted, bytes, latency } = fresh;
    const failed = troubles(fresh);
    const step: Step = {
      atMs: startedMs,
      requests,
      answered: requests - aborted,
      failed,
      bytes,
      p50Ms: latency.quantile(0.5),
      p95Ms: latency.quantile(0.95),
      p99Ms: latency.quantile(0.99),
    };
    if (isCleared) steps.length = 0;
    return { step, now };
  }

  function tick(): void {
    const { step, now } = stepUntilNow();
    steps.push(step);
    if (steps.length > keep) steps.shift();
    before = now;
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
