import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { NetworkError } from "../../transport/mod.ts";
import { settle } from "../_support/clock.ts";
import { type Cached, cached, inTurn, numbered, site, type Step } from "./_cached.ts";

const broken: Step = () => {
  throw new NetworkError(`connecting to "a.test": refused`, { code: "connect_failed", url: site });
};

/** A stored answer of 60 s, then `seconds` later an origin that fails as `failure` does. */
async function failing(fields: string, seconds: number, failure: Step = broken, options = {}): Promise<Cached> {
  const cache = cached(inTurn(numbered({ "cache-control": fields, etag: '"a"' }), failure), options);
  await cache.get();
  await cache.clock.advance(seconds * 1000);
  return cache;
}

Deno.test("RFC 9111 4.2.4: a stale answer stands in when the network is gone, and says so", async () => {
  const cache = await failing("max-age=60", 100);
  const { status, text, headers, info } = await cache.get();
  assertEquals([status, text], [200, "answer 1"]);
  assertEquals(headers.get("cache-status"), "civikit; fwd=stale; ttl=-40; detail=connect_failed");
  assertEquals(info, { result: "stale", ageMs: 100_000, reason: "connect_failed" });
  assertEquals(cache.events.at(-1), { type: "cache", url: site, result: "stale" });
});

Deno.test("RFC 9111 4.2.4: a fetch's own TypeError counts as a network failure", async () => {
  const cache = await failing("max-age=60", 100, () => {
    throw new TypeError("error sending request");
  });
  assertEquals((await cache.get()).info?.reason, "network_error");
});

Deno.test("RFC 9111 5.2.2.2: where stale use is forbidden, a network failure is a 504, or the failure itself", async () => {
  for (const word of ["must-revalidate", "no-cache"]) {
    const cache = await failing(`max-age=60, ${word}`, 100);
    const { status, headers } = await cache.get();
    assertEquals([status, headers.get("cache-status")], [504, "civikit; fwd=stale; detail=connect_failed"]);
    const throwing = await failing(`max-age=60, ${word}`, 100, broken, { onForbiddenStale: "throw" });
    await assertRejects(() => throwing.get(), NetworkError);
  }
});

Deno.test("RFC 9111 5.2.2.8: proxy-revalidate and s-maxage forbid stale use to a shared cache alone", async () => {
  for (const fields of ["max-age=60, proxy-revalidate", "s-maxage=60, max-age=60"]) {
    assertEquals((await (await failing(fields, 100)).get()).status, 200);
    assertEquals((await (await failing(fields, 100, broken, { shared: true })).get()).status, 504);
  }
});

Deno.test("RFC 5861 4: stale-if-error limits how long, of the response and of the request", async () => {
  assertEquals((await (await failing("max-age=60, stale-if-error=30", 80)).get()).status, 200);
  const late = await failing("max-age=60, stale-if-error=30", 100);
  await assertRejects(() => late.get(), NetworkError);
  assertEquals((await late.get({ headers: { "cache-control": "stale-if-error=60" } })).status, 200);
});

Deno.test("RFC 5861 4: an origin that answers 500, 502, 503, 504 or 52x has failed, one that answers 4xx has not", async () => {
  for (const status of [500, 502, 503, 504, 520, 524, 530]) {
    const cache = await failing("max-age=60", 100, () => new Response("sorry", { status }));
    const { text, info } = await cache.get();
    assertEquals([text, info?.reason], ["answer 1", `status_${status}`]);
  }
  for (const status of [404, 429, 501]) {
    assertEquals(
      (await (await failing("max-age=60", 100, () => new Response("sorry", { status }))).get()).status,
      status,
    );
  }
});

Deno.test("staleIfErrorMs: 0 turns standing in off, and a no-cache request does not want it", async () => {
  const off = await failing("max-age=60", 100, broken, { staleIfErrorMs: 0 });
  await assertRejects(() => off.get(), NetworkError);
  const on = await failing("max-age=60", 100);
  await assertRejects(() => on.get({ headers: { "cache-control": "no-cache" } }), NetworkError);
});

Deno.test("a caller's own abort is no network failure", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const cache = await failing("max-age=60", 100, (request) => {
    controller.abort(reason);
    throw request.signal.reason;
  });
  const error = await assertRejects(() => cache.get({ signal: controller.signal }));
  assertStrictEquals(error, reason);
});

Deno.test("a HEAD is answered from the store when the network is gone", async () => {
  const cache = await failing("max-age=60", 100);
  assertEquals((await cache.get({ method: "HEAD" })).info?.result, "stale");
});

Deno.test("a body that breaks off while a stale answer is validated makes that answer stand in", async () => {
  const cache = await failing("max-age=60", 100, () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new NetworkError("reading: reset", { code: "connection_reset", url: site }));
      },
    });
    return new Response(body, { headers: { "content-length": "10", "cache-control": "max-age=60" } });
  });
  assertEquals((await cache.get()).info?.reason, "connection_reset");
});

Deno.test("RFC 5861 3: stale-while-revalidate answers at once and refreshes behind, once", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  const fields = { "cache-control": "max-age=60, stale-while-revalidate=60", etag: '"a"' };
  const cache = cached(inTurn(numbered(fields), async () => {
    await held;
    return new Response("newer", { headers: fields });
  }));
  await cache.get();
  await cache.clock.advance(100_000);
  const first = await cache.get();
  const second = await cache.get();
  assertEquals([first.text, first.info?.result, second.text, cache.seen.length], ["answer 1", "stale", "answer 1", 2]);
  assertEquals(cache.seen[1]!.headers.get("if-none-match"), '"a"');
  release();
  while ((await cache.get()).text !== "newer") await settle();
  assertEquals([(await cache.get()).info?.result, cache.seen.length], ["hit", 2]);
});

Deno.test("RFC 5861 3: the refresh goes on when the caller aborts, and its failure stays behind", async () => {
  const fields = { "cache-control": "max-age=60, stale-while-revalidate=600" };
  const controller = new AbortController();
  const cache = cached(inTurn(numbered(fields), broken, numbered(fields)));
  await cache.get();
  await cache.clock.advance(100_000);
  await cache.get({ signal: controller.signal });
  controller.abort();
  await settle();
  assertEquals(cache.seen[1]!.signal.aborted, false);
  await cache.get();
  await settle();
  assertEquals((await cache.get()).text, "answer 3");
});

Deno.test("RFC 5861 3: past its window a stale answer is validated first", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60, stale-while-revalidate=30" }));
  await cache.get();
  await cache.clock.advance(90_000);
  assertEquals((await cache.get()).text, "answer 2");
});

Deno.test("RFC 5861 3: must-revalidate goes before stale-while-revalidate", async () => {
  const cache = cached(numbered({ "cache-control": "max-age=60, stale-while-revalidate=90, must-revalidate" }));
  await cache.get();
  await cache.clock.advance(70_000);
  assertEquals((await cache.get()).text, "answer 2");
});
