import { assert, assertEquals, assertFalse, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { NetworkError } from "../../../transport/errors/errors.ts";
import { fetchTransport } from "../../../transport/socket/fetch_transport.ts";
import { timeout, type TimeoutOptions } from "../../../transport/mod.ts";
import type { Transport } from "../../../transport/transport.ts";
import { fakeClock } from "../../_support/clock.ts";
import { fate, script, watched } from "./_stub.ts";

const url = "https://a.example/";

/** A raw server: sends `answer` to whoever connects, and says when the other side has gone. */
function rawServer(answer: string) {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const served = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    if (answer !== "") await connection.write(new TextEncoder().encode(answer));
    asked.resolve();
    await connection.read(new Uint8Array(1)).catch(() => null);
    connection.close();
    gone.resolve();
  })();
  return {
    url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`,
    asked: asked.promise,
    gone: gone.promise,
    async [Symbol.asyncDispose]() {
      await served;
      listener.close();
    },
  };
}

const start = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello";

function setUp(transport: Transport, options: TimeoutOptions) {
  const clock = fakeClock();
  return { clock, client: watched(transport, timeout({ clock, ...options })) };
}

/** Reads until five bytes came. */
async function readFive(reader: ReadableStreamBYOBReader): Promise<void> {
  const { value } = await reader.read(new Uint8Array(5), { min: 5 });
  assertEquals(new TextDecoder().decode(value), "hello");
}

Deno.test("timeout() gives up on headers that do not come, and frees the socket", async () => {
  await using server = rawServer("");
  using transport = fetchTransport();
  const { clock, client } = setUp(transport, { headersMs: 1000 });
  const call = fate(client.fetch(new Request(server.url)));
  await server.asked;
  await clock.advance(999);
  assertFalse(call.done);
  await clock.advance(1);
  const error = call.error as NetworkError;
  assertEquals([error.code, error.message], ["header_timeout", `GET "${server.url}": no headers within 1000 ms`]);
  await server.gone;
});

Deno.test("timeout() leaves a body alone once headers are there", async () => {
  await using server = rawServer(start);
  using transport = fetchTransport();
  const { clock, client } = setUp(transport, { headersMs: 1000 });
  const response = await client.fetch(new Request(server.url));
  const reader = response.body!.getReader({ mode: "byob" });
  await readFive(reader);
  const rest = fate(reader.read(new Uint8Array(5)));
  await clock.advance(1e9);
  assertFalse(rest.done);
  await reader.cancel();
  await server.gone;
});

Deno.test("timeout() passes response and body on as the same objects", async () => {
  for (const options of [{ headersMs: 1 }, { totalMs: 1 }, {}]) {
    const answer = new Response(new ReadableStream());
    const { body } = answer;
    const response = await setUp(script(answer), options).client.fetch(new Request(url));
    assertStrictEquals(response, answer);
    assertStrictEquals(response.body, body);
  }
});

Deno.test("timeout() breaks a body that is not done in time with total_timeout, and frees the socket", async () => {
  await using server = rawServer(start);
  using transport = fetchTransport();
  const { clock, client } = setUp(transport, { totalMs: 5000 });
  const response = await client.fetch(new Request(server.url));
  const reader = response.body!.getReader({ mode: "byob" });
  await readFive(reader);
  const rest = assertRejects(() => reader.read(new Uint8Array(5)), NetworkError, "not done within 5000 ms");
  await clock.advance(5000);
  assertEquals((await rest).code, "total_timeout");
  await server.gone;
});

Deno.test("timeout() counts waiting for headers in the total", async () => {
  const { clock, client } = setUp(script(() => new Promise(() => {})), { totalMs: 5000, headersMs: 6000 });
  const call = fate(client.fetch(new Request(url)));
  await clock.advance(5000);
  assertEquals((call.error as NetworkError).code, "total_timeout");
});

Deno.test("timeout() gives up on a transport that ignores its signal, and cancels what comes late", async () => {
  const late = Promise.withResolvers<Response>();
  const { clock, client } = setUp(script(() => late.promise), { headersMs: 10 });
  const call = fate(client.fetch(new Request(url)));
  await clock.advance(10);
  assertEquals((call.error as NetworkError).code, "header_timeout");
  let cancelled = false;
  late.resolve(new Response(new ReadableStream({ cancel: () => void (cancelled = true) })));
  await clock.advance(0);
  assert(cancelled);
});

Deno.test("timeout() keeps the caller's own abort, before headers and in the body", async () => {
  const reason = new Error("mine");
  for (const answer of ["", start]) {
    await using server = rawServer(answer);
    using transport = fetchTransport();
    const { client } = setUp(transport, { headersMs: 1000, totalMs: 5000 });
    const caller = new AbortController();
    const call = client.fetch(new Request(server.url, { signal: caller.signal }));
    let failing: Promise<unknown> = call;
    if (answer !== "") {
      const reader = (await call).body!.getReader({ mode: "byob" });
      await readFive(reader);
      failing = reader.read(new Uint8Array(5));
    }
    await server.asked;
    const thrown = assertRejects(() => failing);
    caller.abort(reason);
    assertStrictEquals(await thrown, reason);
    await server.gone;
  }
});

Deno.test("timeout() rejects at once when the caller had aborted", async () => {
  const reason = new Error("mine");
  const origin = script((request) => Promise.reject(request.signal.reason));
  const { client } = setUp(origin, { headersMs: 10 });
  const error = await assertRejects(() => client.fetch(new Request(url, { signal: AbortSignal.abort(reason) })));
  assertStrictEquals(error, reason);
});

Deno.test("timeout() serves many requests with one timer, each on its own time", async () => {
  const { clock, client } = setUp(script(() => new Promise(() => {})), { headersMs: 100 });
  const first = fate(client.fetch(new Request(url)));
  await clock.advance(60);
  const second = fate(client.fetch(new Request(url)));
  await clock.advance(39);
  assertEquals([first.done, second.done, clock.timers], [false, false, 1]);
  await clock.advance(1);
  assertEquals([first.done, second.done, clock.timers], [true, false, 1]);
  await clock.advance(60);
  assertEquals([second.done, clock.timers], [true, 0]);
});

Deno.test("timeout() passes the transport's own error on", async () => {
  const error = new NetworkError("GET: reset", { code: "connection_reset", url });
  assertStrictEquals(
    await assertRejects(() => setUp(script(error), { headersMs: 1 }).client.fetch(new Request(url))),
    error,
  );
});

Deno.test("timeout() is done with a call when its response was read whole, by whichever method", async () => {
  for (const method of ["arrayBuffer", "blob", "bytes", "formData", "json", "text"] as const) {
    const answer = new Response("{}", { headers: { "content-type": "application/x-www-form-urlencoded" } });
    const signals: AbortSignal[] = [];
    const origin: Transport = {
      fetch: ({ signal }) => {
        signals.push(signal);
        return Promise.resolve(answer);
      },
    };
    const { clock, client } = setUp(origin, { totalMs: 1000 });
    const caller = new AbortController();
    const response = await client.fetch(new Request(url, { signal: caller.signal }));
    await response[method]();
    await clock.advance(1000);
    caller.abort();
    assertEquals(signals.map(({ aborted }) => aborted), [false], method);
  }
});

Deno.test("timeout() is not done with a call whose body, or a copy of it, is still being read", async () => {
  for (const take of [(response: Response) => response.body, (response: Response) => response.clone().body]) {
    const stuck = Promise.withResolvers<void>();
    const origin: Transport = {
      fetch({ signal }) {
        signal.addEventListener("abort", () => stuck.reject(signal.reason));
        return Promise.resolve(new Response(new ReadableStream({ pull: () => stuck.promise })));
      },
    };
    const { clock, client } = setUp(origin, { totalMs: 1000 });
    const response = await client.fetch(new Request(url));
    const reader = take(response)!.getReader();
    const rest = assertRejects(() => reader.read(), NetworkError, "not done within 1000 ms");
    await clock.advance(1000);
    await rest;
  }
});

Deno.test("timeout() leaves a response of somebody else's class what it is", async () => {
  class Special extends Response {}
  const answer = new Special("special");
  const response = await setUp(script(answer), { totalMs: 1000 }).client.fetch(new Request(url));
  assertEquals([response === answer, Object.getPrototypeOf(response)], [true, Special.prototype]);
  assertEquals(await response.text(), "special");
});

Deno.test("timeout() refuses options out of range, by name", () => {
  assertThrows(() => timeout({ headersMs: 0 }), RangeError, "option headersMs: 0");
  assertThrows(() => timeout({ totalMs: NaN }), RangeError, "totalMs");
  assertThrows(() => timeout({ totalMs: 2 ** 31 }), RangeError, "totalMs");
});

Deno.test("timeout() lets the caller abort a body whose response was collected as garbage, and keeps no memory", async () => {
  const program = `
    import { compose, fetchTransport, timeout } from ${
    JSON.stringify(import.meta.resolve("../../../transport/mod.ts"))
  };
    const collect = async () => { for (let n = 0; n < 5; n++) { globalThis.gc(); await new Promise((go) => setTimeout(go, 5)); } };
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, ({ url }) => url.endsWith("/long")
      ? new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(1)) })) : new Response("short"));
    const base = "http://127.0.0.1:" + server.addr.port;
    const client = compose(fetchTransport(), timeout({ headersMs: 60_000, totalMs: 600_000 }));
    const caller = new AbortController();
    const { signal } = caller;
    const begin = async () => (await client.fetch(new Request(base + "/long", { signal }))).body.getReader();
    const reader = await begin();
    await reader.read();
    const rest = reader.read().then(() => "read", (error) => error);
    const short = async () => { for (let n = 0; n < 500; n++) await (await client.fetch(new Request(base, { signal }))).text(); };
    await short();
    await collect();
    const before = Deno.memoryUsage().heapUsed;
    await short();
    await short();
    await collect();
    const grown = Deno.memoryUsage().heapUsed - before;
    caller.abort("mine");
    console.log(JSON.stringify([await rest, grown < 1_000_000 || grown]));
    Deno.exit(0);`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--v8-flags=--expose-gc", "--no-check", `data:text/javascript,${encodeURIComponent(program)}`],
    cwd: new URL("../../..", import.meta.url),
  }).output();
  assertEquals(new TextDecoder().decode(stdout).trim(), `["mine",true]`, new TextDecoder().decode(stderr));
});
