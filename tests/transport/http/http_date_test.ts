import { assertEquals } from "@std/assert";
import { parseHttpDate } from "../../../transport/internal.ts";

const now = Date.parse("2026-03-01T12:00:00Z");
const at = Date.UTC(1994, 10, 6, 8, 49, 37);

Deno.test("RFC 9110 5.6.7: parseHttpDate() reads the three forms of a date", () => {
  assertEquals(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", now), at);
  assertEquals(parseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT", now), at);
  assertEquals(parseHttpDate("Sun Nov  6 08:49:37 1994", now), at);
});

Deno.test("RFC 9110 5.6.7: a two-digit year more than 50 years ahead lies in the past century", () => {
  assertEquals(parseHttpDate("Friday, 01-Jan-75 00:00:00 GMT", now), Date.UTC(2075, 0, 1));
  assertEquals(parseHttpDate("Wednesday, 01-Jan-76 00:00:00 GMT", now), Date.UTC(2076, 0, 1));
  assertEquals(parseHttpDate("Saturday, 01-Jan-77 00:00:00 GMT", now), Date.UTC(1977, 0, 1));
});

Deno.test("RFC 9111 4.2: parseHttpDate() takes any case, and no zone but GMT", () => {
  assertEquals(parseHttpDate("sun, 06 nov 1994 08:49:37 gmt", now), at);
  assertEquals(parseHttpDate("Sun, 06 Nov 1994 08:49:37 PST", now), undefined);
  assertEquals(parseHttpDate("Sun, 06 Nov 1994 08:49:37 +0000", now), undefined);
  assertEquals(parseHttpDate("Sun, 06 Nov 1994 08:49:37", now), undefined);
});

Deno.test("RFC 9111 5.3: parseHttpDate() refuses what is no date", () => {
  for (const text of ["0", "-1", "", "never", "Sun, 31 Feb 2026 00:00:00 GMT", "Sun, 06 Nov 1994 25:00:00 GMT"]) {
    assertEquals(parseHttpDate(text, now), undefined, text);
  }
  assertEquals(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", now), undefined);
  assertEquals(parseHttpDate(null, now), undefined);
});

Deno.test("RFC 9110 5.6.7: parseHttpDate() refuses days, hours, months and zones that do not exist", () => {
  assertEquals(parseHttpDate("Mon, 31 Feb 2026 00:00:00 GMT", now), undefined);
  assertEquals(parseHttpDate("Mon, 02 Feb 2026 24:00:00 GMT", now), undefined);
  assertEquals(parseHttpDate("Mon, 02 Foo 2026 20:00:00 GMT", now), undefined);
  assertEquals(parseHttpDate("Mon, 02 Feb 2026 20:00:00 CET", now), undefined);
});
