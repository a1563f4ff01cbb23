import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { analyseErrors, analyseLatency, logLines, logParts, parseLogLine, tailLines } from "../../../monitor/mod.ts";
import { DiskError } from "../../../transport/mod.ts";
import { withFolder } from "../../_support/folder.ts";

const at = (seconds: number) => new Date(Date.parse("2026-03-01T10:00:00Z") + seconds * 1000).toISOString();
const good = (seconds: number, ms: number) =>
  `[http_client] ${at(seconds)} INFO GET https://a.example/x HTTP 200 response_time: ${ms}`;
const bad = (seconds: number, what: string | number) =>
  `[http_client] ${at(seconds)} ERROR HTTP ${what} error for https://a.example/x method: GET response_time: 5`;

Deno.test("analyseLatency() never puts the 95th percentile below the shortest or above the longest time", async () => {
  for (const time of [0, 0.04, 0.3, 7, 100.3, 1234.5, 99_999.9, 5_000_000]) {
    const { min_ms, p95_ms, max_ms } = await analyseLatency([`[http_client] response_time: ${time}`]);
    assert(min_ms <= p95_ms && p95_ms <= max_ms, `${time}: ${min_ms} ${p95_ms} ${max_ms}`);
  }
});

Deno.test("parseLogLine() reads text and JSON, and the lines of the older tool", () => {
  assertEquals(parseLogLine(bad(3, 404)), {
    ...{ atMs: Date.parse(at(3)), level: "ERROR", logger: "http_client", status: 404, code: undefined },
    ...{ url: "https://a.example/x", responseTimeMs: 5, isFailure: true },
  });
  assertEquals(parseLogLine(bad(3, "dns_failed"))?.code, "dns_failed");
  const json = { time: at(1), level: "ERROR", logger: "http_client", message: "HTTP 503 error for https://b/" };
  const entry = parseLogLine(JSON.stringify({ ...json, code: "service_unavailable", response_time: 7.5 }));
  assertEquals([entry?.status, entry?.code, entry?.responseTimeMs, entry?.atMs], [
    ...[503, "service_unavailable", 7.5, Date.parse(at(1))],
  ]);
  assertEquals(parseLogLine("[http_client] HTTP 524 error for https://civitai.com/api")?.status, 524);
  assertEquals(parseLogLine("[http_client] response_time: 120")?.responseTimeMs, 120);
  for (const line of ["", "nonsense", "{broken", "{}", "null", "    at file.ts:3"]) {
    assertEquals(parseLogLine(line)?.isFailure ?? false, false, line);
  }
});

Deno.test("logParts() and logLines() read rotated and gzip files, oldest line first", () =>
  withFolder(async (folder) => {
    const path = join(folder, "http_client.log");
    await Deno.writeFile(`${path}.3.gz`, gzipSync("one\ntwo\n"));
    await Deno.writeFile(`${path}.2`, gzipSync("three\r\n")); // gzip by its bytes, not its name
    await Deno.writeTextFile(`${path}.1`, "four\n\nfive");
    await Deno.writeTextFile(path, "six 模型\n");
    await Deno.writeTextFile(join(folder, "http_client.log.bak"), "no\n");
    await Deno.writeTextFile(join(folder, "other.log"), "no\n");
    const parts = await logParts(path);
    assertEquals(parts.map((part) => part.slice(folder.length + 1)), [
      ...["http_client.log.3.gz", "http_client.log.2", "http_client.log.1", "http_client.log"],
    ]);
    assertEquals(await Array.fromAsync(logLines(parts)), ["one", "two", "three", "four", "five", "six 模型"]);
    assertEquals(await logParts(join(folder, "missing", "x.log")), []);
    assertEquals(await Array.fromAsync(logLines([join(folder, "gone.log")])), []);
    await assertRejects(() => Array.fromAsync(logLines([folder])), DiskError, "reading the log");
  }));

