import { type ErrorCode, hint, type Locale } from "../../transport/mod.ts";
import type { StatsWindow } from "../metrics/metrics_registry.ts";

/** One kind of failure, with what to do about it. */
export interface ErrorReport {
  /** Stable name of the failure. */
  readonly code: ErrorCode;
  /** Attempts that failed with it. */
  readonly requests: number;
  /** Downloads that ended with it. */
  readonly downloads: number;
  /** Bodies that broke off with it and were healed. */
  readonly healed: number;
  /** Hosts where attempts failed with it, most failures first. */
  readonly hosts: readonly string[];
  /** The symptom. */
  readonly title: string;
  /** Why it happens. */
  readonly cause: string;
  /** What to do now. */
  readonly action: string;
}

/** The kinds of failure of a span of time, most frequent first. */
export function errorReports({ series, counters }: StatsWindow, locale: Locale): ErrorReport[] {
  const found = new Map<
    ErrorCode,
    { requests: number; downloads: number; healed: number; hosts: Map<string, number> }
  >();
  const entry = (code: string) => {
    let known = found.get(code as ErrorCode);
    if (known === undefined) {
      known = { requests: 0, downloads: 0, healed: 0, hosts: new Map() };
      found.set(code as ErrorCode, known);
    }
    return known;
  };
  for (const { host, codes } of series) {
    for (const [code, count] of Object.entries(codes)) {
      const of = entry(code);
      of.requests += count;
      of.hosts.set(host, (of.hosts.get(host) ?? 0) + count);
    }
  }
  for (const { name, label, count } of counters) {
    if (name === "resume") entry(label).healed += count;
    if (name === "download_error") entry(label).downloads += count;
  }
  return [...found].map(([code, { hosts, ...counts }]) => ({
    code,
    ...counts,
    hosts: [...hosts].sort((a, b) => b[1] - a[1]).map(([host]) => host),
    ...hintOf(code, locale),
  })).sort((a, b) => b.requests + b.downloads - a.requests - a.downloads || b.healed - a.healed);
}

/** A store may hold codes of another version of civikit. */
function hintOf(code: ErrorCode, locale: Locale): { title: string; cause: string; action: string } {
  try {
    return hint(code, locale);
  } catch {
    return { title: code, cause: "", action: "" };
  }
}
