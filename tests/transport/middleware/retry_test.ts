import { assertAlmostEquals, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { NetworkError } from "../../../transport/errors/errors.ts";
import { retry, retryBudget, type RetryOptions } from "../../../transport/mod.ts";
import { fakeClock } from "../../_support/clock.ts";
import { fate, script, silentBody, watched } from "./_stub.ts";

const url = "https://civitai.com/api/v1/models";
const get = () => new Request(url);
const status = (status: number, headers: HeadersInit = {}) => () => new Response("x", { status, headers });
const reset = new NetworkError("GET: reset", { code: "connection_reset", url });

Deno.test("retry() hands over the very same good response", async () => {
  const good = new Response("ok");
  assertStrictEquals(await watched(script(good), retry()).fetch(get()), good);
});

Deno.test("retry() waits exactly as Retry-After says, in seconds and as a date", async () => {
  for (
    const value of [
      "7",
      "Thu, 01 Jan 2026 00:00:07 GMT",
      "Thursday, 01-Jan-26 00:00:07 GMT",
      "Thu Jan  1 00:00:07 2026",
    ]
  ) {
    const clock = fakeClock();
    const origin = script(status(429, { "retry-after": value }), status(200));
    const client = watched(origin, retry({ clock, random: () => 0.99 }));
    const call = client.fetch(get());
    await clock.advance(6999);
    assertEquals(origin.requests.length, 1, value);
    await clock.advance(1);
    assertEquals(origin.requests.length, 2, value);
    assertEquals((await call).status, 200);
    assertEquals(client.events, [{ type: "retry", url, attempt: 2, delayMs: 7000, code: "rate_limited", status: 429 }]);
  }
});

Deno.test("retry() falls back on its own waits when Retry-After is 0 or gone by", async () => {
  for (const value of ["0", "Wed, 31 Dec 2025 00:00:00 GMT"]) {
    const clock = fakeClock();
    const client = watched(
      script(status(503, { "retry-after": value }), status(200)),
      retry({ clock, random: () => 0 }),
    );
    const call = client.fetch(get());
    await clock.advance(500);
    assertEquals((await call).status, 200);
  }
});

Deno.test("retry() spreads its waits by decorrelated jitter, within the cap", async () => {
  const clock = fakeClock();
  const client = watched(
    script(status(502)),
    retry({ max: 5, delayMs: 100, maxDelayMs: 2000, clock, random: () => 0.999999 }),
  );
  const call = client.fetch(get());
  await clock.advance(60_000);
  await call;
  const waits = client.events.map((event) => event.type === "retry" ? event.delayMs : NaN);
  [300, 900, 2000, 2000, 2000].forEach((expected, index) => assertAlmostEquals(waits[index]!, expected, 1));

  const low = watched(script(status(502)), retry({ max: 3, delayMs: 100, clock, random: () => 0 }));
  const lowCall = low.fetch(get());
  await clock.advance(300);
  await lowCall;
  assertEquals(low.events.map((event) => event.type === "retry" ? event.delayMs : NaN), [100, 100, 100]);
});

Deno.test("retry() repeats exactly the statuses that may pass", async () => {
  const again = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527];
  const never = [300, 304, 400, 401, 403, 404, 405, 409, 410, 412, 416, 418, 451, 499, 501, 505, 528, 530];
  for (const code of [...again, ...never]) {
    const origin = script(() => new Response(null, { status: code }), status(200));
    await watched(origin, retry({ delayMs: 0 })).fetch(get());
    assertEquals(origin.requests.length, again.includes(code) ? 2 : 1, String(code));
  }
});

Deno.test("retry() repeats network errors that may pass, and no others", async () => {
  for (const code of ["dns_failed", "connect_failed", "connection_reset", "network_error", "header_timeout"] as const) {
    const origin = script(new NetworkError("GET", { code, url }), status(200));
    assertEquals((await watched(origin, retry({ delayMs: 0 })).fetch(get())).status, 200, code);
  }
  for (const code of ["tls_failed", "circuit_open", "redirect_loop", "redirect_insecure", "total_timeout"] as const) {
    const origin = script(new NetworkError("GET", { code, url }), status(200));
    await assertRejects(() => watched(origin, retry({ delayMs: 0 })).fetch(get()), NetworkError);
    assertEquals(origin.requests.length, 1, code);
  }
  const bug = script(new TypeError("a bug"), status(200));
  await assertRejects(() => watched(bug, retry({ delayMs: 0 })).fetch(get()), TypeError, "a bug");
  assertEquals(bug.requests.length, 1);
});

