import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { httpCache, memoryStore } from "../../cache/mod.ts";
import { cached, numbered } from "./_cached.ts";

const fields = { "cache-control": "max-age=60" };
const piece = (n: number) => new Uint8Array(1000).fill(n);

/** A body of `count` pieces, each handed over when asked for; `fails` instead of ending. */
function pieces(
  count: number,
  fails = false,
): { body: ReadableStream<Uint8Array<ArrayBuffer>>; pulled: () => number; cancelled: () => unknown } {
  let pulled = 0;
  let cancelled: unknown;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (pulled < count) return controller.enqueue(piece(pulled++));
      if (fails) controller.error(new Error("cut"));
      else controller.close();
    },
    cancel: (reason) => void (cancelled = reason),
  }, { highWaterMark: 0 });
  return { body, pulled: () => pulled, cancelled: () => cancelled };
}

Deno.test("a body is stored while the caller reads it, at the caller's pace", async () => {
  const { body, pulled } = pieces(3);
  const cache = cached(() => new Response(body, { headers: fields }));
  const response = await cache.transport.fetch(new Request("http://a.test/"));
  assertEquals(pulled(), 0);
  const reader = response.body!.getReader();
  assertEquals((await reader.read()).value, piece(0));
  assertEquals([pulled(), (await cache.store.stats()).entries], [1, 0]);
  while (!(await reader.read()).done);
  assertEquals((await cache.store.stats()).entries, 1);
  const { response: hit } = { response: await cache.transport.fetch(new Request("http://a.test/")) };
  assertEquals(await hit.bytes(), new Uint8Array([...piece(0), ...piece(1), ...piece(2)]));
});

Deno.test("a body over the limit is passed on and not stored", async () => {
  const cache = cached(() => new Response(pieces(5).body, { headers: fields }), { maxEntryBytes: 4999 });
  assertEquals((await cache.get()).text.length, 5000);
  assertEquals((await cache.store.stats()).entries, 0);
  const announced = cached(() => new Response("12345", { headers: { ...fields, "content-length": "5" } }), {
    maxEntryBytes: 4,
  });
  assertEquals((await announced.get()).headers.has("cache-status"), false);
});

Deno.test("a response that is not stored is passed on as the same object", async () => {
  const response = new Response("x", { headers: { "cache-control": "no-store" } });
  const cache = cached(() => response);
  assertStrictEquals(await cache.transport.fetch(new Request("http://a.test/")), response);
});

Deno.test("a body that breaks off reaches the caller as such, and is not stored", async () => {
  const cache = cached(() => new Response(pieces(2, true).body, { headers: fields }));
  await assertRejects(() => cache.get(), Error, "cut");
  assertEquals((await cache.store.stats()).entries, 0);
});

Deno.test("a caller that stops early cancels the body and leaves nothing behind", async () => {
  const { body, cancelled } = pieces(3);
  const cache = cached(() => new Response(body, { headers: fields }));
  const response = await cache.transport.fetch(new Request("http://a.test/"));
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel("enough");
  assertEquals([cancelled(), (await cache.store.stats()).entries], ["enough", 0]);
});

Deno.test("RFC 9112 8: a body shorter or longer than its Content-Length is not stored", async () => {
  for (const length of ["4", "6", "100000"]) {
    const cache = cached(() => new Response("12345", { headers: { ...fields, "content-length": length } }));
    assertEquals((await cache.get()).text, "12345");
    assertEquals((await cache.store.stats()).entries, 0, length);
  }
});

Deno.test("a stored body cannot be changed through an answer", async () => {
  const cache = cached(() => new Response(pieces(2).body, { headers: fields }));
  await cache.get();
  const reader = (await cache.transport.fetch(new Request("http://a.test/"))).body!.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) read.value.fill(9);
  const again = await (await cache.transport.fetch(new Request("http://a.test/"))).bytes();
  assertEquals(again, new Uint8Array([...piece(0), ...piece(1)]));
});

