import { assertEquals, assertFalse, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError, isCode, NetworkError } from "../../../transport/errors/errors.ts";
import { breaker, type BreakerOptions, type Circuit } from "../../../transport/mod.ts";
import { type FakeClock, fakeClock } from "../../_support/clock.ts";
import { type Answer, fate, script, watched } from "./_stub.ts";

const url = "https://a.example/x?token=abc";
const get = (init: RequestInit = {}) => new Request(url, init);
const bad = () => new Response(null, { status: 500 });
const good = () => new Response("ok");
const reset = new NetworkError("GET: reset", { code: "connection_reset", url: "https://a.example/x?[redacted]" });

function setUp(options: BreakerOptions, ...answers: Answer[]) {
  const clock: FakeClock = fakeClock();
  const circuits = new Map<string, Circuit>();
  const origin = script(...answers);
  const client = watched(origin, breaker({ clock, circuits, ...options }));
  const ask = async (times: number) => {
    for (let call = 0; call < times; call++) await client.fetch(get()).catch(() => {});
  };
  return { clock, circuits, origin, client, ask };
}

Deno.test("breaker() refuses at once after the failures, saying when it tries again", async () => {
  const { origin, client, circuits, ask } = setUp({}, bad);
  await ask(4);
  assertEquals(circuits.get("a.example")?.state, "closed");
  await ask(1);
  assertEquals(circuits.get("a.example")?.state, "open");
  const error = await assertRejects(() => client.fetch(get()), NetworkError);
  assertEquals(error.code, "circuit_open");
  assertEquals(
    error.message,
    `GET "https://a.example/x?[redacted]": not sent, a.example keeps failing, next trial in 30 s`,
  );
  assertEquals(origin.requests.length, 5);
  assertEquals(client.events, [{ type: "circuit", host: "a.example", state: "open" }]);
});

Deno.test("breaker() closes again after one good trial", async () => {
  const { clock, client, circuits, ask } = setUp({ failures: 2 }, reset, reset, good);
  await ask(2);
  await clock.advance(29_999);
  await assertRejects(() => client.fetch(get()), NetworkError, "not sent");
  await clock.advance(1);
  assertEquals((await client.fetch(get())).status, 200);
  assertEquals(client.events.map((event) => event.type === "circuit" && event.state), ["open", "half-open", "closed"]);
  assertEquals(circuits.size, 0);
});

Deno.test("breaker() opens again after one bad trial", async () => {
  const { clock, origin, client, circuits, ask } = setUp({ failures: 2 }, bad);
  await ask(2);
  await clock.advance(30_000);
  await ask(1);
  assertEquals([origin.requests.length, circuits.get("a.example")?.state], [3, "open"]);
  await assertRejects(() => client.fetch(get()), NetworkError, "next trial in 30 s");
});

Deno.test("breaker() lets a single trial through at a time", async () => {
  const trial = Promise.withResolvers<Response>();
  const { clock, origin, client, ask } = setUp({ failures: 1 }, bad, () => trial.promise, good);
  await ask(1);
  await clock.advance(30_000);
  const first = client.fetch(get());
  await assertRejects(() => client.fetch(get()), NetworkError, "a trial is under way");
  assertEquals(origin.requests.length, 2);
  trial.resolve(good());
  await first;
  assertEquals((await client.fetch(get())).status, 200);
});

Deno.test("breaker() allows another trial when the caller aborts the first", async () => {
  const caller = new AbortController();
  const { clock, client, ask } = setUp(
    { failures: 1 },
    bad,
    (request) =>
      new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason))),
    good,
  );
  await ask(1);
  await clock.advance(30_000);
  const first = fate(client.fetch(get({ signal: caller.signal })));
  const reason = new Error("mine");
  caller.abort(reason);
  await clock.advance(0);
  assertStrictEquals(first.error, reason);
  assertEquals((await client.fetch(get())).status, 200);
});

Deno.test("breaker() counts neither 4xx nor aborts, refused redirects or bad input", async () => {
  const redirect = new NetworkError("GET", { code: "redirect_loop", url: "https://a.example/x" });
  const input = new InputError("bad", { code: "invalid_config", input: "x" });
  for (
    const answer of [
      () => new Response(null, { status: 404 }),
      () => new Response(null, { status: 429 }),
      redirect,
      input,
    ]
  ) {
    const { circuits, ask } = setUp({ failures: 1 }, answer);
    await ask(3);
    assertEquals(circuits.size, 0);
  }
  const { circuits, client } = setUp({ failures: 1 }, reset);
  await client.fetch(get({ signal: AbortSignal.abort() })).catch(() => {});
  assertEquals(circuits.size, 0);
});

Deno.test("breaker() counts failures among the last calls only", async () => {
  const { circuits, ask } = setUp({ failures: 2, window: 3 }, bad, good, good, bad, good, bad);
  await ask(5);
  assertEquals(circuits.get("a.example")?.state, "closed");
  await ask(1);
  assertEquals(circuits.get("a.example")?.state, "open");
});

Deno.test("breaker() keeps hosts apart, ports included", async () => {
  const { client, ask } = setUp({ failures: 1 }, bad, good);
  await ask(1);
  assertEquals((await client.fetch(new Request("https://a.example:8443/"))).status, 200);
  assertEquals((await client.fetch(new Request("https://b.example/"))).status, 200);
});

Deno.test("breaker() does not hold a redirect target's failure against the host", async () => {
  const elsewhere = new NetworkError("GET", { code: "connect_failed", url: "https://storage.example/f" });
  const { circuits, ask } = setUp({ failures: 1 }, elsewhere);
  await ask(2);
  assertEquals(circuits.size, 0);
});

Deno.test("breaker() ignores latecomers that started before it opened", async () => {
  const late = Promise.withResolvers<Response>();
  const { circuits, client, ask } = setUp({ failures: 1 }, () => late.promise, bad);
  const slow = client.fetch(get());
  await ask(1);
  late.resolve(good());
  await slow;
  assertEquals(circuits.get("a.example")?.state, "open");
});

Deno.test("breaker() hands over answers and errors untouched", async () => {
  const answer = good();
  assertStrictEquals(await setUp({}, answer).client.fetch(get()), answer);
  assertStrictEquals(await assertRejects(() => setUp({}, reset).client.fetch(get())), reset);
  assertFalse(isCode(reset, "circuit_open"));
});

Deno.test("breaker() refuses options out of range, by name", () => {
  assertThrows(() => breaker({ failures: 11 }), RangeError, "option failures: 11");
  assertThrows(() => breaker({ window: 31 }), RangeError, "window");
  assertThrows(() => breaker({ openMs: -1 }), RangeError, "openMs");
});
