import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLessOrEqual,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { type HostLimit, rateLimit, type RateLimitOptions, retry } from "../../../transport/mod.ts";
import { compose } from "../../../transport/compose.ts";
import { HttpError } from "../../../transport/errors/errors.ts";
import { fakeClock } from "../../_support/clock.ts";
import { randomFrom } from "../../_origin/mod.ts";
import { type Answer, fate, script, watched } from "./_stub.ts";

const host = "a.example";
const get = (init: RequestInit = {}) => new Request(`https://${host}/`, init);
const good = () => new Response("ok");
const status = (status: number, headers: HeadersInit = {}) => () => new Response(null, { status, headers });

function setUp(options: RateLimitOptions, ...answers: Answer[]) {
  const clock = fakeClock();
  const hosts = new Map<string, HostLimit>();
  const origin = script(...answers);
  return { clock, hosts, origin, client: watched(origin, rateLimit({ clock, hosts, ...options })) };
}

/** An origin whose answers are given by hand, in order of arrival. */
function byHand() {
  const open: PromiseWithResolvers<Response>[] = [];
  const answer = () => {
    const pending = Promise.withResolvers<Response>();
    open.push(pending);
    return pending.promise;
  };
  return { open, answer };
}

Deno.test("rateLimit() passes answers on untouched and asks no clock when nothing waits", async () => {
  const answer = new Response("ok");
  const { client, clock } = setUp({}, answer);
  assertStrictEquals(await client.fetch(get()), answer);
  assertEquals([client.events, clock.timers], [[], 0]);
});

Deno.test("rateLimit() that does not adapt leaves a refusal to the request that met it", async () => {
  const { client, hosts, origin } = setUp({ adapt: false, concurrency: 4 }, status(429, { "retry-after": "60" }), good);
  assertEquals((await client.fetch(get())).status, 429);
  assertEquals((await client.fetch(get())).status, 200);
  assertEquals([origin.requests.length, hosts.get(host)?.limit, client.events], [2, 4, []]);
});

Deno.test("rateLimit() lets no more than concurrency wait for headers, first come first", async () => {
  const { open, answer } = byHand();
  const { clock, hosts, origin, client } = setUp({ concurrency: 2 }, answer);
  const urls = [1, 2, 3, 4].map((n) => `https://${host}/${n}`);
  const calls = urls.map((url) => fate(client.fetch(new Request(url))));
  await clock.advance(0);
  assertEquals([open.length, hosts.get(host)?.active, hosts.get(host)?.queue.size], [2, 2, 2]);
  await clock.advance(250);
  open[1]!.resolve(good());
  await clock.advance(0);
  assertEquals(origin.requests.map((request) => request.url), urls.slice(0, 3));
  assertEquals(client.events, [{ type: "queue", host, waitMs: 250 }]);
  open[0]!.reject(new Error("broken"));
  await clock.advance(0);
  assertEquals(origin.requests.map((request) => request.url), urls);
  open.slice(2).forEach(({ resolve }) => resolve(good()));
  await clock.advance(0);
  assert(calls.every(({ done }) => done));
  assertEquals(hosts.get(host)?.active, 0);
});

Deno.test("rateLimit() frees a place when headers arrive, not when the body ends", async () => {
  const { client, origin } = setUp({ concurrency: 1 }, () => new Response(new ReadableStream()));
  for (let call = 0; call < 3; call++) await client.fetch(get());
  assertEquals(origin.requests.length, 3);
});

Deno.test("rateLimit() keeps hosts apart", async () => {
  const { open, answer } = byHand();
  const { clock, client } = setUp({ concurrency: 1 }, answer);
  for (const url of ["https://a.example/", "https://b.example/", "https://a.example:8443/"]) {
    fate(client.fetch(new Request(url)));
  }
  await clock.advance(0);
  assertEquals(open.length, 3);
});

