/**
 * A few requests, watched: run with `OTEL_DENO=true OTEL_EXPORTER_OTLP_PROTOCOL=console` and the URL of an origin.
 *
 * @module
 */
import { metrics, metricsRegistry } from "../../../monitor/mod.ts";
import { compose, fetchTransport, observe, retry } from "../../../transport/mod.ts";

const [base = ""] = Deno.args;
const registry = metricsRegistry();
using socket = fetchTransport();
const client = observe(compose(socket, retry({ delayMs: 1 }), metrics({ registry })), registry.event);
for (const path of ["/api/v1/models/5?token=hush-hush", "/api/v1/models/6", "/missing"]) {
  await (await client.fetch(new Request(base + path))).bytes();
}
