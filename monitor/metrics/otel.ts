import type { Attributes, Span } from "@opentelemetry/api";
import { hostOf, redactUrl } from "../../transport/internal.ts";
import { CivikitError, version } from "../../transport/mod.ts";
import { type AttemptLabels, methodLabel, routeOf } from "./labels.ts";

/** What leaves through OpenTelemetry. */
export interface Telemetry {
  /** Runs an attempt within a span of its own; the platform's span of the socket becomes its child. */
  span(method: string, url: string, attempt: () => Promise<Response>): Promise<Response>;
  /** Records an attempt that ended; `code` where it failed. */
  request(labels: AttemptLabels, durationMs: number, status: number, bytes: number, code: string | undefined): void;
  /** Records what a layer reported. */
  count(name: string, host: string, label: string): void;
}

// Deno registers its providers here, and only with OTEL_DENO=true; reading the variable itself would take a permission.
const isOn = Symbol.for("opentelemetry.js.api.1") in globalThis;
const api = isOn ? await import("@opentelemetry/api") : undefined;

/** Boundaries in seconds that the conventions give for `http.client.request.duration`. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const sizeBoundaries = [0, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

function serverOf(host: string): Attributes {
  if (host === "") return {};
  const { hostname, port } = URL.parse(`http://${host}`) ?? { hostname: host, port: "" };
  return { "server.address": hostname, ...(port !== "" && { "server.port": Number(port) }) };
}

function outcomeOf(status: number, code: string | undefined): Attributes {
  return {
    ...(status !== 0 && { "http.response.status_code": status }),
    // the conventions want the status as the type of an error that is one
    ...(code !== undefined && { "error.type": status !== 0 ? String(status) : code }),
  };
}

/**
 * Metrics and spans by the OpenTelemetry conventions for HTTP clients; undefined where Deno was started without
 * `OTEL_DENO=true`, and then the package is not even loaded.
 */
export function telemetry(): Telemetry | undefined {
  if (api === undefined) return undefined;
  const { metrics, SpanKind, SpanStatusCode, trace } = api;
  const meter = metrics.getMeter("civikit", version);
  const tracer = trace.getTracer("civikit", version);
  const durations = meter.createHistogram("http.client.request.duration", {
    unit: "s",
    description: "Duration of HTTP client requests, to the answer's headers.",
    advice: { explicitBucketBoundaries: boundaries },
  });
  const sizes = meter.createHistogram("http.client.response.body.size", {
    unit: "By",
    description: "Size of response bodies as announced by Content-Length.",
    advice: { explicitBucketBoundaries: sizeBoundaries },
  });
  const events = meter.createCounter("civikit.client.events", {
    unit: "{event}",
    description: "Retries, resumes, cache answers and whatever else the layers report.",
  });

  function endSpan(span: Span, status: number, error?: unknown): void {
    const code = error instanceof CivikitError ? error.code : error === undefined ? undefined : "network_error";
    const isError = error !== undefined || status >= 400;
    span.setAttributes(outcomeOf(status, isError ? code ?? String(status) : undefined));
    if (isError) span.setStatus({ code: SpanStatusCode.ERROR, ...(code !== undefined && { message: code }) });
    span.end();
  }

  return {
    span(method, url, attempt) {
      const route = routeOf(url);
      const attributes: Attributes = {
        "http.request.method": methodLabel(method),
        "url.full": redactUrl(url),
        "url.template": route,
        ...serverOf(hostOf(url)),
      };
      const name = `${methodLabel(method)} ${route}`;
      return tracer.startActiveSpan(name, { kind: SpanKind.INTERNAL, attributes }, async (span) => {
        try {
          const response = await attempt();
          endSpan(span, response.status);
          return response;
        } catch (error) {
          endSpan(span, 0, error);
          throw error;
        }
      });
    },
    request({ host, route, method }, durationMs, status, bytes, code) {
      const attributes: Attributes = {
        "http.request.method": method,
        "url.template": route,
        ...serverOf(host),
        ...outcomeOf(status, code),
      };
      durations.record(durationMs / 1000, attributes);
      if (bytes > 0) sizes.record(bytes, attributes);
    },
    count(name, host, label) {
      events.add(1, { "civikit.event": name, ...(label !== "" && { "civikit.label": label }), ...serverOf(host) });
    },
  };
}