Deno.test("rateLimit() spends a burst, then keeps the pace of perSecond", async () => {
  const { clock, origin, client } = setUp({ perSecond: 4, burst: 3, concurrency: 100 }, good);
  for (let call = 0; call < 7; call++) fate(client.fetch(get()));
  await clock.advance(0);
  assertEquals(origin.requests.length, 3);
  for (const expected of [4, 5, 6, 7]) {
    await clock.advance(249);
    assertEquals(origin.requests.length, expected - 1);
    await clock.advance(1);
    assertEquals(origin.requests.length, expected);
  }
  assertEquals(clock.timers, 0);
});

Deno.test("rateLimit() keeps requestDelayMs between two starts", async () => {
  const { clock, origin, client } = setUp({ requestDelayMs: 1000 }, good);
  for (let call = 0; call < 3; call++) fate(client.fetch(get()));
  await clock.advance(999);
  assertEquals(origin.requests.length, 1);
  await clock.advance(1);
  assertEquals(origin.requests.length, 2);
  await clock.advance(1000);
  assertEquals(origin.requests.length, 3);
});

Deno.test("rateLimit() pauses the whole host for Retry-After and halves its concurrency", async () => {
  for (const [code, value] of [[429, "3"], [503, "Thu, 01 Jan 2026 00:00:03 GMT"]] as const) {
    const { clock, hosts, origin, client } = setUp({}, status(code, { "retry-after": value }), good);
    assertEquals((await client.fetch(get())).status, code);
    assertEquals(client.events, [{ type: "limit", host, limit: 4, pauseMs: 3000 }]);
    const calls = Array.from({ length: 6 }, () => fate(client.fetch(get())));
    await clock.advance(2999);
    assertEquals(origin.requests.length, 1);
    await clock.advance(1);
    assert(calls.every(({ done }) => done));
    assertEquals(hosts.get(host)?.limit, 4);
  }
});

Deno.test("rateLimit() takes a 503 without Retry-After for what it is", async () => {
  const { client, hosts } = setUp({}, status(503));
  await client.fetch(get());
  assertEquals([hosts.get(host)?.limit, client.events], [8, []]);
});

