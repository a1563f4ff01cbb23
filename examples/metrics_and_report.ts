// deno run --allow-net --allow-env=CIVIKIT_BASE_URL examples/metrics_and_report.ts
// deno-lint-ignore-file no-console -- a program: what it prints is what it is for

/** Counts and times every request, and prints a report of them at the end. */
import { civitai, createTransport } from "@civikit/civikit";
import { formatReport, openMonitor, report } from "@civikit/civikit/monitor";

const baseUrl = Deno.env.get("CIVIKIT_BASE_URL") ?? "https://civitai.com";

using monitor = openMonitor(); // with `store: "stats.sqlite"` it is kept, also for `civikit report`
using transport = createTransport({ ...monitor.transport });
const { models } = civitai(transport, { baseUrl, onError: ({ code }) => console.log(code) });
for (const id of [1001, 1002, 404_404]) console.log(id, (await models.getOrNull(id))?.name);
const numbers = report(monitor.registry.snapshot());
console.log(`${numbers.total_requests} requests, ${numbers.error_rate_percent} % failed`);
console.log(formatReport(numbers, "text"));