Deno.test("an answer from the store can be read with the caller's own buffers", async () => {
  const cache = cached(() => new Response(pieces(3).body, { headers: fields }));
  for (let n = 0; n < 2; n++) {
    const response = await cache.transport.fetch(new Request("http://a.test/"));
    const reader = response.body!.getReader({ mode: "byob" });
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(700));
      if (done) break;
      bytes += value.length;
    }
    assertEquals(bytes, 3000);
  }
  assertEquals(cache.seen.length, 1);
});

Deno.test("over a real server, a body cut short by the server is not stored", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(4096));
      const head =
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\ncache-control: max-age=60\r\nconnection: close\r\n\r\nhalf";
      await connection.write(new TextEncoder().encode(head));
      connection.close();
    }
  })();
  const { fetchTransport } = await import("../../transport/mod.ts");
  {
    using network = fetchTransport();
    const cache = cached((request) => network.fetch(request));
    const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
    await assertRejects(() => cache.get({ url }));
    assertEquals((await cache.store.stats()).entries, 0);
  }
  listener.close();
  await serving;
});

Deno.test("defaultTtlMs holds only where the origin names no freshness and the answer is public", async () => {
  const asks = async (answer: Record<string, string>, isPublic: boolean) => {
    const cache = cached(numbered(answer), { isPublic: () => isPublic, defaultTtlMs: 50_000 });
    await cache.get();
    await cache.clock.advance(49_000);
    await cache.get();
    const early = cache.seen.length;
    await cache.clock.advance(2000);
    await cache.get();
    return [early, cache.seen.length];
  };
  assertEquals(await asks({}, true), [1, 2]);
  assertEquals(await asks({}, false), [2, 3]);
  assertEquals(await asks({ "cache-control": "max-age=10" }, true), [2, 2]);
  assertEquals(await asks({ "cache-control": "private" }, true), [2, 3]);
  assertEquals(await asks({ "cache-control": "no-store" }, true), [2, 3]);
  assertEquals(await asks({ "cache-control": "public, s-maxage=20" }, true), [2, 2]);
});

Deno.test("httpCache() names an option that cannot be meant", () => {
  const store = memoryStore();
  assertThrows(() => httpCache({ store, maxEntryBytes: 0 }), RangeError, "maxEntryBytes");
  assertThrows(() => httpCache({ store, defaultTtlMs: -1 }), RangeError, "defaultTtlMs");
  assertThrows(() => httpCache({ store, staleIfErrorMs: NaN }), RangeError, "staleIfErrorMs");
  assertThrows(() => httpCache({ store, name: "a b" }), TypeError, "name");
  assertThrows(() => memoryStore({ maxBytes: 0.5 }), RangeError, "maxBytes");
});

Deno.test("the numbers say what was hit, missed and saved; events never show a secret", async () => {
  const cache = cached(numbered(fields));
  const url = "http://a.test/x?token=secret";
  await cache.get({ url });
  await cache.get({ url });
  const { hits, misses, bytesSaved } = await cache.store.stats();
  assertEquals([hits, misses, bytesSaved], [1, 1, 8]);
  assertEquals(cache.events.length, 2);
  assert(!JSON.stringify(cache.events).includes("secret"));
});

Deno.test("an answer of the cache says for which URL it is, stored or not", async () => {
  const cache = cached(numbered(fields));
  const url = "http://a.test/x?y=1";
  for (let n = 0; n < 2; n++) assertEquals((await cache.get({ url })).response.url, url);
  assertEquals((await cache.get({ url, headers: { range: "bytes=0-1" } })).response.url, url);
});

Deno.test("an event never shows a secret that stands in the path", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60" }));
  const url = "http://a.test/api_key/aB3dE5fG7hI9jK1lM3/list";
  await cache.get({ url });
  await cache.get({ url });
  const shown = "http://a.test/api_key/[redacted]/list";
  assertEquals(cache.events, [
    { type: "cache", url: shown, result: "miss" },
    { type: "cache", url: shown, result: "hit" },
  ]);
});
