import type { Clock, Locale } from "../../transport/mod.ts";
import type { FailureRecord } from "../metrics/failures.ts";
import type { MetricsRegistry, StatsWindow } from "../metrics/metrics_registry.ts";
import { add } from "../metrics/series.ts";
import { type Report, report } from "../report/report.ts";
import type { StatsStore } from "../stats/stats_store.ts";
import type { TimelinePoint } from "../stats/timeline.ts";
import type { DashboardData } from "./dashboard_page.ts";
import { checkHealth, type Health } from "./health.ts";
import type { CacheNumbers } from "./options.ts";
import { sampler } from "./sampler.ts";
import { ttlCache } from "./ttl_cache.ts";

/** What is shown: numbers of this run, or of the last 24 hours from the store. */
export type ViewSpan = "run" | "day";

/** Steps of a chart. */
export interface Timeline {
  /** Length of a step in milliseconds. */
  readonly stepMs: number;
  /** The steps, oldest first. */
  readonly points: readonly TimelinePoint[];
}

/** The data that pages and JSON show. */
export interface Views {
  /** Whether there is more than one span to choose from. */
  readonly hasDay: boolean;
  /** The span that is asked for, or else makes sense. */
  spanOf(asked: string | undefined): ViewSpan;
  /** The report. */
  report(span: ViewSpan, locale: Locale): Report;
  /** Numbers by steps of time. */
  timeline(span: ViewSpan): Timeline;
  /** Single failures, newest first. */
  failures(span: ViewSpan, limit: number): FailureRecord[];
  /** The health of everything. */
  health(): Promise<Health>;
  /** The cache's numbers: undefined without a cache, null when it does not answer. */
  cacheNumbers(): Promise<CacheNumbers | undefined | null>;
  /** All that the dashboard shows. */
  dashboard(span: ViewSpan, locale: Locale): Promise<DashboardData>;
  /** Forgets what was read from the store. */
  forget(): void;
  /** Stops looking. */
  close(): void;
}

/** What is drawn from; see {@linkcode DiagnosticsOptions}. */
export interface ViewsOptions {
  readonly registry: MetricsRegistry;
  readonly store: StatsStore | undefined;
  readonly cache: (() => CacheNumbers | Promise<CacheNumbers>) | undefined;
  readonly folder: string;
  readonly memoryLimitBytes: number | undefined;
  readonly clock: Clock;
}

const dayMs = 24 * 3_600_000;
const dayStepMs = 10 * 60_000;
const recentMs = 15 * 60_000;
const defaultMemoryBytes = 200 * 1024 * 1024;
const storeTtlMs = 2000;

/** Draws what is shown from a registry and, for 24 hours, from a store. */
export function diagnosticViews({ registry, store, cache, folder, memoryLimitBytes, clock }: ViewsOptions): Views {
  const samples = sampler(registry, clock);
  const startBytes = Deno.memoryUsage().rss;
  const windows = ttlCache<StatsWindow>(clock.now);
  const timelines = ttlCache<TimelinePoint[]>(clock.now);
  let hasNumbers = false;

  function spanOf(asked: string | undefined): ViewSpan {
    if (store === undefined) return "run";
    if (asked === "run" || asked === "day") return asked;
    // a process of its own, as `civikit serve` is, has nothing to show but what others left in the store
    hasNumbers ||= registry.snapshot().series.length > 0 || registry.transfers.list().length > 0;
    return hasNumbers ? "run" : "day";
  }

  function windowOf(span: ViewSpan): StatsWindow {
    if (span === "run" || store === undefined) return registry.snapshot();
    const toMs = clock.date();
    return windows.get("day", storeTtlMs, () => store.read({ fromMs: toMs - dayMs, toMs }));
  }

  const reportOf = (span: ViewSpan, locale: Locale): Report => report(windowOf(span), { locale });

  function timelineOf(span: ViewSpan): Timeline {
    if (span === "run" || store === undefined) return { stepMs: samples.stepMs, points: samples.points() };
    const toMs = clock.date();
    const fromMs = Math.floor((toMs - dayMs) / dayStepMs) * dayStepMs;
    return {
      stepMs: dayStepMs,
      points: timelines.get("day", storeTtlMs, () => store.timeline({ fromMs, toMs }, dayStepMs)),
    };
  }

  /** Requests of the last minutes: this process's own, else what others left in the store. */
  function recent(): { requests: number; failed: number } {
    const own = samples.recent(recentMs);
    if (own.requests > 0 || store === undefined) return own;
    try {
      const toMs = clock.date();
      const window = windows.get("recent", storeTtlMs, () => store.read({ fromMs: toMs - recentMs, toMs }));
      const { requests, aborted, failed } = add(window.series);
      return { requests: requests - aborted, failed };
    } catch {
      return own; // the health of a store that cannot be read is not the client's
    }
  }

  function health(): Promise<Health> {
    const { memory } = registry.snapshot();
    const limit = memoryLimitBytes ?? memory.limitBytes ?? startBytes + defaultMemoryBytes;
    return checkHealth({ recent: recent(), cache, folder, memory, memoryLimitBytes: limit });
  }

  return {
    hasDay: store !== undefined,
    spanOf,
    report: reportOf,
    timeline: timelineOf,
    failures: (span, limit) =>
      span === "day" && store !== undefined ? store.failures(limit) : registry.failures().slice(-limit).reverse(),
    health,
    async cacheNumbers() {
      try {
        return await cache?.();
      } catch {
        return null;
      }
    },
    dashboard: async (span, locale) => ({
      report: reportOf(span, locale),
      snapshot: registry.snapshot(),
      health: await health(),
      ...timelineOf(span),
      nowMs: clock.date(),
    }),
    forget() {
      windows.clear();
      timelines.clear();
    },
    close: samples.close,
  };
}
