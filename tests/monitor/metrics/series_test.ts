import { assertEquals } from "@std/assert";
import { Histogram, type RequestTotals } from "../../../monitor/mod.ts";
import { add, announcedBytes, since } from "../../../monitor/metrics/series.ts";

/** Totals of attempts that took `times`, all with `status`. */
function totals(times: number[], rest: Partial<RequestTotals> = {}): RequestTotals {
  const latency = new Histogram();
  for (const ms of times) latency.record(ms);
  const statuses = times.length > 0 ? { "200": times.length } : {};
  return { requests: times.length, failed: 0, aborted: 0, bytes: 0, statuses, codes: {}, latency, ...rest };
}

/** What can be compared of totals. */
const plain = ({ latency, ...rest }: RequestTotals) => ({ ...rest, count: latency.count, sumMs: latency.sumMs });

Deno.test("add(): six numbers, each added up by its own kind", () => {
  const one = totals([10, 20], { failed: 1, bytes: 5, codes: { gone: 1 }, statuses: { "200": 1, "410": 1 } });
  const other = totals([30], { aborted: 2, bytes: 7, codes: { gone: 2, dns_failed: 1 }, statuses: { "410": 1 } });
  assertEquals(plain(add([one, other])), {
    requests: 3,
    failed: 1,
    aborted: 2,
    bytes: 12,
    statuses: { "200": 1, "410": 2 },
    codes: { gone: 3, dns_failed: 1 },
    count: 3,
    sumMs: 60,
  });
  assertEquals([one.requests, one.codes, one.latency.count], [2, { gone: 1 }, 2], "what was added has changed");
  assertEquals(plain(add([])), plain(totals([])));
});

Deno.test("since(): what was added to a sum is what came since", () => {
  const before = totals([10, 20], { failed: 1, bytes: 5, codes: { gone: 1 } });
  const fresh = totals([30], { aborted: 1, bytes: 7, codes: { dns_failed: 1 } });
  assertEquals(plain(since(add([before, fresh]), before)), plain(fresh));
  assertEquals(plain(since(before, before)), plain(totals([])));
  assertEquals(since(before, undefined), before);
});

Deno.test("since(): keeps the names of a series", () => {
  const series = { host: "h", route: "image", method: "GET", ...totals([10]) };
  const { host, route, method, requests } = since(series, totals([]));
  assertEquals([host, route, method, requests], ["h", "image", "GET", 1]);
});

Deno.test("announcedBytes(): what downloads bring is counted as it is written, not as it was announced", () => {
  const routes = ["/api/v1/models", "image", "file", "/api/download/:id"];
  assertEquals(routes.map((route) => announcedBytes([{ route, bytes: 3 }])), [3, 3, 0, 0]);
});