Deno.test("rateLimit() pauses 5 s, then 10, up to a minute, when a 429 does not say", async () => {
  const { clock, client, hosts } = setUp({}, status(429));
  const pauses = [];
  for (let call = 0; call < 6; call++) {
    await client.fetch(get());
    const pause = hosts.get(host)!.pausedUntil - clock.now();
    pauses.push(pause);
    await clock.advance(pause);
  }
  assertEquals(pauses, [5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  assertEquals(hosts.get(host)?.limit, 1);
});

Deno.test("rateLimit() halves once for refusals of the same moment", async () => {
  const { open, answer } = byHand();
  const { clock, hosts, client } = setUp({}, answer);
  for (let call = 0; call < 8; call++) fate(client.fetch(get()));
  await clock.advance(0);
  for (const { resolve } of open) resolve(status(429, { "retry-after": "2" })());
  await clock.advance(0);
  assertEquals([hosts.get(host)?.limit, hosts.get(host)?.active], [4, 0]);
});

Deno.test("rateLimit() comes back step by step", async () => {
  const { clock, client, hosts } = setUp({ recoverAfter: 3 }, status(429, { "retry-after": "1" }), good);
  await client.fetch(get());
  await clock.advance(1000);
  const limits = [];
  for (let call = 0; call < 15; call++) {
    await client.fetch(get());
    limits.push(hosts.get(host)?.limit);
  }
  assertEquals(limits, [4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 8]);
});

Deno.test("rateLimit() lets a caller who aborts leave the queue", async () => {
  const { open, answer } = byHand();
  const { clock, hosts, origin, client } = setUp({ concurrency: 1 }, answer);
  fate(client.fetch(get()));
  const caller = new AbortController();
  const reason = new Error("mine");
  const leaver = fate(client.fetch(get({ signal: caller.signal })));
  const stayer = fate(client.fetch(get()));
  caller.abort(reason);
  await clock.advance(0);
  assertStrictEquals(leaver.error, reason);
  assertEquals(hosts.get(host)?.queue.size, 1);
  open[0]!.resolve(good());
  await clock.advance(0);
  open[1]!.resolve(good());
  await clock.advance(0);
  assertEquals([stayer.done, origin.requests.length], [true, 2]);
});

Deno.test("rateLimit() arms no timer for an empty queue", async () => {
  const { clock, client } = setUp({ perSecond: 1 }, good);
  await client.fetch(get());
  const caller = new AbortController();
  const waiting = fate(client.fetch(get({ signal: caller.signal })));
  await clock.advance(0);
  assertEquals(clock.timers, 1);
  caller.abort();
  await clock.advance(0);
  assertEquals([clock.timers, waiting.done], [0, true]);
});

Deno.test("rateLimit() inside retry() waits once for a Retry-After, and nobody is stuck", async () => {
  const clock = fakeClock();
  let refusals = 4;
  const origin = script(() => refusals-- > 0 ? status(429, { "retry-after": "2" })() : good());
  const client = compose(origin, retry({ clock }), rateLimit({ clock, concurrency: 2 }));
  const calls = Array.from({ length: 6 }, () => fate(client.fetch(get())));
  await clock.advance(8000);
  assertEquals(calls.map(({ value }) => value?.status), Array(6).fill(200));
  assertEquals(clock.timers, 0);
});

Deno.test("rateLimit() refuses options out of range, by name", () => {
  assertThrows(() => rateLimit({ concurrency: 0 }), RangeError, "option concurrency: 0");
  assertThrows(() => rateLimit({ perSecond: 0 }), RangeError, "perSecond");
  assertThrows(() => rateLimit({ burst: 0.5 }), RangeError, "burst");
  assertThrows(() => rateLimit({ requestDelayMs: -1 }), RangeError, "requestDelayMs");
  assertThrows(() => rateLimit({ recoverAfter: 0 }), RangeError, "recoverAfter");
});

Deno.test("rateLimit() never passes its limits, starves nobody and leaves no hole, whatever happens", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomFrom(seed);
    const clock = fakeClock();
    const hosts = new Map<string, HostLimit>();
    const concurrency = 1 + Math.floor(random() * 6);
    const perSecond = 5 + Math.floor(random() * 50);
    const burst = 1 + Math.floor(random() * 5);
    const starts: number[] = [];
    const order: number[] = [];
    let active = 0;
    let most = 0;
    const origin = {
      fetch(request: Request) {
        starts.push(clock.now());
        order.push(Number(request.headers.get("x-n")));
        most = Math.max(most, ++active);
        assertLessOrEqual(active, hosts.get(host)!.active, `seed ${seed}`);
        const what = random();
        return new Promise<Response>((resolve, reject) => {
          clock.after(random() * 200, () => {
            active--;
            if (what < 0.05) resolve(status(429, { "retry-after": "1" })());
            else if (what < 0.1) reject(new Error("broken"));
            else resolve(good());
          });
        });
      },
    };
    const client = watched(origin, rateLimit({ clock, hosts, concurrency, perSecond, burst }));
    const fates: ReturnType<typeof fate>[] = [];
    const aborted = new Set<number>();
    for (let n = 0; n < 60; n++) {
      const caller = new AbortController();
      fates.push(fate(client.fetch(get({ headers: { "x-n": String(n) }, signal: caller.signal }))));
      if (random() < 0.2) {
        clock.after(random() * 400, () => {
          if (!order.includes(n)) aborted.add(n);
          caller.abort(new Error("mine"));
        });
      }
      if (random() < 0.2) await clock.advance(random() * 50);
    }
    await clock.advance(300_000);
    assert(fates.every(({ done }) => done), `seed ${seed}: somebody starved`);
    assertLessOrEqual(most, concurrency, `seed ${seed}`);
    assertEquals(order, [...order].sort((a, b) => a - b), `seed ${seed}: out of turn`);
    assertEquals(order.length + aborted.size, 60, `seed ${seed}`);
    for (let index = burst; index < starts.length; index++) {
      const spanMs = starts[index]! - starts[index - burst]!;
      assertGreaterOrEqual(spanMs + 1e-3, 1000 / perSecond, `seed ${seed}: faster than the bucket`);
    }
    const state = hosts.get(host)!;
    assertEquals([state.active, state.queue.size, clock.timers], [0, 0, 0], `seed ${seed}`);
  }
});

