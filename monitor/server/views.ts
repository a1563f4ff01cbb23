import { dirname } from "node:path";
import type { Clock, Locale } from "../../transport/mod.ts";
import type { FailureRecord } from "../metrics/failures.ts";
import type { MetricsRegistry, StatsWindow } from "../metrics/metrics_registry.ts";
import { add, troubles } from "../metrics/series.ts";
import { type Report, report } from "../report/report.ts";
import type { LiveTransfer, TransferSource } from "../stats/live_transfer.ts";
import type { StatsStore } from "../stats/stats_store.ts";
import type { TimelinePoint } from "../stats/timeline.ts";
import type { DashboardData } from "./dashboard_page.ts";
import { checkHealth, type Health } from "./health.ts";
import type { CacheNumbers } from "./options.ts";
import { prometheusText } from "./prometheus.ts";
import { sampler } from "./sampler.ts";
import { latest } from "./transfer_source.ts";
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
  /** The transfers that run, and the last that ended. */
  transfers(): LiveTransfer[];
  /** All numbers for Prometheus: of all processes, where they are known. */
  metrics(): string;
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
  readonly live: TransferSource | undefined;
  readonly source: TransferSource;
  readonly folders: () => readonly string[];
  readonly memoryLimitBytes: number | undefined;
  /** Rules that watch the site, by state; undefined where nothing watches. */
  readonly rules: (() => Readonly<Record<string, number>>) | undefined;
  /** As in the options. */
  readonly stuckRules: (() => number) | undefined;
  readonly clock: Clock;
}

const dayMs = 24 * 3_600_000;
const dayStepMs = 10 * 60_000;
const recentMs = 15 * 60_000;
const defaultMemoryBytes = 200 * 1024 * 1024;
const storeTtlMs = 2000;
const metricsTtlMs = 100;

/** Draws what is shown from a registry and, for 24 hours, from a store. */
export function diagnosticViews(
  { registry, store, live, source, cache, folders, memoryLimitBytes, rules, stuckRules, clock }: ViewsOptions,
): Views {
  const samples = sampler(registry, clock);
  const startBytes = Deno.memoryUsage().rss;
  const windows = ttlCache<StatsWindow>(clock.now);
  const timelines = ttlCache<TimelinePoint[]>(clock.now);
  const texts = ttlCache<string>(clock.now);
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

  /** What does not answer is not shown; it is the business of no part of the health that is asked after here. */
  const orNothing = <Value>(look: () => readonly Value[]): readonly Value[] => {
    try {
      return look();
    } catch {
      return [];
    }
  };

  const orNone = (look: () => number): number | undefined => {
    try {
      return look();
    } catch {
      return undefined;
    }
  };

  const reportOf = (span: ViewSpan, locale: Locale): Report =>
    report(windowOf(span), { locale, transfers: orNothing(() => source.history(1000)) });

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
      const totals = add(window.series);
      return { requests: totals.requests - totals.aborted, failed: troubles(totals) };
    } catch {
      return own; // the health of a store that cannot be read is not the client's
    }
  }

  function health(): Promise<Health> {
    const { memory: { rssBytes, limitBytes } } = registry.snapshot();
    const defaultBytes = memoryLimitBytes ?? startBytes + defaultMemoryBytes;
    const own = { pid: Deno.pid, rssBytes, limitBytes: memoryLimitBytes ?? limitBytes ?? defaultBytes };
    const others = orNothing(() => live?.working?.() ?? []).filter(({ pid }) => pid !== Deno.pid)
      .map(({ pid, rssBytes, limitBytes }) => ({ pid, rssBytes, limitBytes: limitBytes ?? defaultBytes }));
    const used = live === undefined ? [] : orNothing(() => latest(source)).map(({ path }) => dirname(path));
    return checkHealth({
      ...{ recent: recent(), cache, folders: [...folders(), ...used], memory: [own, ...others] },
      ...(stuckRules && { stuckRules: orNone(stuckRules) }),
    });
  }

  function metrics(): string {
    const own = registry.snapshot();
    const watched = rules === undefined ? {} : { rules: rules() };
    if (live === undefined) return prometheusText({ ...own, ...watched });
    const transfers = source.list();
    const all = store === undefined ? own : { ...own, ...store.totals() };
    const working = live.working && { working: live.working() };
    return prometheusText({ ...all, memory: own.memory, ...working, ...watched, transfers });
  }

  return {
    hasDay: store !== undefined,
    spanOf,
    report: reportOf,
    timeline: timelineOf,
    failures: (span, limit) =>
      span === "day" && store !== undefined ? store.failures(limit) : registry.failures().slice(-limit).reverse(),
    transfers: () => latest(source),
    metrics: () => texts.get("metrics", metricsTtlMs, metrics),
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
      transfers: latest(source, 8),
      health: await health(),
      ...timelineOf(span),
      nowMs: clock.date(),
    }),
    forget() {
      windows.clear();
      timelines.clear();
      texts.clear();
    },
    close: samples.close,
  };
}
