import type { TransportEvent } from "../../transport/mod.ts";
import type { MetricsRegistry } from "./metrics_registry.ts";

/**
 * A listener for `observe` and for the `report` of `createTransport`: counts retries, resumes, cache answers, waits and
 * the rest of what layers report, and hands each event on.
 *
 * Give it to one of the two, not to both: an event heard twice is counted twice. Downloads are watched by
 * `registry.transfers.track`, which counts other things, so the two go together.
 *
 * @example
 * ```ts
 * import { compose, observe, retry } from "@civikit/civikit/transport";
 * import { metricsRegistry, recordEvents } from "@civikit/civikit/monitor";
 *
 * const registry = metricsRegistry();
 * let calls = 0;
 * const shaky = { fetch: () => Promise.resolve(new Response(null, { status: ++calls < 2 ? 503 : 200 })) };
 * const client = observe(compose(shaky, retry({ delayMs: 1 })), recordEvents(registry));
 * await client.fetch(new Request("https://civitai.com/api/v1/models/5"));
 * console.log(registry.snapshot().counters[0]?.label); // service_unavailable
 * ```
 */
export function recordEvents(registry: MetricsRegistry): (event: TransportEvent, call: string) => void {
  return registry.event;
}
