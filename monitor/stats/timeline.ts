import { Histogram } from "../metrics/histogram.ts";
import { isTransferRoute } from "../metrics/labels.ts";
import type { NamedRow } from "./stats_schema.ts";
import { floor, type KnownSpan } from "./time_span.ts";

/** One point of a chart. */
export interface TimelinePoint {
  /** Start of the step, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Attempts that ended in it. */
  readonly requests: number;
  /** Those refused or without an answer. */
  readonly failed: number;
  /** Bytes announced by API and image answers, and received by downloads. */
  readonly bytes: number;
  /** Time to the headers, in milliseconds. */
  readonly p50Ms: number;
  /** Time to the headers, in milliseconds. */
  readonly p95Ms: number;
  /** Time to the headers, in milliseconds. */
  readonly p99Ms: number;
}

/** What came of downloads in one minute or hour. */
export interface ReceivedRow {
  /** Its start, in milliseconds since the epoch. */
  readonly at: number;
  /** Bytes written. */
  readonly sum: number;
}

/** The points of a span: one for each step of `stepMs`, those without requests too. */
export function timelineOf(
  { fromMs, toMs }: KnownSpan,
  stepMs: number,
  rows: Iterable<NamedRow>,
  received: Iterable<ReceivedRow>,
): TimelinePoint[] {
  const steps = new Map<number, { requests: number; failed: number; bytes: number; latency: Histogram }>();
  const stepOf = (at: number) => {
    const key = floor(at, stepMs);
    let step = steps.get(key);
    if (step === undefined) steps.set(key, step = { requests: 0, failed: 0, bytes: 0, latency: new Histogram() });
    return step;
  };
  for (const row of rows) {
    const step = stepOf(row.at);
    step.requests += row.requests;
    step.failed += row.failed;
    if (!isTransferRoute(row.route)) step.bytes += row.bytes;
    step.latency.addEncoded(row.latency, row.sum_ms, row.max_ms);
  }
  for (const { at, sum } of received) stepOf(at).bytes += sum;
  const points: TimelinePoint[] = [];
  for (let at = fromMs; at < toMs; at += stepMs) {
    const { requests = 0, failed = 0, bytes = 0, latency } = steps.get(at) ?? {};
    const [p50Ms = 0, p95Ms = 0, p99Ms = 0] = [0.5, 0.95, 0.99].map((share) => latency?.quantile(share) ?? 0);
    points.push({ atMs: at, requests, failed, bytes, p50Ms, p95Ms, p99Ms });
  }
  return points;
}
