import { assertEquals } from "@std/assert";
import { cached, date, inTurn, numbered } from "./_cached.ts";

const stale = { "cache-control": "max-age=0" };

Deno.test("RFC 9111 4.3.1: validation sends the stored ETag and Last-Modified", async () => {
  const cache = cached(numbered({ ...stale, etag: 'W/"a"', "last-modified": date(-60) }));
  await cache.get();
  await cache.get();
  const { headers } = cache.seen[1]!;
  assertEquals([headers.get("if-none-match"), headers.get("if-modified-since")], ['W/"a"', date(-60)]);
  assertEquals(cache.seen[0]!.headers.has("if-none-match"), false);
});

Deno.test("RFC 9111 4.3.4: a 304 makes the stored response fresh again, with the fields it brings", async () => {
  const cache = cached(inTurn(
    numbered({
      "cache-control": "max-age=10",
      etag: '"a"',
      "x-a": "old",
      "x-b": "old",
      "content-type": "text/a",
      age: "3",
    }),
    () =>
      new Response(null, {
        status: 304,
        headers: {
          "cache-control": "max-age=100",
          etag: '"a"',
          "x-a": "new",
          "content-length": "999",
          "content-encoding": "br",
        },
      }),
  ));
  await cache.get();
  await cache.clock.advance(20_000);
  const { status, text, headers, info } = await cache.get();
  assertEquals([status, text, info?.result], [200, "answer 1", "revalidated"]);
  assertEquals([headers.get("x-a"), headers.get("x-b"), headers.get("content-type")], ["new", "old", "text/a"]);
  assertEquals([headers.get("content-length"), headers.get("content-encoding"), headers.get("age")], [null, null, "0"]);
  assertEquals(headers.get("date"), date(20));
  await cache.clock.advance(90_000);
  assertEquals((await cache.get()).info?.result, "hit");
});

Deno.test("RFC 9111 4.3.3: a full answer to a validation takes the stored one's place", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=10", etag: '"a"' }));
  await cache.get();
  await cache.clock.advance(20_000);
  assertEquals((await cache.get()).text, "answer 2");
  assertEquals((await cache.get()).text, "answer 2");
  assertEquals((await cache.store.stats()).entries, 1);
});

Deno.test("RFC 9111 4.3.4: a 304 for another strong validator updates nothing; the response is fetched whole", async () => {
  const cache = cached(inTurn(
    numbered({ ...stale, etag: '"a"' }),
    () => new Response(null, { status: 304, headers: { etag: '"b"' } }),
    numbered({ ...stale, etag: '"b"' }),
  ));
  await cache.get();
  assertEquals((await cache.get()).text, "answer 3");
  assertEquals(cache.seen[2]!.headers.has("if-none-match"), false);
});

Deno.test("RFC 9111 4.3.4: a 304 that repeats the Last-Modified confirms, one with another does not", async () => {
  for (const [modified, text] of [[-60, "answer 1"], [-30, "answer 3"]] as const) {
    const cache = cached(inTurn(
      numbered({ ...stale, "last-modified": date(-60) }),
      () => new Response(null, { status: 304, headers: { "last-modified": date(modified) } }),
      numbered(stale),
    ));
    await cache.get();
    assertEquals((await cache.get()).text, text);
  }
});

Deno.test("RFC 9111 4.3.2: If-None-Match is answered from a fresh response, by weak comparison", async () => {
  const fields = { "cache-control": "max-age=60", etag: '"a"', "x-a": "1", vary: "foo", "content-type": "text/a" };
  const cache = cached(numbered(fields));
  await cache.get();
  const asks = async (tags: string) => (await cache.get({ headers: { "if-none-match": tags } })).status;
  assertEquals([await asks('"a"'), await asks('W/"a"'), await asks('"x", "a"'), await asks("*")], [304, 304, 304, 304]);
  assertEquals([await asks('"b"'), await asks('w/"b"')], [200, 200]);
  const { headers } = await cache.get({ headers: { "if-none-match": '"a"' } });
  assertEquals([headers.get("etag"), headers.get("vary"), headers.has("content-type")], ['"a"', "foo", false]);
  assertEquals(cache.seen.length, 1);
});

