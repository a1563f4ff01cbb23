import { hostOf } from "../../transport/internal.ts";
import type { ErrorCode } from "../../transport/mod.ts";
import { Histogram } from "./histogram.ts";
import { type AttemptLabels, boundedNames, methodLabel, otherLabel, routeOf } from "./labels.ts";
import type { SeriesSnapshot } from "./series.ts";

/** A series that is being counted into. */
export interface Series extends AttemptLabels {
  readonly latency: Histogram;
  readonly statuses: Map<number, number>;
  readonly codes: Map<ErrorCode, number>;
  requests: number;
  failed: number;
  aborted: number;
  bytes: number;
}

/** Options of {@linkcode seriesTable}. */
export interface SeriesTableOptions {
  /** The name a host is counted under. */
  readonly boundHost: (host: string) => string;
  /** The route class of a URL. */
  readonly route: (url: string) => string;
  /** Series that are kept apart. */
  readonly maxSeries: number;
}

/** The series of a registry. */
export interface SeriesTable {
  /** The one that an attempt counts into. */
  of(method: string, url: string): Series;
  /** Copies of all. */
  snapshot(): SeriesSnapshot[];
  /** Forgets all. */
  clear(): void;
}

/** Route classes of the caller's own that are kept apart. */
const mostRoutes = 64;

function snapshotOf(series: Series): SeriesSnapshot {
  const { statuses, codes, latency, ...rest } = series;
  return {
    ...rest,
    statuses: Object.fromEntries(statuses),
    codes: Object.fromEntries(codes) as Partial<Record<ErrorCode, number>>,
    latency: latency.copy(),
  };
}

/** Series by host, route and method; beyond `maxSeries` of them all three are `other`. */
export function seriesTable({ boundHost, route, maxSeries }: SeriesTableOptions): SeriesTable {
  const boundRoute = route === routeOf ? route : bounded(route);
  const byHost = new Map<string, Map<string, Series>>();
  let seriesCount = 0;

  function bounded(classify: (url: string) => string): (url: string) => string {
    const bound = boundedNames(mostRoutes);
    return (url) => bound(classify(url));
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

  return {
    of(method, url) {
      const host = hostOf(url);
      const routeName = boundRoute(url);
      const key = method === "GET" ? routeName : `${method} ${routeName}`;
      return byHost.get(host)?.get(key) ?? addSeries(boundHost(host), routeName, methodLabel(method));
    },
    snapshot: () => [...byHost.values()].flatMap((group) => [...group.values()].map(snapshotOf)),
    clear() {
      byHost.clear();
      seriesCount = 0;
    },
  };
}
