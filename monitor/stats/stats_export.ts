import type { SeriesSnapshot } from "../metrics/series.ts";

/** A minute of one series. */
export type ExportedSeries = SeriesSnapshot & { readonly atMs?: number };

const columns = [
  "time",
  "host",
  "route",
  "method",
  "requests",
  "failed",
  "aborted",
  "bytes",
  "mean_ms",
  "p50_ms",
  "p95_ms",
  "p99_ms",
  "max_ms",
] as const;

type Cells = Readonly<Record<typeof columns[number], string | number>>;

const short = (ms: number): number => Math.round(ms * 100) / 100;

function cellsOf({ atMs = 0, host, route, method, requests, failed, aborted, bytes, latency }: ExportedSeries): Cells {
  return {
    time: new Date(atMs).toISOString(),
    host,
    route,
    method,
    requests,
    failed,
    aborted,
    bytes,
    mean_ms: latency.count === 0 ? 0 : short(latency.sumMs / latency.count),
    p50_ms: short(latency.quantile(0.5)),
    p95_ms: short(latency.quantile(0.95)),
    p99_ms: short(latency.quantile(0.99)),
    max_ms: short(latency.maxMs),
  };
}

/** A CSV field (RFC 4180); a leading sign that a spreadsheet would take for a formula is defused. */
function field(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines of JSON (one object each) or CSV (a header first, CRLF), each with its line end. */
export function* exportRows(format: "json" | "csv", rows: Iterable<ExportedSeries>): Generator<string> {
  if (format === "csv") yield `${columns.join(",")}\r\n`;
  for (const row of rows) {
    const cells = cellsOf(row);
    if (format === "csv") yield `${columns.map((name) => field(cells[name])).join(",")}\r\n`;
    else yield `${JSON.stringify({ ...cells, statuses: row.statuses, codes: row.codes })}\n`;
  }
}
