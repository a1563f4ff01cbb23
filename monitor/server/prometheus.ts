import { version } from "../../transport/mod.ts";
import type { CounterName, CounterSnapshot } from "../metrics/counters.ts";
import type { RegistrySnapshot } from "../metrics/metrics_registry.ts";
import type { SeriesSnapshot } from "../metrics/series.ts";
import type { TransferSnapshot, TransferState } from "../metrics/transfer.ts";
import type { LiveState, LiveTransfer, WorkingProcess } from "../stats/live_transfer.ts";

/** Labels as they are written, without braces; and the value. */
type Sample = readonly [labels: string, value: number];

/** Upper limits in seconds: those of the OpenTelemetry HTTP conventions. */
const limits = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** What each counter is called outside: name, what its label means, help; and its sum: name, help, divisor. */
const counterNames: Readonly<
  Record<CounterName, readonly [name: string, label: string, help: string, sum?: readonly [string, string, number]]>
> = {
  retry: ["retries", "code", "Headers asked for again, by the failure before."],
  resume: ["resumes", "code", "Bodies that broke off and were healed, by the failure."],
  cache: ["cache_lookups", "result", "Answers of the cache, by result."],
  queue: ["queue_waits", "", "Waits for a turn at a host.", [
    "queue_wait_seconds",
    "Time spent waiting for a turn at a host.",
    1000,
  ]],
  limit: ["limit_changes", "", "Changes of a host's allowance.", [
    "limit_pause_seconds",
    "Time hosts were left alone because they asked for it.",
    1000,
  ]],
  circuit: ["circuit_changes", "state", "Changes of a host's circuit, by the new state."],
  redirect: ["redirects", "status", "Redirects followed, by status."],
  resolve: ["resolved_links", "", "Expired links resolved again."],
  dedupe: ["deduplicated_requests", "", "Calls that joined another one under way."],
  fallback: ["range_fallbacks", "", "Ranged answers that could not be trusted."],
  steal: ["stolen_parts", "", "Parts taken over from slow connections.", [
    "stolen_part_bytes",
    "Bytes of the parts taken over.",
    1,
  ]],
  connections: ["connection_changes", "", "Changes of the number of connections of a download."],
  download: ["downloads", "result", "Downloads that ended, by result.", [
    "download_seconds",
    "Time downloads took, added up, by result.",
    1000,
  ]],
  download_error: ["download_failures", "code", "Downloads that failed, by failure."],
  // how often progress was reported says nothing
  download_bytes: ["", "", "", [
    "download_bytes",
    "Bytes that downloads received.",
    1,
  ]],
  memory: ["memory_guard_steps", "direction", "Steps of the memory guard, by direction."],
  null_answer: ["null_answers", "code", "Calls that answered null instead of throwing, by failure."],
};

/** The states of what runs, by their label. */
const states = {
  waiting: ["waiting", "resolving"],
  active: ["active", "downloading"],
  paused: ["paused"],
  verifying: ["verifying"],
} as const satisfies Readonly<Record<string, readonly (TransferState | LiveState)[]>>;

/** Numbers of this process or, with what the table of all processes says, of all. */
export interface PrometheusNumbers extends Omit<RegistrySnapshot, "transfers"> {
  /** Transfers under way. */
  readonly transfers: readonly Pick<TransferSnapshot | LiveTransfer, "state" | "bytesPerSecond" | "endedMs">[];
  /** The processes that transfer; undefined where only this one is known. */
  readonly working?: readonly Pick<WorkingProcess, "rssBytes">[];
  /** Rules that watch the site, by state; undefined where nothing watches. */
  readonly rules?: Readonly<Record<string, number>>;
}

