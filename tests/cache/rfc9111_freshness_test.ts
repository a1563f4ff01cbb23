import { assertEquals } from "@std/assert";
import { cached, date, numbered } from "./_cached.ts";

/** For how many seconds, of those tried, a response is reused. */
async function reusedFor(fields: Record<string, string>, tried: readonly number[], shared = false): Promise<number[]> {
  const reused: number[] = [];
  for (const seconds of tried) {
    const cache = cached(numbered(fields), { shared });
    await cache.get();
    await cache.clock.advance(seconds * 1000);
    await cache.get();
    if (cache.seen.length === 1) reused.push(seconds);
  }
  return reused;
}

Deno.test("RFC 9111 4.2: a response is fresh while its age is below its lifetime, and not a moment longer", async () => {
  assertEquals(await reusedFor({ "cache-control": "max-age=60" }, [0, 59, 60, 61]), [0, 59]);
  assertEquals(await reusedFor({ "cache-control": "max-age=0", etag: '"a"' }, [0]), []);
});

Deno.test("RFC 9111 4.2.1: s-maxage goes first in a shared cache, and means nothing to a private one", async () => {
  const fields = { "cache-control": "s-maxage=90, max-age=30", expires: date(10) };
  assertEquals(await reusedFor(fields, [29, 31, 89, 91], true), [29, 31, 89]);
  assertEquals(await reusedFor(fields, [29, 31, 89, 91]), [29]);
  assertEquals(await reusedFor({ "cache-control": "s-maxage=90", etag: '"a"' }, [1]), []);
});

Deno.test("RFC 9111 4.2.1: max-age goes before Expires, also when it is malformed", async () => {
  assertEquals(await reusedFor({ "cache-control": "max-age=60", expires: date(-60) }, [30]), [30]);
  assertEquals(await reusedFor({ "cache-control": "max-age=x", expires: date(60), etag: '"a"' }, [30]), []);
});

Deno.test("RFC 9111 4.2.1: Expires counts from Date", async () => {
  assertEquals(await reusedFor({ expires: date(100), date: date(-20) }, [50, 90, 101]), [50, 90]);
  assertEquals(await reusedFor({ expires: date(100), date: date(50) }, [40, 60]), [40]);
});

Deno.test("RFC 9111 5.3: an Expires that is no date lies in the past", async () => {
  assertEquals(await reusedFor({ expires: "0", "last-modified": date(-1e6) }, [1]), []);
});

Deno.test("RFC 9111 4.2.2: a tenth of the time since Last-Modified is taken, at most a day", async () => {
  const day = 86_400;
  assertEquals(await reusedFor({ "last-modified": date(-1000), date: date(0) }, [99, 101]), [99]);
  assertEquals(await reusedFor({ "last-modified": date(-1000 * day), date: date(0) }, [day - 1, day + 1]), [day - 1]);
  assertEquals(await reusedFor({ "last-modified": date(1000), date: date(0) }, [1]), []);
});

Deno.test("RFC 9111 4.2.3: Age, the way from the origin and the stay in the store add up", async () => {
  assertEquals(await reusedFor({ "cache-control": "max-age=60", age: "50" }, [9, 11]), [9]);
  const cache = cached(async () => {
    await cache.clock.advance(20_000);
    return new Response("x", { headers: { "cache-control": "max-age=60", age: "10" } });
  });
  await cache.get();
  await cache.clock.advance(5000);
  assertEquals((await cache.get()).headers.get("age"), "35");
});

Deno.test("RFC 9111 4.2.3: a Date in the past makes a response old, one in the future does not make it young", async () => {
  assertEquals(await reusedFor({ "cache-control": "max-age=60", date: date(-50) }, [9, 11]), [9]);
  assertEquals(await reusedFor({ "cache-control": "max-age=60", date: date(500) }, [59, 61]), [59]);
  const cache = cached(numbered({ "cache-control": "max-age=60", date: date(500) }));
  await cache.get();
  assertEquals((await cache.get()).headers.get("age"), "0");
});

Deno.test("RFC 9111 5.1: of several ages the first counts, and nonsense is none", async () => {
  assertEquals(await reusedFor({ "cache-control": "max-age=60", age: "70, 0" }, [1]), []);
  assertEquals(await reusedFor({ "cache-control": "max-age=60", age: "0, 70" }, [1]), [1]);
  for (const age of ["-70", "abc", "70.5", ""]) {
    assertEquals(await reusedFor({ "cache-control": "max-age=60", age }, [1]), [1], age);
  }
});

