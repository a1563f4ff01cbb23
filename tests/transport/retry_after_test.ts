import { assertEquals } from "@std/assert";
import { parseHttpDate, parseRetryAfter } from "../../transport/mod.ts";

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

Deno.test("parseHttpDate() reads the three forms as the same instant, in UTC", () => {
  const expected = Date.UTC(1994, 10, 6, 8, 49, 37);
  for (
    const text of ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
  ) assertEquals(parseHttpDate(text, now), expected, text);
});

Deno.test("parseHttpDate() puts a two-digit year at most 50 years ahead", () => {
  assertEquals(parseHttpDate("Wednesday, 01-Jan-76 00:00:00 GMT", now), Date.UTC(2076, 0, 1));
  assertEquals(parseHttpDate("Saturday, 01-Jan-77 00:00:00 GMT", now), Date.UTC(1977, 0, 1));
});

Deno.test("parseHttpDate() refuses days and hours that do not exist", () => {
  assertEquals(parseHttpDate("Mon, 31 Feb 2026 00:00:00 GMT", now), undefined);
  assertEquals(parseHttpDate("Mon, 02 Feb 2026 24:00:00 GMT", now), undefined);
  assertEquals(parseHttpDate("Mon, 02 Foo 2026 20:00:00 GMT", now), undefined);
  assertEquals(parseHttpDate("Mon, 02 Feb 2026 20:00:00 CET", now), undefined);
});
