import { assertEquals } from "@std/assert";
import { cached, date, numbered } from "./_cached.ts";

/** Whether a second GET is answered from the store. */
async function isReused(fields: Record<string, string>, status = 200, shared = false, init: RequestInit = {}) {
  const cache = cached(numbered(fields, status), { shared });
  await cache.get(init);
  await cache.get();
  return cache.seen.length === 1;
}

Deno.test("RFC 9111 3: a response is stored when its origin names a lifetime", async () => {
  assertEquals(await isReused({ "cache-control": "max-age=60" }), true);
  assertEquals(await isReused({ expires: date(60), date: date(0) }), true);
  assertEquals(await isReused({}), false);
});

Deno.test("RFC 9111 3: no-store is not stored, whatever else is said", async () => {
  assertEquals(await isReused({ "cache-control": "max-age=60, no-store", expires: date(60) }), false);
});

Deno.test("RFC 9111 3: a private cache stores private responses, a shared one does not", async () => {
  assertEquals(await isReused({ "cache-control": "private, max-age=60" }), true);
  assertEquals(await isReused({ "cache-control": "private, max-age=60" }, 200, true), false);
});

Deno.test("RFC 9111 3: an unknown status with a lifetime is stored, without one it is not", async () => {
  assertEquals(await isReused({ "cache-control": "max-age=60" }, 299), true);
  assertEquals(await isReused({ "last-modified": date(-1e6) }, 299), false);
  assertEquals(await isReused({ "last-modified": date(-1e6), "cache-control": "public" }, 299), true);
});

Deno.test("RFC 9111 5.2.2.3: must-understand sets no-store aside for a known status, and keeps an unknown one out", async () => {
  assertEquals(await isReused({ "cache-control": "must-understand, no-store, max-age=60" }), true);
  assertEquals(await isReused({ "cache-control": "must-understand, max-age=60" }, 299), false);
});

Deno.test("RFC 9111 3.5: a shared cache keeps answers to Authorization only when told it may", async () => {
  const init = { headers: { authorization: "Bearer k" } };
  assertEquals(await isReused({ "cache-control": "max-age=60" }, 200, true, init), false);
  for (const word of ["public", "must-revalidate", "s-maxage=60"]) {
    assertEquals(await isReused({ "cache-control": `max-age=60, ${word}` }, 200, true, init), true, word);
  }
});

Deno.test("RFC 9111 5.2.1.5: nothing of a request with no-store is stored", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60" }));
  await cache.get({ headers: { "cache-control": "no-store" } });
  await cache.get();
  assertEquals(cache.seen.length, 2);
});

Deno.test("RFC 9111 3.1: fields about the connection are not stored, nor those that Connection names", async () => {
  const cache = cached(numbered({
    "cache-control": "max-age=60",
    "connection": "x-hop, keep-alive",
    "keep-alive": "timeout=5",
    "te": "trailers",
    "upgrade": "h2c",
    "proxy-authenticate": "Basic",
    "x-hop": "1",
    "x-kept": "1",
  }));
  await cache.get();
  const { headers } = await cache.get();
  const names = ["connection", "keep-alive", "te", "upgrade", "proxy-authenticate", "x-hop", "x-kept"];
  assertEquals(names.filter((name) => headers.has(name)), ["x-kept"]);
});

Deno.test("RFC 9111 5.2.2.4: the fields that no-cache names are not served from the store", async () => {
  const cache = cached(numbered({ "cache-control": `max-age=60, no-cache="x-a"`, "x-a": "1", "x-b": "1" }));
  assertEquals((await cache.get()).headers.get("x-a"), "1");
  const { headers } = await cache.get();
  assertEquals([headers.get("x-a"), headers.get("x-b"), cache.seen.length], [null, "1", 1]);
});

Deno.test("RFC 9111 5.2.2.7: a shared cache does not store the fields that private names", async () => {
  const origin = numbered({ "cache-control": `max-age=60, private="x-a"`, "x-a": "1" });
  for (const shared of [true, false]) {
    const cache = cached(origin, { shared });
    await cache.get();
    assertEquals((await cache.get()).headers.get("x-a"), shared ? null : "1");
    assertEquals(cache.seen.length, 1);
  }
});

Deno.test("RFC 9110 6.6.1: a response without Date gets one when it is stored", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60" }));
  await cache.get();
  assertEquals((await cache.get()).headers.get("date"), date(0));
});

Deno.test("RFC 9111 3: several Set-Cookie lines come back as several", async () => {
  const headers: [string, string][] = [["cache-control", "max-age=60"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]];
  const cache = cached(() => new Response("x", { headers }));
  await cache.get();
  assertEquals((await cache.get()).headers.getSetCookie(), ["a=1", "b=2"]);
});

Deno.test("RFC 9111 2: other queries are other responses, a fragment is not", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60" }));
  await cache.get({ url: "http://a.test/x?a" });
  await cache.get({ url: "http://a.test/x?b" });
  assertEquals((await cache.get({ url: "http://a.test/x?a#part" })).text, "answer 1");
  assertEquals(cache.seen.length, 2);
});

Deno.test("RFC 9110 9.3.3: an answer to POST that says it is what a GET would bring is stored as that", async () => {
  const fields = { "cache-control": "max-age=60", "content-location": "/" };
  const cache = cached(numbered(fields));
  await cache.get({ method: "POST", body: "x" });
  assertEquals((await cache.get()).text, "answer 1");
  const other = cached(numbered({ ...fields, "content-location": "/other" }));
  await other.get({ method: "POST", body: "x" });
  assertEquals((await other.get()).text, "answer 2");
});

Deno.test("RFC 9111 4: a response of several statuses keeps its status, reason and body", async () => {
  for (const status of [200, 203, 204, 301, 404, 410]) {
    const cache = cached(
      () =>
        new Response(status === 204 ? null : "x", {
          status,
          statusText: "So",
          headers: { "cache-control": "max-age=60" },
        }),
    );
    await cache.get();
    const { response, text } = await cache.get();
    assertEquals([response.status, response.statusText, text, cache.seen.length], [
      status,
      "So",
      status === 204 ? "" : "x",
      1,
    ]);
  }
});

Deno.test("an answer from another URL than the one asked for is not stored", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const url = new URL(request.url);
    return url.pathname === "/signed"
      ? new Response("file", { headers: { "cache-control": "max-age=60" } })
      : Response.redirect(new URL("/signed", url), 302);
  });
  const { fetchTransport } = await import("../../transport/mod.ts");
  using network = fetchTransport();
  const cache = cached((request) => network.fetch(request));
  const url = `http://127.0.0.1:${server.addr.port}/`;
  assertEquals((await cache.get({ url })).text, "file");
  await cache.get({ url });
  assertEquals(cache.seen.length, 2);
  assertEquals((await cache.store.stats()).entries, 0);
});
