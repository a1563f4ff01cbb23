import { assert, assertEquals } from "@std/assert";
import { type Attempt, formatReport, type LiveTransfer, metricsRegistry, report } from "../../../monitor/mod.ts";
import { fakeClock } from "../../_support/clock.ts";

const api = "https://civitai.com/api/v1/models/5";
const attempt = (more: Partial<Attempt> = {}): Attempt => ({
  ...{ method: "GET", url: api, durationMs: 100, status: 200, bytes: 1024 * 1024, code: undefined, isAborted: false },
  ...more,
});

async function busyRegistry() {
  const clock = fakeClock("2026-03-01T10:00:00Z");
  const registry = metricsRegistry({ clock });
  for (let n = 0; n < 90; n++) registry.record(attempt());
  for (let n = 0; n < 6; n++) registry.record(attempt({ status: 404, code: "not_found", bytes: 0, durationMs: 200 }));
  for (let n = 0; n < 3; n++) {
    const url = "https://b2.example/f.safetensors";
    registry.record(attempt({ url, status: 0, code: "connect_failed", bytes: 0, durationMs: 1000 }));
  }
  registry.record(attempt({ status: 0, isAborted: true, durationMs: 9e6 }));
  // what a download announced is not counted, what it wrote is
  registry.record(attempt({ url: "https://b2.example/f.safetensors", status: 206, bytes: 1e9 }));
  registry.count("download_bytes", "", "", 10 * 1024 * 1024);
  registry.count("download", "", "finished", 4000);
  registry.count("download", "", "failed", 1000);
  registry.count("download_error", "", "hash_mismatch");
  registry.event({ type: "retry", url: api, attempt: 2, delayMs: 1, code: "bad_gateway", status: 502 }, "1");
  registry.event(
    { type: "resume", url: "https://b2.example/f", receivedBytes: 1, attempt: 1, code: "connection_reset" },
    "1",
  );
  for (const result of ["hit", "hit", "stale", "miss", "bypass"] as const) {
    registry.event({ type: "cache", url: api, result }, "1");
  }
  registry.event({ type: "queue", host: "civitai.com", waitMs: 12.34 }, "1");
  await clock.advance(120_000);
  return registry;
}

Deno.test("report() says everything about a span, in numbers that can be checked by hand", async () => {
  const { memory, ...found } = report((await busyRegistry()).snapshot());
  assertEquals(
    [found.from, found.to, found.uptime_seconds],
    ["2026-03-01T10:00:00.000Z", "2026-03-01T10:02:00.000Z", 120],
  );
  assertEquals([found.total_requests, found.failed_requests, found.aborted_requests], [101, 9, 1]);
  // six answers of «not found» say nothing against the network
  assertEquals([found.error_rate_percent, found.success_rate_percent], [3, 97]);
  assertEquals(found.avg_response_time_ms, 133); // (91 * 100 + 6 * 200 + 3 * 1000) / 100
  assert(Math.abs(found.p50_response_time_ms - 100) <= 2);
  assertEquals(found.max_response_time_ms, 1000);
  assert(Math.abs(found.p95_response_time_ms - 200) <= 4 && Math.abs(found.p99_response_time_ms - 1000) <= 20);
  assertEquals([found.requests_per_minute, found.megabytes], [50.5, 100]);
  assertEquals(found.mean_mbps, 6.99); // 100 MiB in 120 s
  assertEquals(found.downloads, {
    ...{ finished: 1, failed: 1, cancelled: 0, skipped: 0, megabytes: 10 },
    mean_mbps: 16.78, // 10 MiB in 5 s
  });
  assertEquals(found.cache, { hits: 2, stale: 1, revalidated: 0, misses: 1, bypassed: 1, hit_rate_percent: 75 });
  assertEquals([found.retries, found.resumes, found.queue], [1, 1, { waits: 1, wait_ms: 12.3 }]);
  assertEquals(found.statuses, { "200": 90, "206": 1, "404": 6 });
  assertEquals(found.verdicts.response_time.level, "good");
  assertEquals(found.verdicts.error_rate.level, "good");
  assertEquals(
    found.hosts.map(({ host, total_requests, failed_requests, retries, resumes }) => [
      ...[host, total_requests, failed_requests, retries, resumes],
    ]),
    [["civitai.com", 97, 6, 1, 0], ["b2.example", 4, 3, 0, 1]],
  );
  assertEquals(found.routes.map(({ route, total_requests }) => [route, total_requests]), [
    ["/api/v1/models/:id", 97],
    ["file", 4],
  ]);
  assertEquals(
    found.errors.map(({ code, requests, downloads, healed, hosts }) => [code, requests, downloads, healed, hosts]),
    [
      ["not_found", 6, 0, 0, ["civitai.com"]],
      ["connect_failed", 3, 0, 0, ["b2.example"]],
      ["hash_mismatch", 0, 1, 0, []],
      ["connection_reset", 0, 0, 1, []],
    ],
  );
  assert(found.errors.every(({ title, cause, action }) => title && cause && action));
  assert(memory !== null && memory.rss_mb > 1 && memory.limit_mb === null);
});