Deno.test("RFC 9111 4.3.2: If-Modified-Since is compared with Last-Modified, else with Date", async () => {
  const asks = async (fields: Record<string, string>, since: string, extra: Record<string, string> = {}) => {
    const cache = cached(numbered({ "cache-control": "max-age=60", ...fields }));
    await cache.get();
    return (await cache.get({ headers: { "if-modified-since": since, ...extra } })).status;
  };
  assertEquals(await asks({ "last-modified": date(-60) }, date(-60)), 304);
  assertEquals(await asks({ "last-modified": date(-60) }, date(-61)), 200);
  assertEquals(await asks({ date: date(-5) }, date(-5)), 304);
  assertEquals(await asks({ date: date(-5) }, date(-6)), 200);
  assertEquals(await asks({ "last-modified": date(-60) }, "yesterday"), 200);
  // RFC 9110 section 13.1.3: not when If-None-Match is there
  assertEquals(await asks({ etag: '"a"', "last-modified": date(-60) }, date(0), { "if-none-match": '"b"' }), 200);
});

Deno.test("RFC 9111 4.3.2: If-Match and If-Unmodified-Since are the origin's business", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60", etag: '"a"' }));
  await cache.get();
  await cache.get({ headers: { "if-match": '"a"' } });
  await cache.get({ headers: { "if-unmodified-since": date(0) } });
  assertEquals(cache.seen.length, 3);
});

Deno.test("RFC 9111 4.3.1: the caller's own tags stay in the question, and a 304 for them is passed on", async () => {
  const cache = cached(inTurn(
    numbered({ ...stale, etag: '"a"' }),
    () => new Response(null, { status: 304, headers: { etag: '"mine"' } }),
  ));
  await cache.get();
  const { status, headers } = await cache.get({ headers: { "if-none-match": '"mine"' } });
  assertEquals(cache.seen[1]!.headers.get("if-none-match"), '"mine", "a"');
  assertEquals([status, headers.get("etag")], [304, '"mine"']);
});

Deno.test("RFC 9111 4.3.1: conditions of the caller pass through when nothing is stored", async () => {
  const cache = cached(() => new Response(null, { status: 304, headers: { etag: '"mine"' } }));
  const { status } = await cache.get({ headers: { "if-none-match": '"mine"' } });
  assertEquals([status, cache.seen[0]!.headers.get("if-none-match")], [304, '"mine"']);
});

Deno.test("RFC 9111 4.3.5: an answer to HEAD refreshes the stored GET, or drops it when it contradicts", async () => {
  for (const [etag, expected] of [['"a"', "answer 1"], ['"b"', "answer 3"]] as const) {
    const cache = cached(inTurn(
      numbered({ "cache-control": "max-age=10", etag: '"a"', "x-a": "old" }),
      () => new Response(null, { headers: { "cache-control": "max-age=100", etag, "x-a": "new" } }),
      numbered({}),
    ));
    await cache.get();
    await cache.clock.advance(20_000);
    assertEquals((await cache.get({ method: "HEAD" })).headers.get("x-a"), "new");
    assertEquals((await cache.get()).text, expected);
  }
});

Deno.test("RFC 9110 9.3.2: HEAD is answered from a fresh GET, without its body", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60", "x-a": "1" }));
  await cache.get();
  const { text, headers, info } = await cache.get({ method: "HEAD" });
  assertEquals([text, headers.get("x-a"), info?.result, cache.seen.length], ["", "1", "hit", 1]);
});

Deno.test("RFC 9111 4: an answer to HEAD is not taken for one to GET", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60" }));
  await cache.get({ method: "HEAD" });
  assertEquals((await cache.get()).text, "answer 2");
});

Deno.test("RFC 9111 3.2: a 304 that brings another Vary makes it hold from then on", async () => {
  const notModified = (vary: string) => () =>
    new Response(null, { status: 304, headers: { "cache-control": "max-age=60", etag: '"a"', vary } });
  const first = numbered({ ...stale, etag: '"a"' });
  const cache = cached(inTurn(first, notModified("foo"), numbered({})));
  await cache.get({ headers: { foo: "1" } });
  assertEquals((await cache.get({ headers: { foo: "1" } })).info?.result, "revalidated");
  assertEquals((await cache.get({ headers: { foo: "1" } })).info?.result, "hit");
  assertEquals((await cache.get({ headers: { foo: "2" } })).text, "answer 3");
  const never = cached(inTurn(first, notModified("*"), numbered({})));
  await never.get();
  assertEquals([(await never.get()).text, (await never.get()).text], ["answer 1", "answer 3"]);
});

Deno.test("RFC 9111 3: a 304 that forbids storing answers this request, and the stored response is dropped", async () => {
  for (const [words, shared] of [["no-store", false], ["private", true]] as const) {
    const cache = cached(
      inTurn(
        numbered({ ...stale, etag: '"a"' }),
        () => new Response(null, { status: 304, headers: { "cache-control": words, etag: '"a"' } }),
      ),
      { shared },
    );
    await cache.get();
    assertEquals((await cache.get()).text, "answer 1");
    assertEquals((await cache.store.stats()).entries, 0);
  }
});