function escapeLabel(text: string): string {
  if (!/[\\\n"]/.test(text)) return text;
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

/** `name="value"` with a comma before it where something is there already; nothing for an empty value. */
function label(name: string, value: string, before = ""): string {
  if (value === "") return before;
  return `${before}${before === "" ? "" : ","}${name}="${escapeLabel(value)}"`;
}

function line(name: string, labels: string, value: number): string {
  return labels === "" ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

/** One metric with its head; nothing at all without samples, so that no series ever starts at a guess. */
function metric(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const full = `civikit_${name}${type === "counter" ? "_total" : ""}`;
  let text = `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n`;
  for (const [labels, value] of samples) text += line(full, labels, value);
  return text;
}

/** A series with its labels as they are written. */
interface Labelled {
  readonly labels: string;
  readonly of: SeriesSnapshot;
}

function durations(series: readonly Labelled[]): string {
  const name = "civikit_http_client_request_duration_seconds";
  if (series.length === 0) return "";
  let text = `# HELP ${name} Time from the request to the headers of its answer; aborted requests left out.\n` +
    `# TYPE ${name} histogram\n`;
  for (const { labels, of: { latency } } of series) {
    const start = `${name}_bucket{${labels},le="`;
    for (const le of limits) text += `${start}${le}"} ${latency.countUpTo(le * 1000)}\n`;
    text += `${start}+Inf"} ${latency.count}\n`;
    text += line(`${name}_sum`, labels, latency.sumMs / 1000) + line(`${name}_count`, labels, latency.count);
  }
  return text;
}

function requests(snapshots: readonly SeriesSnapshot[]): string {
  const series = snapshots.map((of): Labelled => {
    return { labels: label("method", of.method, label("route", of.route, label("host", of.host))), of };
  });
  const each = (pick: (one: SeriesSnapshot) => number): Sample[] => series.map(({ labels, of }) => [labels, pick(of)]);
  const by = (name: string, pick: (one: SeriesSnapshot) => Readonly<Record<string, number>>): Sample[] =>
    series.flatMap(({ labels, of }) =>
      Object.entries(pick(of)).map(([key, count]): Sample => [label(name, key, labels), count])
    );
  return [
    metric("http_client_requests", "counter", "Attempts that ended, aborted ones included.", each((s) => s.requests)),
    metric("http_client_failures", "counter", "Attempts refused or without an answer.", each((s) => s.failed)),
    metric("http_client_aborted", "counter", "Attempts the caller gave up.", each((s) => s.aborted)),
    metric("http_client_answers", "counter", "Answers by status.", by("status", (s) => s.statuses)),
    metric("http_client_errors", "counter", "Failures by error code.", by("code", (s) => s.codes)),
    metric("http_client_announced_bytes", "counter", "Bytes the answers announced.", each((s) => s.bytes)),
    durations(series),
  ].join("");
}

function counters({ counters }: Pick<RegistrySnapshot, "counters">): string {
  const byName = Map.groupBy(counters, ({ name }) => name);
  let text = "";
  for (const [name, [outside, own, help, sum]] of Object.entries(counterNames)) {
    const mine = (byName.get(name as CounterName) ?? []).map((counter) => {
      const host = label("host", counter.host);
      return { labels: own === "" ? host : label(own, counter.label, host), counter };
    });
    const samples = (pick: (of: CounterSnapshot) => number): Sample[] =>
      mine.map(({ labels, counter }) => [labels, pick(counter)]);
    if (outside !== "") text += metric(outside, "counter", help, samples(({ count }) => count));
    if (sum) text += metric(sum[0], "counter", sum[1], samples((counter) => counter.sum / sum[2]));
  }
  return text;
}

/**
 * All numbers of a registry, or of all processes, in the text format of Prometheus (version 0.0.4): base units, counters that end in `_total`,
 * a cumulative histogram, labels escaped.
 *
 * @example
 * ```ts
 * import { metricsRegistry, prometheusText } from "@civikit/civikit/monitor";
 *
 * console.log(prometheusText(metricsRegistry().snapshot()).includes("civikit_build_info")); // true
 * ```
 */
export function prometheusText(snapshot: PrometheusNumbers): string {
  const { memory, transfers, active, series, fromMs, working, rules = {} } = snapshot;
  const running = transfers.filter(({ endedMs }) => endedMs === undefined || endedMs === null);
  const gauge = (name: string, help: string, value: number | undefined) =>
    metric(name, "gauge", help, value === undefined ? [] : [["", value]]);
  return [
    metric("build_info", "gauge", "The version, as a label.", [[
      label("deno", Deno.version.deno, label("version", version)),
      1,
    ]]),
    gauge("start_time_seconds", "When counting began, in seconds since the epoch.", fromMs / 1000),
    gauge("http_client_active_requests", "Requests under way.", active),
    requests(series),
    counters(snapshot),
    metric(
      "transfers",
      "gauge",
      "Transfers under way, by state.",
      Object.entries<readonly string[]>(states).map(([name, those]) => [
        label("state", name),
        running.filter(({ state }) => those.includes(state)).length,
      ]),
    ),
    gauge(
      "transfer_bytes_per_second",
      "Speed of all transfers together.",
      running.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0),
    ),
    metric(
      "watch_rules",
      "gauge",
      "Rules that watch the site, by state.",
      Object.entries(rules).map(([state, count]) => [label("state", state), count]),
    ),
    gauge("processes", "Processes that transfer now.", working?.length),
    gauge(
      "processes_resident_memory_bytes",
      "Resident memory of the processes that transfer now, together.",
      working?.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    ),
    gauge("resident_memory_bytes", "Resident memory.", memory.rssBytes),
    gauge("resident_memory_peak_bytes", "The most resident memory seen.", memory.peakBytes),
    gauge("memory_limit_bytes", "Resident memory the guard allows.", memory.limitBytes),
    gauge("memory_guard_level", "How far the memory guard has stepped down.", memory.level),
  ].join("");
}
