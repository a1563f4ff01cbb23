import { assertEquals } from "@std/assert";
import { memoryStore, partitionOf } from "../../cache/mod.ts";
import { cached, date, inTurn, numbered } from "./_cached.ts";

Deno.test("RFC 9111 4.1: each variant is stored and chosen by the fields that Vary names", async () => {
  const cache = cached((request, n) =>
    new Response(`${request.headers.get("foo")} ${n}`, { headers: { "cache-control": "max-age=60", vary: "Foo" } })
  );
  const asks = async (foo: string, bar = "1") => (await cache.get({ headers: { foo, bar } })).text;
  assertEquals([await asks("a"), await asks("b"), await asks("a", "2"), await asks("b")], ["a 1", "b 2", "a 1", "b 2"]);
  assertEquals((await cache.store.stats()).entries, 2);
});

Deno.test("RFC 9111 4.1: Vary: * fails every request", async () => {
  for (const vary of ["*", "foo, *", "*, foo"]) {
    const cache = cached(numbered({ "cache-control": "max-age=60", vary }));
    await cache.get();
    await cache.get();
    assertEquals(cache.seen.length, 2, vary);
  }
});

Deno.test("RFC 9111 4: of several stored responses that match, the one with the latest Date is used", async () => {
  const cache = cached((request, n) => {
    const vary = request.headers.has("foo") ? "foo" : "bar";
    return new Response(`answer ${n}`, {
      headers: { "cache-control": "max-age=600", vary, date: date(n === 1 ? -10 : -20) },
    });
  });
  await cache.get({ headers: { foo: "1" } });
  await cache.get({ headers: { bar: "2" } });
  assertEquals((await cache.get({ headers: { foo: "1", bar: "2" } })).text, "answer 1");
  assertEquals(cache.seen.length, 2);
});

Deno.test("RFC 9211 2.2: a stored variant that does not match is a vary-miss", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60", vary: "foo" }));
  assertEquals((await cache.get()).headers.get("cache-status"), "civikit; fwd=uri-miss; stored");
  assertEquals(
    (await cache.get({ headers: { foo: "1" } })).headers.get("cache-status"),
    "civikit; fwd=vary-miss; stored",
  );
});

Deno.test("RFC 9211 2: each answer says what the cache did, after what others said", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60", "cache-status": "edge; hit", etag: '"a"' }));
  assertEquals((await cache.get()).headers.get("cache-status"), "edge; hit, civikit; fwd=uri-miss; stored");
  await cache.clock.advance(20_000);
  assertEquals((await cache.get()).headers.get("cache-status"), "edge; hit, civikit; hit; ttl=40");
  await cache.clock.advance(50_000);
  const { headers } = await cache.get({ headers: { "cache-control": "max-stale" } });
  assertEquals(headers.get("cache-status"), "edge; hit, civikit; hit; ttl=-10");
});

Deno.test("RFC 9111 4.4: an unsafe request that works invalidates its URL, and others it names on the same origin", async () => {
  const fields = { "cache-control": "max-age=60" };
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH"]) {
    const cache = cached((request, n) =>
      request.method === "GET"
        ? new Response(`answer ${n}`, { headers: fields })
        : new Response(null, { status: 201, headers: { location: "/new", "content-location": "http://other.test/x" } })
    );
    const urls = ["http://a.test/", "http://a.test/new", "http://other.test/x", "http://a.test/else"];
    for (const url of urls) await cache.get({ url });
    await cache.get({ method });
    const again: string[] = [];
    for (const url of urls) if ((await cache.get({ url })).info?.result === "miss") again.push(url);
    assertEquals(again, ["http://a.test/", "http://a.test/new"], method);
  }
});

Deno.test("RFC 9111 4.4: an unsafe request that fails invalidates nothing, and neither do OPTIONS and TRACE", async () => {
  const cache = cached((request, n) =>
    request.method === "GET"
      ? new Response(`answer ${n}`, { headers: { "cache-control": "max-age=60" } })
      : new Response(null, { status: request.method === "OPTIONS" ? 200 : 500 })
  );
  await cache.get();
  for (const method of ["POST", "DELETE", "OPTIONS"]) await cache.get({ method });
  assertEquals((await cache.get()).text, "answer 1");
});

Deno.test("RFC 9111 4.4: invalidation reaches the answers of every credential", async () => {
  const cache = cached(inTurn(numbered({ "cache-control": "max-age=60" })), {
    partition: (request) => request.headers.get("x-key") ?? undefined,
  });
  await cache.get({ headers: { "x-key": "k1" } });
  await cache.get();
  await cache.get({ method: "POST" });
  assertEquals((await cache.store.stats()).entries, 0);
});

Deno.test("RFC 9111 4.4: an answer that was under way when its URL was changed is not stored", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  const cache = cached(async (request, n) => {
    if (request.method === "GET" && n === 1) await held;
    return new Response(`answer ${n}`, { headers: { "cache-control": "max-age=60" } });
  });
  const early = cache.get();
  await cache.get({ method: "POST" });
  release();
  assertEquals((await early).text, "answer 1");
  assertEquals((await cache.get()).text, "answer 3");
});

Deno.test("answers to one credential never reach another one, nor everybody", async () => {
  const origin = numbered({ "cache-control": "public, s-maxage=300, max-age=300" });
  const cache = cached(origin);
  const asks = async (key?: string) =>
    (await cache.get(key ? { headers: { authorization: `Bearer ${key}` } } : {})).text;
  assertEquals([await asks("k1"), await asks("k2"), await asks()], ["answer 1", "answer 2", "answer 3"]);
  assertEquals([await asks("k1"), await asks("k2"), await asks()], ["answer 1", "answer 2", "answer 3"]);
  const listed = await cache.store.list();
  assertEquals(new Set(listed.map(({ partition }) => partition)).size, 3);
  assertEquals(JSON.stringify(listed).includes("k1"), false);
});

Deno.test("a store with a new salt files by new fingerprints", async () => {
  const memory = memoryStore();
  let salt = "one";
  const store = Object.defineProperty({ ...memory }, "salt", { get: () => salt });
  const cache = cached(numbered({ "cache-control": "max-age=60" }), { store });
  const asks = async () => (await cache.get({ headers: { authorization: "Bearer k1" } })).text;
  assertEquals([await asks(), await asks()], ["answer 1", "answer 1"]);
  salt = "two";
  assertEquals([await asks(), await asks()], ["answer 2", "answer 2"]);
  const listed = await memory.list();
  assertEquals(
    new Set(listed.map(({ partition }) => partition)),
    new Set(["one", "two"].map((salt) => partitionOf({ salt }, "authorization: Bearer k1\n"))),
  );
});

Deno.test("RFC 9111 4.4: an answer under way is kept out also when a great many URLs were changed meanwhile", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  const cache = cached(async (request, n) => {
    if (request.method === "GET" && n === 1) await held;
    return new Response(`answer ${n}`, { headers: { "cache-control": "max-age=60" } });
  });
  const early = cache.get();
  for (let n = 0; n < 1100; n++) await cache.get({ method: "DELETE", url: `http://a.test/${n}` });
  await cache.get({ method: "DELETE" });
  release();
  await early;
  assertEquals((await cache.store.stats()).entries, 0);
});