for (const asked of ["121", "86400", "99999999999", "Fri, 02 Jan 2026 00:00:00 GMT"]) {
  Deno.test(`rateLimit() refuses who comes while a host asks for a pause of ${asked}, and keeps nobody waiting`, async () => {
    const { clock, origin, client } = setUp({}, status(429, { "retry-after": asked }), good);
    assertEquals((await client.fetch(get())).status, 429);
    const second = fate(client.fetch(new Request(`https://${host}/b?token=abc`)));
    await clock.advance(0);
    assertInstanceOf(second.error, HttpError);
    const { code, status: statusCode, retryAfterMs, message, url } = second.error;
    assertEquals([code, statusCode, url], ["rate_limited", 429, `https://${host}/b?[redacted]`]);
    assertGreaterOrEqual(retryAfterMs!, 121_000);
    assert(message.includes(`"${url}": not sent, ${host} asked for a pause of another `), message);
    assertEquals([origin.requests.length, clock.timers], [1, 0]);
    assertEquals((await client.fetch(new Request("https://b.example/"))).status, 200);
  });
}

Deno.test("rateLimit() refuses those who wait already when the host asks for a longer pause than they wait for", async () => {
  const { open, answer } = byHand();
  const { clock, hosts, client } = setUp({ concurrency: 2 }, answer);
  const calls = Array.from({ length: 5 }, () => fate(client.fetch(get())));
  await clock.advance(0);
  open[0]!.resolve(status(429, { "retry-after": "3600" })());
  await clock.advance(0);
  for (const { error } of calls.slice(2)) {
    assertInstanceOf(error, HttpError);
    assertEquals([error.code, error.retryAfterMs], ["rate_limited", 3_600_000]);
  }
  assertEquals([hosts.get(host)!.queue.size, open.length], [0, 2]);
  open[1]!.resolve(good());
  await clock.advance(0);
  assertEquals([calls[1]!.value?.status, clock.timers], [200, 0]);
});

Deno.test("rateLimit() lets requests wait again when no more than maxRetryAfterMs is left of a long pause", async () => {
  const { clock, origin, client } = setUp({ maxRetryAfterMs: 10_000 }, status(429, { "retry-after": "60" }), good);
  await client.fetch(get());
  await clock.advance(49_999);
  const early = fate(client.fetch(get()));
  await clock.advance(1);
  assertInstanceOf(early.error, HttpError);
  const late = fate(client.fetch(get()));
  await clock.advance(9_999);
  assertEquals([late.done, origin.requests.length], [false, 1]);
  await clock.advance(1);
  assertEquals([late.value?.status, origin.requests.length], [200, 2]);
});

Deno.test("rateLimit() tells each request that has to wait for a pause how long, before it waits", async () => {
  const { open, answer } = byHand();
  const { clock, client } = setUp({ concurrency: 1 }, answer);
  const calls = Array.from({ length: 2 }, () => fate(client.fetch(get())));
  await clock.advance(0);
  open[0]!.resolve(status(429, { "retry-after": "20" })());
  await clock.advance(0);
  calls.push(fate(client.fetch(get())));
  const waits = () => client.events.filter(({ type }) => type === "wait");
  assertEquals(waits(), Array(2).fill({ type: "wait", host, waitMs: 20_000 }));
  await clock.advance(20_000);
  open[1]!.resolve(good());
  await clock.advance(0);
  open[2]!.resolve(good());
  await clock.advance(0);
  assertEquals([calls.map(({ value }) => value?.status), waits().length], [[429, 200, 200], 2]);
});

Deno.test("rateLimit() and retry() do not ask a host again that asked for a long pause", async () => {
  const clock = fakeClock();
  const origin = script(status(429, { "retry-after": "86400" }), good);
  const client = watched(origin, retry({ clock }), rateLimit({ clock }));
  assertEquals((await client.fetch(get())).status, 429);
  const second = fate(client.fetch(get()));
  await clock.advance(0);
  assertInstanceOf(second.error, HttpError);
  assertEquals([origin.requests.length, clock.timers, second.error.code], [1, 0, "rate_limited"]);
});
