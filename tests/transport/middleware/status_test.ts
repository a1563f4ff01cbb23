import { assertEquals, assertFalse, assertRejects, assertStrictEquals } from "@std/assert";
import { HttpError } from "../../../transport/errors/errors.ts";
import { codeOfStatus } from "../../../transport/http/http_status.ts";
import { status } from "../../../transport/mod.ts";
import { fakeClock } from "../../_support/clock.ts";
import { fate, script, silentBody, watched } from "./_stub.ts";

const url = "https://civitai.com/api/v1/models";
const get = (headers: HeadersInit = {}) => new Request(url, { headers });

Deno.test("codeOfStatus() gives each status its code", () => {
  const expected = {
    400: "bad_request",
    401: "unauthorized",
    402: "client_error",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "client_error",
    410: "gone",
    412: "precondition_failed",
    416: "range_not_satisfiable",
    429: "rate_limited",
    451: "region_blocked",
    500: "internal_server_error",
    501: "server_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
    520: "cloudflare_error",
    523: "cloudflare_error",
    524: "cloudflare_timeout",
    527: "cloudflare_error",
    530: "server_error",
    300: "redirect_invalid",
    304: "protocol_violation",
  };
  for (const [status, code] of Object.entries(expected)) assertEquals(codeOfStatus(Number(status)), code, status);
});

Deno.test("status() passes 2xx as the same object", async () => {
  for (const code of [200, 204, 206]) {
    const good = new Response(null, { status: code });
    assertStrictEquals(await watched(script(good), status()).fetch(get()), good);
  }
});

Deno.test("status() passes a 304 to a conditional request, and only to one", async () => {
  const unchanged = () => new Response(null, { status: 304 });
  for (const name of ["if-none-match", "if-modified-since"]) {
    assertEquals((await watched(script(unchanged), status()).fetch(get({ [name]: "x" }))).status, 304);
  }
  const error = await assertRejects(() => watched(script(unchanged), status()).fetch(get()), HttpError);
  assertEquals(error.code, "protocol_violation");
});

Deno.test("status() throws status, code, redacted URL, text and Retry-After", async () => {
  const clock = fakeClock();
  const answer = () =>
    new Response(`{"error":"slow down","token":"abc123secret"}`, {
      status: 429,
      headers: { "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT", "content-type": "application/json" },
    });
  const client = watched(script(answer), status({ clock }));
  const error = await assertRejects(() => client.fetch(new Request(`${url}?token=abc123secret`)), HttpError);
  assertEquals([error.status, error.code, error.retryAfterMs], [429, "rate_limited", 30_000]);
  assertEquals(error.url, `${url}?[redacted]`);
  assertEquals(error.message, `GET "${url}?[redacted]": HTTP 429: slow down`);
  assertEquals(error.body.includes("slow down"), true);
  assertFalse(JSON.stringify(error).concat(Deno.inspect(error), error.body).includes("abc123secret"));
  assertEquals(clock.timers, 0);
});

Deno.test("status() lets classify refine the code, and decides itself when it does not", async () => {
  const answer = () => new Response("Early Access until Friday", { status: 403 });
  const classify = (_: Response, text: string) => text.startsWith("Early Access") ? "early_access" as const : undefined;
  const early = await assertRejects(() => watched(script(answer), status({ classify })).fetch(get()), HttpError);
  assertEquals(early.code, "early_access");
  const plain = await assertRejects(
    () => watched(script(() => new Response("no", { status: 403 })), status({ classify })).fetch(get()),
    HttpError,
  );
  assertEquals(plain.code, "forbidden");
});

Deno.test("status() takes at most 8 KiB of text and cancels the rest", async () => {
  const body = silentBody(new TextEncoder().encode("x".repeat(20_000)));
  const error = await assertRejects(
    () => watched(script(new Response(body.stream, { status: 500 })), status()).fetch(get()),
    HttpError,
  );
  assertEquals([error.body.length, body.cancelled], [8192, true]);
});

Deno.test("status() does not hang on a body that hangs", async () => {
  const clock = fakeClock();
  const body = silentBody(new TextEncoder().encode("partial"));
  const call = fate(watched(script(new Response(body.stream, { status: 502 })), status({ clock })).fetch(get()));
  await clock.advance(1999);
  assertFalse(call.done);
  await clock.advance(1);
  assertEquals((call.error as HttpError).body, "partial");
  assertEquals(body.cancelled, true);
});

Deno.test("status() keeps what came of a body that broke", async () => {
  const stream = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("half")),
    pull: (controller) => controller.error(new Error("cut")),
  }, { highWaterMark: 0 });
  const answer = new Response(stream, { status: 500 });
  const error = await assertRejects(() => watched(script(answer), status()).fetch(get()), HttpError);
  assertEquals([error.code, error.body], ["internal_server_error", "half"]);
});

Deno.test("status() leaves pictures and archives unread", async () => {
  const body = silentBody(new Uint8Array([1, 2, 3]));
  const answer = new Response(body.stream, { status: 404, headers: { "content-type": "image/png" } });
  const error = await assertRejects(() => watched(script(answer), status()).fetch(get()), HttpError);
  assertEquals([error.body, body.cancelled], ["", true]);
});

Deno.test("status() rethrows the caller's reason when it aborts while the text is read", async () => {
  const clock = fakeClock();
  const caller = new AbortController();
  const answer = new Response(silentBody().stream, { status: 500 });
  const call = fate(watched(script(answer), status({ clock })).fetch(new Request(url, { signal: caller.signal })));
  await clock.advance(1);
  const reason = new Error("mine");
  caller.abort(reason);
  await clock.advance(0);
  assertStrictEquals(call.error, reason);
});