Deno.test("logLines() reads what is whole of a gzip file that was cut off", () =>
  withFolder(async (folder) => {
    const text = Array.from({ length: 5000 }, (_, n) => `line ${n} ${crypto.randomUUID()}`).join("\n");
    const packed = gzipSync(text);
    const path = join(folder, "a.log.gz");
    await Deno.writeFile(path, packed.subarray(0, packed.length >> 1));
    const lines = await Array.fromAsync(logLines([path]));
    assert(lines.length < 5000 && lines.every((line, n) => line.startsWith(`line ${n}`.slice(0, line.length))));
  }));

Deno.test("logLines() takes a million bytes without a line break as one bounded line", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.log");
    await Deno.writeTextFile(path, `${"x".repeat(1_000_000)}\nnext\n`);
    const [long, next, ...rest] = await Array.fromAsync(logLines([path]));
    assert(long!.length < 600_000);
    assertEquals([next, rest], ["next", []]);
  }));

Deno.test("analyseErrors() counts statuses, network trouble and timeouts apart", async () => {
  const lines = [
    ...[good(0, 5), bad(1, 404), bad(2, 404), bad(3, 503), bad(4, "dns_failed"), bad(5, "header_timeout")],
    ...["junk", bad(6, "idle_timeout"), bad(7, "idle_timeout"), bad(8, "connection_reset")],
  ];
  const { latest, ...found } = await analyseErrors(lines, 2);
  assertEquals(found, {
    ...{ lines: 10, failures: 8, by_status: { "404": 2, "503": 1 } },
    ...{ connection: { dns_failed: 1, connection_reset: 1 }, timeout: { header_timeout: 1, idle_timeout: 2 } },
  });
  assertEquals(latest, [bad(7, "idle_timeout"), bad(8, "connection_reset")]);
  assertEquals((await analyseErrors(lines, 0)).latest, []);
});

Deno.test("analyseErrors() stays small whatever codes a file holds", async () => {
  const lines = Array.from({ length: 2000 }, (_, n) => bad(n, `code_${"abcdefghij"[n % 10]}${"x".repeat(n % 35)}`));
  const { connection, failures } = await analyseErrors(lines);
  assert(Object.keys(connection).length <= 101);
  assertEquals(Object.values(connection).reduce((sum, count) => sum + count, 0), failures);
});

Deno.test("analyseLatency() gives mean, extremes, 95th percentile and where they are heading", async () => {
  const rising = await analyseLatency(Array.from({ length: 100 }, (_, n) => good(n * 10, 100 + n)));
  assertEquals([rising.count, rising.avg_ms, rising.min_ms, rising.max_ms], [100, 149.5, 100, 199]);
  assertAlmostEquals(rising.p95_ms, 194, 4);
  assertEquals([rising.trend, rising.trend_percent], ["rising", 66.2]); // 99 of 149.5
  const falling = await analyseLatency(Array.from({ length: 50 }, (_, n) => good(n, 100 - n)));
  assertEquals(falling.trend, "falling");
  const steady = await analyseLatency(Array.from({ length: 50 }, (_, n) => good(n, 100 + n % 2)));
  assertEquals(steady.trend, "steady");
  const few = await analyseLatency([good(0, 1), good(1, 900)]);
  assertEquals([few.trend, few.min_ms, few.max_ms], ["unknown", 1, 900]);
  const none = await analyseLatency(["junk"]);
  assertEquals([none.lines, none.count, none.avg_ms, none.min_ms, none.trend], [1, 0, 0, 0, "unknown"]);
  const undated = await analyseLatency(
    Array.from({ length: 20 }, (_, n) => `[http_client] response_time: ${10 + n * 10}`),
  );
  assertEquals(undated.trend, "rising");
});

Deno.test("tailLines() gives the last lines, however many there are", async () => {
  const lines = Array.from({ length: 5000 }, (_, n) => String(n));
  assertEquals(await tailLines(lines, 3), ["4997", "4998", "4999"]);
  assertEquals(await tailLines(lines.slice(0, 2), 3), ["0", "1"]);
  assertEquals(await tailLines(lines, 0), []);
});