Deno.test("RFC 9111 5.2.2.4: no-cache is stored and asked about every time", async () => {
  const cache = cached((request) =>
    request.headers.get("if-none-match") === '"a"'
      ? new Response(null, { status: 304 })
      : new Response("x", { headers: { "cache-control": "no-cache, max-age=60", etag: '"a"' } })
  );
  await cache.get();
  const { info, text } = await cache.get();
  assertEquals([info?.result, text, cache.seen.length], ["revalidated", "x", 2]);
});

Deno.test("RFC 9111 5.2.1: the request's max-age, min-fresh and no-cache shorten reuse", async () => {
  const asks = async (directive: string, seconds: number) => {
    const cache = cached(numbered({ "cache-control": "max-age=60" }));
    await cache.get();
    await cache.clock.advance(seconds * 1000);
    await cache.get({ headers: { "cache-control": directive } });
    return cache.seen.length === 1;
  };
  assertEquals([await asks("max-age=20", 10), await asks("max-age=20", 30)], [true, false]);
  assertEquals([await asks("min-fresh=20", 30), await asks("min-fresh=20", 50)], [true, false]);
  assertEquals([await asks("no-cache", 0), await asks("max-age=0", 0)], [false, false]);
});

Deno.test("RFC 9111 5.2.1.2: max-stale takes a stale response, up to its limit, unless the origin forbids", async () => {
  const asks = async (directive: string, fields: string, shared = false) => {
    const cache = cached(numbered({ "cache-control": fields }), { shared });
    await cache.get();
    await cache.clock.advance(90_000);
    const { info } = await cache.get({ headers: { "cache-control": directive } });
    return info?.result;
  };
  assertEquals(await asks("max-stale", "max-age=60"), "stale");
  assertEquals(await asks("max-stale=30", "max-age=60"), "stale");
  assertEquals(await asks("max-stale=29", "max-age=60"), "miss");
  assertEquals(await asks("max-stale", "max-age=60, must-revalidate"), "miss");
  assertEquals(await asks("max-stale", "max-age=60, proxy-revalidate"), "stale");
  assertEquals(await asks("max-stale", "max-age=60, proxy-revalidate", true), "miss");
  assertEquals(await asks("max-stale", "s-maxage=60", true), "miss");
});

Deno.test("RFC 9111 5.2.1.7: only-if-cached never goes to the origin; 504 when there is nothing", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60" }));
  const init = { headers: { "cache-control": "only-if-cached" } };
  const { status, headers } = await cache.get(init);
  assertEquals([status, headers.get("cache-status"), cache.seen.length], [
    504,
    "civikit; fwd=request; detail=only_if_cached",
    0,
  ]);
  await cache.get();
  assertEquals((await cache.get(init)).text, "answer 1");
  await cache.clock.advance(61_000);
  assertEquals((await cache.get(init)).status, 504);
});

Deno.test("RFC 8246 2: a reload of a fresh immutable response does not ask; a stale one is asked about", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60, immutable", etag: '"a"' }));
  await cache.get();
  await cache.clock.advance(10_000);
  await cache.get({ cache: "no-cache" });
  assertEquals(cache.seen.length, 1);
  await cache.get({ headers: { "cache-control": "no-cache" } });
  assertEquals(cache.seen.length, 2);
  await cache.clock.advance(61_000);
  await cache.get({ cache: "no-cache" });
  assertEquals(cache.seen[2]!.headers.get("cache-control"), "max-age=0");
});

Deno.test("the cache modes of a Request are obeyed", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60" }));
  assertEquals((await cache.get({ cache: "only-if-cached", mode: "same-origin" })).status, 504);
  await cache.get();
  assertEquals((await cache.get({ cache: "reload" })).text, "answer 2");
  assertEquals((await cache.get({ cache: "no-store" })).text, "answer 3");
  assertEquals((await cache.get()).text, "answer 2");
  await cache.clock.advance(100_000);
  assertEquals((await cache.get({ cache: "force-cache" })).text, "answer 2");
});

Deno.test("RFC 9213 2.2: a shared cache obeys CDN-Cache-Control and then neither Cache-Control nor Expires", async () => {
  const fields = { "cdn-cache-control": "max-age=60", "cache-control": "no-store", expires: date(-60) };
  assertEquals(await reusedFor(fields, [59, 61], true), [59]);
  assertEquals(await reusedFor(fields, [1]), []);
  assertEquals(await reusedFor({ "cdn-cache-control": "no-store", "cache-control": "max-age=60" }, [1], true), []);
  assertEquals(await reusedFor({ "cdn-cache-control": "foo", expires: date(60), etag: '"a"' }, [1], true), []);
});

Deno.test("RFC 9213 2.1: a targeted field that is malformed does not count", async () => {
  const fields = { "cdn-cache-control": "max-age=600, &&&", "cache-control": "max-age=30" };
  assertEquals(await reusedFor(fields, [29, 31], true), [29]);
});
