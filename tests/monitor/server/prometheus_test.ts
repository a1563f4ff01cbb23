// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals } from "@std/assert";
import { metrics, metricsRegistry, prometheusText, report } from "../../../monitor/mod.ts";
import { compose, observe, retry } from "../../../transport/mod.ts";
import { randomFrom } from "../../_origin/mod.ts";
import { serve } from "./_served.ts";
import { attempt, stageTransfers, traffic } from "./_stage.ts";
import { freePort } from "../../_support/free_port.ts";

function has(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

const hasPromtool = has("promtool");
const hasPrometheus = has("prometheus");
if (!hasPromtool || !hasPrometheus) console.log("prometheus is not installed: the tests that need it are skipped");

/** A registry with something of everything in it. */
function busyRegistry() {
  const registry = metricsRegistry();
  const random = randomFrom(3);
  for (let second = 0; second < 60; second++) traffic(registry, random, 1);
  stageTransfers(registry)();
  const url = "https://civitai.com/a";
  const host = "civitai.com";
  registry.event({ type: "queue", host, waitMs: 1500 }, "1");
  registry.event({ type: "limit", host, limit: 2, pauseMs: 4000 }, "1");
  registry.event({ type: "circuit", host, state: "open" }, "1");
  registry.event({ type: "redirect", from: url, to: url, status: 307 }, "1");
  registry.event({ type: "steal", url, from: 5, bytes: 1000 }, "1");
  registry.event({ type: "resolve", url }, "1");
  registry.event({ type: "dedupe", url }, "1");
  registry.event({ type: "fallback", url, reason: "x" }, "1");
  registry.event({ type: "connections", url, connections: 4, reason: "x" }, "1");
  registry.count("memory", "", "lower");
  registry.setMemory({ limitBytes: 3e8, level: 1 });
  return registry;
}

/** The value of one line. */
function valueOf(text: string, start: string): number {
  const found = text.split("\n").find((line) => line.startsWith(`${start} `));
  assert(found !== undefined, `${start} is not there`);
  return Number(found.slice(start.length + 1));
}

Deno.test("prometheusText() writes base units and totals that agree with the report", () => {
  const registry = metricsRegistry();
  const url = "https://civitai.com/api/v1/models";
  for (const durationMs of [4, 40, 400, 4000]) attempt(registry, url, { durationMs });
  attempt(registry, url, { durationMs: 40, status: 503, code: "service_unavailable" });
  registry.event({ type: "queue", host: "civitai.com", waitMs: 1500 }, "1");
  const text = prometheusText(registry.snapshot());
  const labels = 'host="civitai.com",route="/api/v1/models",method="GET"';
  assertEquals(valueOf(text, `civikit_http_client_requests_total{${labels}}`), 5);
  assertEquals(valueOf(text, `civikit_http_client_failures_total{${labels}}`), 1);
  assertEquals(valueOf(text, `civikit_http_client_answers_total{${labels},status="503"}`), 1);
  assertEquals(valueOf(text, `civikit_http_client_errors_total{${labels},code="service_unavailable"}`), 1);
  const duration = "civikit_http_client_request_duration_seconds";
  const buckets = [0.005, 0.025, 0.05, 0.5, 2.5, 5, "+Inf"].map((le) =>
    valueOf(text, `${duration}_bucket{${labels},le="${le}"}`)
  );
  assertEquals(buckets, [1, 1, 3, 4, 4, 5, 5]);
  assertEquals(valueOf(text, `${duration}_count{${labels}}`), 5);
  assert(Math.abs(valueOf(text, `${duration}_sum{${labels}}`) - 4.484) < 1e-9);
  assertEquals(valueOf(text, 'civikit_queue_wait_seconds_total{host="civitai.com"}'), 1.5);
});

Deno.test("prometheusText() escapes what labels may hold", () => {
  const registry = metricsRegistry({ route: () => 'a\\b"c\nd' });
  attempt(registry, "https://civitai.com/");
  const text = prometheusText(registry.snapshot());
  assert(text.includes(String.raw`route="a\\b\"c\nd",method="GET"} 1`), text);
});

Deno.test({
  name: "/metrics passes promtool check metrics, empty and busy",
  ignore: !hasPromtool,
  async fn() {
    const odd = metricsRegistry({ route: () => 'a\\b"c\nd 模型' });
    attempt(odd, "https://civitai.com/");
    for (const registry of [metricsRegistry(), busyRegistry(), odd]) {
      await using served = serve({ registry });
      const response = await served.get("/metrics");
      assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
      const child = new Deno.Command("promtool", {
        args: ["check", "metrics"],
        ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new Uint8Array(await response.arrayBuffer()));
      await writer.close();
      const { code, stdout, stderr } = await child.output();
      const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
      assertEquals([code, said], [0, ""]);
    }
  },
});

Deno.test({
  name: "a real Prometheus scrapes /metrics with the token, and its queries give the report's totals",
  ignore: !hasPrometheus,
  async fn() {
    const registry = busyRegistry();
    const token = "correct-horse-battery-staple";
    let calls = 0;
    const origin = { fetch: () => Promise.resolve(new Response(null, { status: ++calls % 3 === 0 ? 200 : 503 })) };
    const client = observe(compose(origin, retry({ delayMs: 1 }), metrics({ registry })), registry.event);
    for (let i = 0; i < 4; i++) await client.fetch(new Request("https://civitai.com/api/v1/tags"));
    await using served = serve({ registry, token });
    const folder = await Deno.makeTempDir({ prefix: "civikit_prometheus_" });
    const port = freePort();
    await Deno.writeTextFile(`${folder}/token`, token);
    await Deno.writeTextFile(
      `${folder}/config.yml`,
      `scrape_configs:
  - job_name: civikit
    scrape_interval: 3s
    scrape_timeout: 3s
    authorization: { credentials_file: ${folder}/token }
    static_configs: [{ targets: ["127.0.0.1:${served.port}"] }]
`,
    );
    const child = new Deno.Command("prometheus", {
      args: [
        ...[`--config.file=${folder}/config.yml`, `--storage.tsdb.path=${folder}/data`, "--log.level=error"],
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      ...{ stdout: "null", stderr: "null" },
    }).spawn();
    const query = async (expression: string): Promise<number | undefined> => {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`);
        const { data } = await response.json();
        return data?.result[0] === undefined ? undefined : Number(data.result[0].value[1]);
      } catch {
        return undefined; // not up yet
      }
    };
    try {
      const deadline = performance.now() + 60_000;
      while (await query("civikit_start_time_seconds") === undefined) {
        assert(performance.now() < deadline, "Prometheus scraped nothing");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const found = report(registry.snapshot());
      const total = async (name: string) => await query(`sum(civikit_${name})`) ?? 0;
      assertEquals(await query("up"), 1);
      assertEquals(await total("http_client_requests_total"), found.total_requests);
      assertEquals(await total("http_client_failures_total"), found.failed_requests);
      assertEquals(await total("http_client_errors_total"), found.failed_requests);
      assertEquals(await total("retries_total"), found.retries);
      assertEquals(await total("resumes_total"), found.resumes);
      assertEquals(await query('sum(civikit_cache_lookups_total{result="hit"})'), found.cache.hits);
      assertEquals(await query('sum(civikit_downloads_total{result="failed"})'), found.downloads.failed);
      for (const [status, count] of Object.entries(found.statuses)) {
        assertEquals(await query(`sum(civikit_http_client_answers_total{status="${status}"})`), count, status);
      }
      const duration = "civikit_http_client_request_duration_seconds";
      const mean = await query(`sum(${duration}_sum) / sum(${duration}_count)`);
      assert(Math.abs(mean! * 1000 - found.avg_response_time_ms) < 0.06, `${mean}`);
    } finally {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    }
  },
});
