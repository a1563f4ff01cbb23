import { assertEquals, assertStrictEquals } from "@std/assert";
import { parseCacheControl } from "../../cache/cache_control.ts";

Deno.test("RFC 9111 5.2: parseCacheControl() reads names in any case, and skips what it does not know", () => {
  const { maxAgeMs, public: isPublic, noStore } = parseCacheControl(`foo="a, no-store", MAX-age=60,, Public , x=y`);
  assertEquals([maxAgeMs, isPublic, noStore], [60_000, true, false]);
});

Deno.test("RFC 9111 1.2.2: a lifetime too large for 31 bits counts as 2^31 seconds", () => {
  assertEquals(parseCacheControl("max-age=99999999999999999999").maxAgeMs, 2 ** 31 * 1000);
});

Deno.test("RFC 9111 5.2.2: arguments count with and without quotes", () => {
  assertEquals(parseCacheControl(`max-age="60"`).maxAgeMs, 60_000);
  assertEquals(parseCacheControl(`s-maxage="6\\0"`).sMaxageMs, 60_000);
});

Deno.test("RFC 9111 4.2.1: a lifetime that is malformed counts as 0", () => {
  for (
    const text of ["max-age=", "max-age", "max-age=-1", "max-age=1.5", "max-age=1a", "max-age='60'", "max-age =60"]
  ) {
    assertEquals(parseCacheControl(text).maxAgeMs, 0, text);
  }
  assertEquals(parseCacheControl("max-age= 60").maxAgeMs, 0);
});

Deno.test("RFC 9111 4.2.1: two lifetimes that disagree count as 0, two that agree as one", () => {
  assertEquals(parseCacheControl("max-age=60, max-age=90").maxAgeMs, 0);
  assertEquals(parseCacheControl("max-age=90, max-age=60").maxAgeMs, 0);
  assertEquals(parseCacheControl("max-age=60, MAX-AGE=60").maxAgeMs, 60_000);
});

Deno.test("RFC 9111 5.2.2.4: no-cache with field names is not no-cache, with nonsense it is", () => {
  const named = parseCacheControl(`no-cache="Set-Cookie, X-A"`);
  assertEquals([named.noCache, named.noCacheFields], [false, ["set-cookie", "x-a"]]);
  for (const text of ["no-cache", `no-cache=""`, `no-cache="a b"`, `no-cache="a`, "no-cache="]) {
    assertEquals(parseCacheControl(text).noCache, true, text);
  }
  assertEquals(parseCacheControl(`no-cache="a", no-cache`).noCache, true);
});

Deno.test("RFC 9111 5.2.2.7: private with field names concerns these fields, with nonsense everything", () => {
  assertEquals(parseCacheControl(`private="x-a"`).privateFields, ["x-a"]);
  assertEquals(parseCacheControl(`private="x-a"`).private, false);
  assertEquals(parseCacheControl(`private="a b"`).private, true);
});

Deno.test("RFC 9111 5.2: a quoted string that never ends hides the directives in it", () => {
  assertEquals(parseCacheControl(`no-cache="a, max-age=60`).maxAgeMs, undefined);
});

Deno.test("RFC 9111 5.2.1: max-stale needs no value; min-fresh without sense can never be met", () => {
  assertEquals(parseCacheControl("max-stale").maxStaleMs, Infinity);
  assertEquals(parseCacheControl("max-stale=5").maxStaleMs, 5000);
  assertEquals(parseCacheControl("max-stale=x").maxStaleMs, 0);
  assertEquals(parseCacheControl("min-fresh=x").minFreshMs, Infinity);
});

Deno.test("RFC 5861: of two windows the shorter one holds", () => {
  assertEquals(parseCacheControl("stale-if-error=9, stale-if-error=5").staleIfErrorMs, 5000);
  assertEquals(parseCacheControl("stale-while-revalidate=x").staleWhileRevalidateMs, 0);
});

Deno.test("parseCacheControl() remembers what it has read", () => {
  assertStrictEquals(parseCacheControl("max-age=61"), parseCacheControl("max-age=61"));
  for (let n = 0; n < 600; n++) parseCacheControl(`max-age=${n}`);
  assertEquals(parseCacheControl("max-age=61").maxAgeMs, 61_000);
});
