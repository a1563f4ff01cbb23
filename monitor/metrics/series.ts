import type { ErrorCode } from "../../transport/mod.ts";
import { Histogram } from "./histogram.ts";
import { type AttemptLabels, isTransferRoute } from "./labels.ts";

/** Numbers of requests that belong together. */
export interface RequestTotals {
  /** Attempts that ended, aborted ones included. */
  readonly requests: number;
  /** Those refused (status 400 and above) or without an answer. */
  readonly failed: number;
  /** Those the caller gave up. */
  readonly aborted: number;
  /** Bytes the answers announced; what really came of downloads is counted by transfers. */
  readonly bytes: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Failures by error code. */
  readonly codes: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Time to the headers, of all attempts but aborted ones. */
  readonly latency: Histogram;
}

/** What is known about one combination of host, route and method. */
export interface SeriesSnapshot extends AttemptLabels, RequestTotals {}

/** What `Histogram.encode` made, with what is kept beside it. */
export interface EncodedLatency {
  readonly encoded: Uint8Array;
  readonly sumMs: number;
  readonly maxMs: number;
}

/** Totals to be added, as they are or as they are stored. */
export type Addend = Omit<RequestTotals, "latency"> & { readonly latency: Histogram | EncodedLatency };

/** Adds counts by name to `into`. */
function tally(into: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const name of Object.keys(counts)) into[name] = (into[name] ?? 0) + counts[name]!;
}

/** What of `now` came after `before`, by name. */
function less(now: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>): Record<string, number> {
  const fresh: Record<string, number> = {};
  for (const name in now) {
    const more = now[name]! - (before[name] ?? 0);
    if (more > 0) fresh[name] = more;
  }
  return fresh;
}

/** All of `parts` together. */
export function add(parts: Iterable<Addend>): RequestTotals {
  const sum = { requests: 0, failed: 0, aborted: 0, bytes: 0, statuses: {}, codes: {}, latency: new Histogram() };
  for (const { requests, failed, aborted, bytes, statuses, codes, latency } of parts) {
    sum.requests += requests;
    sum.failed += failed;
    sum.aborted += aborted;
    sum.bytes += bytes;
    tally(sum.statuses, statuses);
    tally(sum.codes, codes);
    if (latency instanceof Histogram) sum.latency.add(latency);
    else sum.latency.addEncoded(latency.encoded, latency.sumMs, latency.maxMs);
  }
  return sum;
}

/** What of `now` came after `before`; all of it where there was nothing before. */
export function since<Totals extends RequestTotals>(now: Totals, before: RequestTotals | undefined): Totals {
  if (before === undefined) return now;
  return {
    ...now,
    requests: now.requests - before.requests,
    failed: now.failed - before.failed,
    aborted: now.aborted - before.aborted,
    bytes: now.bytes - before.bytes,
    statuses: less(now.statuses, before.statuses),
    codes: less(now.codes, before.codes),
    latency: now.latency.since(before.latency),
  };
}

/** What tells one series from another. */
export function seriesKey({ host, route, method }: AttemptLabels): string {
  return `${host} ${route} ${method}`;
}

/** Failures that count against network and site: that something is not there is an answer, and the asker's to mend. */
export function troubles({ failed, codes }: Pick<RequestTotals, "failed" | "codes">): number {
  return Math.max(0, failed - (codes.not_found ?? 0));
}

/** Bytes that count as announced; what is downloaded counts as it is written, by transfers. */
export function announcedBytes(series: Iterable<Pick<SeriesSnapshot, "route" | "bytes">>): number {
  let sum = 0;
  for (const { route, bytes } of series) if (!isTransferRoute(route)) sum += bytes;
  return sum;
}