Deno.test("report() of nothing divides by nothing and judges nothing", () => {
  const found = report(metricsRegistry({ clock: fakeClock() }).snapshot());
  assertEquals([found.total_requests, found.error_rate_percent, found.requests_per_minute], [0, 0, 0]);
  assertEquals([found.verdicts.error_rate.level, found.verdicts.response_time.level], ["unknown", "unknown"]);
  assertEquals(found.advice, []);
  assert(!JSON.stringify(found).includes("null,") || found.memory !== null);
});

Deno.test("report() takes codes of another version as they are", () => {
  const registry = metricsRegistry();
  registry.count("download_error", "", "code_of_tomorrow");
  assertEquals(report(registry.snapshot()).errors.map(({ code, title }) => [String(code), title]), [
    ["code_of_tomorrow", "code_of_tomorrow"],
  ]);
});

Deno.test("formatReport() is a table, Markdown or JSON, in two languages", async () => {
  const stats = (await busyRegistry()).snapshot();
  const english = report(stats);
  const chinese = report(stats, { locale: "zh-TW" });
  const text = formatReport(english);
  assert(/error rate +3\.00% · good\n/.test(text), text);
  assert(/civitai\.com +97 +6 +0\.00/.test(text), text);
  assert(/not_found +6 \/ 0 \/ 0 +Not found/.test(text), text);
  assertEquals(JSON.parse(formatReport(english, "json")), JSON.parse(JSON.stringify(english)));
  const markdown = formatReport(chinese, "markdown", "zh-TW");
  assert(markdown.startsWith("# civikit 報告\n\n## 下載\n\n|  |  |\n| --- | --- |\n| 檔案數 |"), markdown);
  assert(markdown.includes("3.00% · 良好") && markdown.includes("| not\\_found | 6 / 0 / 0 | 找不到 |"), markdown);
  const rows = markdown.split("\n").filter((line) => line.startsWith("|"));
  assert(rows.every((row) => row.endsWith("|")));
});

Deno.test("report() names the files of its span first: when, what, where, how fast", () => {
  const clock = fakeClock("2026-03-01T10:00:00Z");
  const registry = metricsRegistry({ clock });
  const file = (id: string, endedMs: number, more: Partial<LiveTransfer> = {}): LiveTransfer => ({
    ...{ id, process: { pid: 1, startedMs: 0, command: "download", isAlive: false }, path: `/m/${id}.safetensors` },
    ...{ reference: "2002", state: "done", bytes: 3 * 1024 ** 2, totalBytes: null, bytesPerSecond: 1024 ** 2 },
    ...{ why: null, againMs: null, retries: 0, startedMs: endedMs - 3000, changedMs: endedMs, endedMs },
    ...{ verdict: "verified", ...more },
  });
  const now = clock.date();
  const transfers = [
    file("good", now),
    file("bad", now, { state: "failed", verdict: "failed", why: "hash_mismatch" }),
    file("old", now - 1),
  ];
  const found = report(registry.snapshot(), { transfers });
  assertEquals(found.transfers.map(({ path, verdict, code }) => [path, verdict, code]), [
    ["/m/good.safetensors", "verified", null],
    ["/m/bad.safetensors", "failed", "hash_mismatch"],
  ]);
  assertEquals([found.transfers[0]!.seconds, found.transfers[0]!.bytes_per_second], [3, 1024 ** 2]);
  const text = formatReport(found);
  assert(text.startsWith("Downloads\n"), text);
  assert(/2026-03-01 10:00:00 +3\.0 MB +3 s +1\.0 MB\/s +verified +\/m\/good\.safetensors\n/.test(text), text);
  assert(/ hash_mismatch +\/m\/bad\.safetensors\n/.test(text), text);
  assert(formatReport(found, "text", "zh-TW").includes("已驗證"));
  // no line is wider than asked for but by the last cell, whole, on a line of its own; narrower still, a line a cell
  const narrow = formatReport(found, "text", "en", 72);
  assert(/ verified\n {4}\/m\/good\.safetensors\n/.test(narrow), narrow);
  const narrowest = formatReport(found, "text", "en", 40);
  assert(narrowest.includes("  result  verified\n  file    /m/good.safetensors\n\n  when    2026-03-01"), narrowest);
});

Deno.test("formatReport(): a host's name cannot break out of its cell", () => {
  const registry = metricsRegistry();
  registry.record(attempt({ url: "https://a|b<img src=x>.example/" }));
  const markdown = formatReport(report(registry.snapshot()), "markdown");
  assert(markdown.includes("a\\|b\\<img src=x\\>.example"), markdown);
});
