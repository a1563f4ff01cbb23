import { assertEquals } from "@std/assert";
import { cached, date, inTurn, numbered, type Step } from "./_cached.ts";

const whole: Step = () =>
  new Response("0123456789", { headers: { "cache-control": "max-age=60", etag: '"a"', "content-length": "10" } });

function part(range: string, body: string, etag = '"a"'): Step {
  const headers = { "cache-control": "max-age=60", "content-range": `bytes ${range}`, ...(etag && { etag }) };
  return () => new Response(body, { status: 206, headers });
}

Deno.test("RFC 9111 3.3: a part is cut out of a stored whole", async () => {
  const cache = cached(inTurn(whole));
  await cache.get();
  const asks = async (range: string) => {
    const { status, text, headers } = await cache.get({ headers: { range } });
    return [status, text, headers.get("content-range"), headers.get("content-length")];
  };
  assertEquals(await asks("bytes=2-4"), [206, "234", "bytes 2-4/10", "3"]);
  assertEquals(await asks("bytes=7-"), [206, "789", "bytes 7-9/10", "3"]);
  assertEquals(await asks("bytes=-2"), [206, "89", "bytes 8-9/10", "2"]);
  assertEquals(await asks("bytes=5-99"), [206, "56789", "bytes 5-9/10", "5"]);
  assertEquals(cache.seen.length, 1);
});

Deno.test("RFC 9110 14.2: several spans, other units and spans past the end are the origin's business", async () => {
  const cache = cached(inTurn(whole));
  await cache.get();
  for (const range of ["bytes=0-1,3-4", "lines=0-1", "bytes=10-", "bytes=-0", "bytes=4-2", "bytes=x"]) {
    const before = cache.seen.length;
    await cache.get({ headers: { range } });
    assertEquals(cache.seen.length, before + 1, range);
  }
});

Deno.test("RFC 9110 13.1.5: a part is served only while If-Range holds", async () => {
  const cache = cached(inTurn(whole));
  await cache.get();
  await cache.get({ headers: { range: "bytes=0-1", "if-range": '"a"' } });
  assertEquals(cache.seen.length, 1);
  for (const tag of ['"b"', 'W/"a"', date(0)]) await cache.get({ headers: { range: "bytes=0-1", "if-range": tag } });
  assertEquals(cache.seen.length, 4);
});

Deno.test("RFC 9110 13.1.5: a Last-Modified in If-Range holds from two seconds before Date on, as for downloads", async () => {
  for (const [ageS, asked] of [[1, 2], [2, 1], [59, 1]] as const) {
    const modified = date(-ageS);
    const headers = { "cache-control": "max-age=60", "content-length": "10", "last-modified": modified, date: date(0) };
    const cache = cached(inTurn(() => new Response("0123456789", { headers })));
    await cache.get();
    await cache.get({ headers: { range: "bytes=0-1", "if-range": modified } });
    assertEquals(cache.seen.length, asked, `${ageS} s`);
  }
});

Deno.test("RFC 9111 3.3: a stored part answers for itself and what lies in it, never for the whole", async () => {
  const cache = cached(inTurn(part("2-6/10", "23456"), numbered({})));
  await cache.get({ headers: { range: "bytes=2-6" } });
  assertEquals((await cache.get({ headers: { range: "bytes=3-4" } })).text, "34");
  assertEquals((await cache.get({ headers: { range: "bytes=2-6" } })).text, "23456");
  assertEquals(cache.seen.length, 1);
  assertEquals((await cache.get({ headers: { range: "bytes=5-8" } })).text, "answer 2");
  assertEquals((await cache.get()).text, "answer 3");
});

Deno.test("RFC 9111 3.3: a part that is shorter or longer than it says, or says nonsense, is not stored", async () => {
  for (
    const step of [
      part("2-6/10", "234"),
      part("2-3/10", "2345"),
      part("6-2/10", ""),
      part("2-3/*", "23"),
      part("2-12/10", "x"),
    ]
  ) {
    const cache = cached(step);
    await cache.get({ headers: { range: "bytes=2-6" } });
    assertEquals((await cache.store.stats()).entries, 0);
  }
});

Deno.test("RFC 9111 3.3: a 206 to a request without Range is not stored", async () => {
  const cache = cached(part("2-6/10", "23456"));
  await cache.get();
  assertEquals((await cache.store.stats()).entries, 0);
});

Deno.test("RFC 9111 3.4: a stored beginning is completed by the rest with the same strong ETag", async () => {
  const cache = cached(inTurn(part("0-3/10", "0123"), part("4-9/10", "456789")));
  await cache.get({ headers: { range: "bytes=0-3" } });
  const { status, text, headers } = await cache.get();
  assertEquals([status, text, headers.get("content-length"), headers.has("content-range")], [
    200,
    "0123456789",
    "10",
    false,
  ]);
  const { headers: asked } = cache.seen[1]!;
  assertEquals([asked.get("range"), asked.get("if-range")], ["bytes=4-", '"a"']);
  assertEquals((await cache.get()).info?.result, "hit");
  assertEquals((await cache.get({ headers: { range: "bytes=3-4" } })).text, "34");
});

Deno.test("RFC 9111 3.4: a rest of something else is refused, and the whole fetched", async () => {
  const others = [
    part("4-9/10", "456789", '"b"'),
    part("5-9/10", "56789"),
    part("4-8/10", "45678"),
    part("4-10/11", "456789x"),
  ];
  for (const other of [...others, part("4-9/10", "456789", 'W/"a"'), () => new Response(null, { status: 416 })]) {
    const cache = cached(inTurn(part("0-3/10", "0123"), other, whole));
    await cache.get({ headers: { range: "bytes=0-3" } });
    assertEquals((await cache.get()).text, "0123456789");
    assertEquals(cache.seen[2]!.headers.has("range"), false);
  }
});

Deno.test("RFC 9111 3.4: parts without a strong ETag are never joined", async () => {
  const cache = cached(inTurn(part("0-3/10", "0123", ""), part("4-9/10", "456789", ""), whole));
  await cache.get({ headers: { range: "bytes=0-3" } });
  assertEquals((await cache.get()).text, "0123456789");
  assertEquals(cache.seen.length, 3);
});

Deno.test("RFC 9111 3.4: an origin that answers 200 to the rest has answered", async () => {
  const cache = cached(inTurn(part("0-3/10", "0123"), whole));
  await cache.get({ headers: { range: "bytes=0-3" } });
  assertEquals((await cache.get()).text, "0123456789");
  assertEquals([(await cache.get()).info?.result, cache.seen.length], ["hit", 2]);
});

Deno.test("RFC 9111 3.4: a caller that stops in the middle of a joined body cancels the rest and leaves the beginning", async () => {
  let cancelled: unknown;
  const rest = new ReadableStream<Uint8Array<ArrayBuffer>>({ cancel: (reason) => void (cancelled = reason) });
  const headers = { "cache-control": "max-age=60", etag: '"a"', "content-range": "bytes 4-9/10" };
  const cache = cached(inTurn(part("0-3/10", "0123"), () => new Response(rest, { status: 206, headers })));
  await cache.get({ headers: { range: "bytes=0-3" } });
  const reader = (await cache.transport.fetch(new Request("http://a.test/"))).body!.getReader();
  assertEquals((await reader.read()).value?.length, 4);
  await reader.cancel("enough");
  assertEquals(cancelled, "enough");
  assertEquals((await cache.get({ headers: { range: "bytes=0-1" } })).text, "01");
});
