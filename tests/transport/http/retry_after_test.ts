import { assertEquals } from "@std/assert";
import { parseRetryAfter } from "../../../transport/http/retry_after.ts";

const now = Date.UTC(2026, 0, 1);

Deno.test("parseRetryAfter() reads seconds", () => {
  assertEquals(parseRetryAfter("0", now), 0);
  assertEquals(parseRetryAfter("2", now), 2000);
  assertEquals(parseRetryAfter(" 120 ", now), 120_000);
});

Deno.test("parseRetryAfter() measures a date from now, never below 0", () => {
  assertEquals(parseRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now), 60_000);
  assertEquals(parseRetryAfter("Wed, 31 Dec 2025 23:00:00 GMT", now), 0);
});

Deno.test("parseRetryAfter() ignores what is neither", () => {
  for (const value of [null, "", "soon", "-1", "1.5", "2026-01-01T00:00:00Z", "1e3", "0x10", "12 seconds"]) {
    assertEquals(parseRetryAfter(value, now), undefined, String(value));
  }
});

Deno.test("parseRetryAfter() stays finite on absurd numbers", () => {
  assertEquals(parseRetryAfter("9".repeat(400), now), Number.MAX_SAFE_INTEGER);
});