Deno.test("retry() repeats idempotent methods only, unless told so", async () => {
  for (
    const [method, calls] of [["GET", 2], ["HEAD", 2], ["OPTIONS", 2], ["PUT", 2], ["DELETE", 2], ["POST", 1], [
      "PATCH",
      1,
    ]] as const
  ) {
    const origin = script(status(503), status(200));
    await watched(origin, retry({ delayMs: 0 })).fetch(new Request(url, { method }));
    assertEquals(origin.requests.length, calls, method);
  }
  const origin = script(status(503), status(200));
  await watched(origin, retry({ delayMs: 0, methods: ["POST"] })).fetch(new Request(url, { method: "POST" }));
  assertEquals(origin.requests.length, 2);
});

Deno.test("retry() sends a JSON body again, whole", async () => {
  const seen: string[] = [];
  const origin = script(
    async (request) => (seen.push(await request.text()), new Response(null, { status: 503 })),
    async (request) => (seen.push(await request.text()), new Response("ok")),
  );
  const headers = { "content-type": "application/json" };
  const request = new Request(url, { method: "PUT", headers, body: `["A"]` });
  assertEquals((await watched(origin, retry({ delayMs: 0 })).fetch(request)).status, 200);
  assertEquals(seen, [`["A"]`, `["A"]`]);
});

Deno.test("retry() never repeats a body that streams", async () => {
  const origin = script(status(503), status(200));
  const body = new Blob(["abc"]).stream();
  const response = await watched(origin, retry({ delayMs: 0 })).fetch(new Request(url, { method: "PUT", body }));
  assertEquals([response.status, origin.requests.length], [503, 1]);
});

Deno.test("retry() returns the last answer unread and throws the last error itself", async () => {
  const origin = script(status(500), status(502), () => new Response("still down", { status: 503 }));
  const response = await watched(origin, retry({ max: 2, delayMs: 0 })).fetch(get());
  assertEquals([response.status, await response.text(), origin.requests.length], [503, "still down", 3]);
  const error = await assertRejects(() => watched(script(reset), retry({ max: 1, delayMs: 0 })).fetch(get()));
  assertStrictEquals(error, reset);
});

Deno.test("retry() cancels the body of every answer it drops", async () => {
  const dropped = silentBody();
  const origin = script(new Response(dropped.stream, { status: 503 }), status(200));
  await watched(origin, retry({ delayMs: 0 })).fetch(get());
  assertEquals(dropped.cancelled, true);
});

Deno.test("retry() gives up at once when the wait would pass the deadline", async () => {
  const clock = fakeClock();
  const origin = script(status(429, { "retry-after": "10" }));
  const response = await watched(origin, retry({ clock, deadlineMs: 9999 })).fetch(get());
  assertEquals([response.status, origin.requests.length, clock.now()], [429, 1, 0]);
});

Deno.test("retry() counts the deadline from the start of the call", async () => {
  const clock = fakeClock();
  const origin = script(status(503, { "retry-after": "4" }));
  const call = watched(origin, retry({ clock, deadlineMs: 10_000, max: 9 })).fetch(get());
  await clock.advance(60_000);
  assertEquals((await call).status, 503);
  assertEquals(origin.requests.length, 3);
});

Deno.test("retry() gives up at once on a Retry-After longer than maxRetryAfterMs", async () => {
  const origin = script(status(429, { "retry-after": "121" }));
  const response = await watched(origin, retry({ clock: fakeClock() })).fetch(get());
  assertEquals([response.status, origin.requests.length], [429, 1]);
});

Deno.test("retry() asks isPermanent, with its clock, before it waits", async () => {
  const clock = fakeClock();
  const asked: unknown[] = [];
  const isPermanent = (response: Response, given: unknown) => {
    asked.push(response.status, given);
    return Promise.resolve(true);
  };
  const origin = script(status(429), status(200));
  const response = await watched(origin, retry({ clock, isPermanent })).fetch(get());
  assertEquals([response.status, origin.requests.length, clock.now()], [429, 1, 0]);
  assertStrictEquals(asked[1], clock);
});

