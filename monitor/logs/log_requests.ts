import type { Logs } from "./log.ts";
import type { MetricsRegistry, RequestSample } from "../metrics/metrics_registry.ts";
import type { MonitorEvent } from "../metrics/event_bus.ts";

function logRequest({ httpClient }: Logs, sample: RequestSample): void {
  const { method, url, outcome, status, code, durationMs } = sample;
  const fields = { response_time: Math.round(durationMs * 10) / 10 };
  if (outcome === "ok") httpClient.info(`${method} ${url} HTTP ${status}`, fields);
  else if (outcome === "aborted") httpClient.info(`${method} ${url} aborted`, fields);
  else httpClient.error(`HTTP ${status || code} error for ${url}`, { method, code, ...fields });
}

function logEvent({ httpClient, application }: Logs, event: MonitorEvent): void {
  if (event.type === "transport") {
    const { type, ...facts } = event.event;
    const fields = { call: event.call, ...facts };
    if (type === "retry" || type === "resume" || type === "circuit" || type === "limit") httpClient.warn(type, fields);
    else if (type === "download") application.debug(type, fields);
    else httpClient.debug(type, fields);
  } else if (event.type === "transfer") {
    const { name, state, bytes, totalBytes, code } = event.transfer;
    const fields = { bytes, totalBytes, code };
    if (state === "failed") application.error(`download "${name}" failed`, fields);
    else application.info(`download "${name}" ${state}`, fields);
  } else if (event.type === "target") {
    const { kind, url, state, files, code } = event;
    if (code === null) application.info(`told ${kind} at ${url} of new files`);
    else application.warn(`telling ${kind} at ${url}: ${state}`, { files, code });
  } else if (event.type === "memory") {
    const { rssBytes, level, parallel, pieceBytes } = event.memory;
    application.warn(`memory guard: ${event.direction}`, { rssBytes, level, parallel, pieceBytes });
  }
}

/**
 * Writes what a registry sees to the logs: each attempt with its `response_time` in milliseconds, failures as
 * `HTTP 404 error for URL` (or the error code, where there was no answer), retries, resumes, downloads and the steps of
 * the memory guard; at the level DEBUG also what the cache said, redirects, waits, connections and every other decision.
 *
 * @returns What ends it.
 * @example
 * ```ts
 * import { logRequests, metricsRegistry, openLogs } from "@civikit/civikit/monitor";
 *
 * const folder = await Deno.makeTempDir();
 * using logs = openLogs({ folder });
 * const stop = logRequests(metricsRegistry(), logs);
 * stop();
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function logRequests(registry: MetricsRegistry, logs: Logs): () => void {
  const stopRequests = registry.onRequest((sample) => logRequest(logs, sample));
  const stopEvents = registry.events.subscribe((event) => logEvent(logs, event));
  return () => {
    stopRequests();
    stopEvents();
  };
}
