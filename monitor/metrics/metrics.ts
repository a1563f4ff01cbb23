import { codeOfStatus, middlewareOf, readText } from "../../transport/internal.ts";
import { CivikitError, type Classify, type Clock, type ErrorCode, type Middleware } from "../../transport/mod.ts";
import { telemetry } from "./otel.ts";
import type { MetricsRegistry } from "./metrics_registry.ts";

/** Options of {@linkcode metrics}. */
export interface MetricsOptions {
  /** Where the numbers go. */
  registry: MetricsRegistry;
  /** Says what a 401 or 403 means, by the start of its text. Default: the status alone counts. */
  classify?: Classify | undefined;
}

/** Timers of the stack end a request by its signal; to the numbers they are failures, not the caller's wish. */
const timers: ReadonlySet<ErrorCode> = new Set(["header_timeout", "idle_timeout", "total_timeout"]);

/**
 * Counts every attempt: how it ended, how long the headers took, and what the answer announced. Belongs right around the
 * socket (`createTransport({ layers: [metrics({ registry })] })`), where it sees retries and parts one by one.
 *
 * Bodies pass untouched, as the very object the socket made. A body that breaks off later is therefore no failed request;
 * it shows as a `resume` event ({@linkcode MetricsRegistry.event}), and bytes on disk are counted by transfers.
 *
 * Under `OTEL_DENO=true` each attempt is also a span, and durations leave as `http.client.request.duration`, by the
 * OpenTelemetry conventions for HTTP clients.
 *
 * @example
 * ```ts
 * import { compose } from "@civikit/civikit/transport";
 * import { metrics, metricsRegistry } from "@civikit/civikit/monitor";
 *
 * const registry = metricsRegistry();
 * const gone = { fetch: () => Promise.resolve(new Response(null, { status: 410 })) };
 * await compose(gone, metrics({ registry })).fetch(new Request("https://civitai.com/api/v1/models/5"));
 * console.log(registry.snapshot().series[0]?.codes); // { gone: 1 }
 * ```
 */
export function metrics({ registry, classify }: MetricsOptions): Middleware {
  const { clock }: { clock: Clock } = registry;
  const otel = telemetry();

  return middlewareOf(function metrics(ask, next, context) {
    const { method, url } = ask;
    const started = clock.now();
    registry.begin();

    function answered(response: Response): Response | Promise<Response> {
      const durationMs = clock.now() - started;
      const { status } = response;
      if (classify === undefined || (status !== 401 && status !== 403)) return counted(response, durationMs);
      return readText(response.clone(), { signal: ask.signal, clock }).then((text) => {
        const meant = classify(response, text, url);
        return counted(response, durationMs, typeof meant === "object" ? meant.code : meant);
      });
    }

    function counted(response: Response, durationMs: number, meant?: ErrorCode): Response {
      const { status } = response;
      const length = method === "HEAD" ? 0 : Number(response.headers.get("content-length"));
      const bytes = length > 0 ? length : 0;
      const code = status < 400 ? undefined : meant ?? codeOfStatus(status);
      const labels = registry.record({ method, url, durationMs, status, bytes, code, isAborted: false });
      otel?.request(labels, durationMs, status, bytes, code);
      return response;
    }

    function failed(error: unknown): never {
      const durationMs = clock.now() - started;
      const known = error instanceof CivikitError ? error.code : undefined;
      const isAborted = ask.signal?.aborted === true && !(known !== undefined && timers.has(known));
      const code = isAborted ? undefined : known ?? "network_error";
      const labels = registry.record({ method, url, durationMs, status: 0, bytes: 0, code, isAborted });
      otel?.request(labels, durationMs, 0, 0, isAborted ? "aborted" : code);
      throw error;
    }

    try {
      const attempt = otel === undefined ? next(ask, context) : otel.span(method, url, () => next(ask, context));
      return attempt.then(answered, failed);
    } catch (error) {
      return failed(error);
    }
  });
}