Deno.test("retry() rethrows the caller's reason, while asking and while waiting", async () => {
  const reason = new Error("mine");
  const asking = new AbortController();
  const origin = script(() => {
    asking.abort(reason);
    throw reset;
  });
  const first = await assertRejects(() => watched(origin, retry()).fetch(new Request(url, { signal: asking.signal })));
  assertStrictEquals(first, reason);
  assertEquals(origin.requests.length, 1);

  const clock = fakeClock();
  const waiting = new AbortController();
  const call = fate(watched(script(status(503)), retry({ clock })).fetch(new Request(url, { signal: waiting.signal })));
  await clock.advance(10);
  waiting.abort(reason);
  await clock.advance(0);
  assertStrictEquals(call.error, reason);
  assertEquals(clock.timers, 0);
});

Deno.test("retry() stops when the shared budget is empty", async () => {
  const clock = fakeClock();
  const budget = retryBudget({ ratio: 0, minPerSecond: 0.2, clock });
  const origin = script(status(503));
  const one = watched(origin, retry({ budget, clock, delayMs: 0, max: 1 }));
  const other = watched(origin, retry({ budget, clock, delayMs: 0, max: 1 }));
  const calls = Promise.all([one.fetch(get()), other.fetch(get()), one.fetch(get()), other.fetch(get())]);
  await clock.advance(1);
  await calls;
  assertEquals(origin.requests.length, 4 + 2);
});

Deno.test("retryBudget() earns a retry for every five requests and forgets after ttlMs", () => {
  const clock = { ...fakeClock(), at: 0, now: () => clock.at };
  const budget = retryBudget({ minPerSecond: 0, clock });
  assertEquals(budget.withdraw(), false);
  for (let call = 0; call < 5; call++) budget.deposit();
  assertEquals([budget.withdraw(), budget.withdraw()], [true, false]);
  for (let call = 0; call < 5; call++) budget.deposit();
  clock.at = 9000;
  assertAlmostEquals(budget.available, 1, 1e-9);
  clock.at = 10_000;
  assertEquals(budget.available, 0);
  clock.at = 1e9;
  assertEquals(budget.available, 0);
});

Deno.test("retry() asks shouldRetry about everything that is not 2xx", async () => {
  const asked: unknown[] = [];
  const shouldRetry: RetryOptions["shouldRetry"] = ({ attempt, response }) =>
    asked.push([attempt, response?.status]) < 2;
  const origin = script(status(404));
  assertEquals((await watched(origin, retry({ delayMs: 0, shouldRetry })).fetch(get())).status, 404);
  assertEquals(asked, [[1, 404], [2, 404]]);
});

Deno.test("retry() refuses options out of range, by name", () => {
  assertThrows(() => retry({ max: 21 }), RangeError, "option max: 21");
  assertThrows(() => retry({ max: 1.5 }), RangeError, "max");
  assertThrows(() => retry({ delayMs: -1 }), RangeError, "delayMs");
  assertThrows(() => retry({ maxDelayMs: 1 }), RangeError, "maxDelayMs");
  assertThrows(() => retry({ deadlineMs: NaN }), RangeError, "deadlineMs");
  assertThrows(() => retryBudget({ ratio: -1 }), RangeError, "ratio");
});

Deno.test("retry() repeats a request of any method that is said to read only, with its body", async () => {
  const bodies: string[] = [];
  const answer = (code: number) => async (request: Request) => {
    bodies.push(await request.text());
    return new Response(null, { status: code });
  };
  const isReading = ({ url }: Request) => url.endsWith("/look-up");
  for (const [path, asked] of [["look-up", 3], ["change", 1]] as const) {
    const origin = script(answer(503), answer(429), answer(200));
    const clock = fakeClock();
    const init = { method: "POST", body: `["${path}"]`, headers: { "content-type": "application/json" } };
    const call = watched(origin, retry({ clock, isReading })).fetch(new Request(`https://a.example/${path}`, init));
    await clock.advance(60_000);
    assertEquals([(await call).status, origin.requests.length], [asked === 3 ? 200 : 503, asked]);
  }
  assertEquals(bodies, [...Array(3).fill(`["look-up"]`), `["change"]`]);
});
