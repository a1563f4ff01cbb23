import {
  assert,
  assertEquals,
  assertFalse,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { fetchTransport } from "../../../transport/socket/fetch_transport.ts";
import { dedupe, type DedupeOptions } from "../../../transport/mod.ts";
import { settle } from "../../_support/clock.ts";
import { fate, watched } from "./_stub.ts";

const url = "https://a.example/x?token=abc";
const get = (init: RequestInit = {}) => new Request(url, init);

/** An origin whose answers are given by hand; an aborted request rejects with its reason. */
function setUp(options: DedupeOptions = {}) {
  const open: (PromiseWithResolvers<Response> & { request: Request })[] = [];
  const origin = {
    fetch(request: Request) {
      const pending = Promise.withResolvers<Response>();
      request.signal.addEventListener("abort", () => pending.reject(request.signal.reason));
      open.push({ ...pending, request });
      return pending.promise;
    },
  };
  return { open, client: watched(origin, dedupe(options)) };
}

Deno.test("dedupe() gives a lone caller the very same response", async () => {
  const { open, client } = setUp();
  const request = get();
  const answer = new Response("ok");
  const { body } = answer;
  const call = client.fetch(request);
  assertEquals(open[0]!.request.url, request.url);
  open[0]!.resolve(answer);
  assertStrictEquals(await call, answer);
  assertStrictEquals(answer.body, body);
  assertEquals(client.events, []);
});

Deno.test("dedupe() lets identical requests share one fetch, each with a body of its own", async () => {
  const { open, client } = setUp();
  const calls = [client.fetch(get()), client.fetch(get()), client.fetch(get())];
  assertEquals(open.length, 1);
  const init = { status: 404, statusText: "Nope", headers: { "x-a": "1" } };
  open[0]!.resolve(new Response(`{"a":1}`, init));
  const responses = await Promise.all(calls);
  assertNotStrictEquals(responses[0], responses[1]);
  for (const response of responses) {
    assertEquals([response.status, response.statusText, response.headers.get("x-a")], [404, "Nope", "1"]);
    assertEquals(await response.json(), { a: 1 });
  }
  assertEquals(client.events, Array(2).fill({ type: "dedupe", url: "https://a.example/x?[redacted]" }));
});

Deno.test("dedupe() gives joiners bytes that are theirs alone", async () => {
  const { open, client } = setUp();
  const calls = [client.fetch(get()), client.fetch(get()), client.fetch(get())];
  open[0]!.resolve(new Response(new Uint8Array([1, 2, 3])));
  const [, second, third] = await Promise.all(calls);
  (await second!.bytes()).fill(9);
  assertEquals([...await third!.bytes()], [1, 2, 3]);
});

Deno.test("dedupe() never joins requests that differ, or that must not share", async () => {
  const pairs: [RequestInit, RequestInit][] = [
    [{}, { headers: { authorization: "Bearer a" } }],
    [{ headers: { authorization: "Bearer a" } }, { headers: { authorization: "Bearer b" } }],
    [{ headers: { accept: "a" } }, { headers: { accept: "b" } }],
    [{ headers: { "x-a": "1" } }, { headers: { "x-b": "1" } }],
    [{ headers: { "x-a": "1", "x-b": "1" } }, { headers: { "x-a": "1" } }],
    [{ method: "HEAD" }, {}],
    [{ method: "POST", body: "a" }, { method: "POST", body: "a" }],
    [{ method: "PUT" }, { method: "PUT" }],
    [{ headers: { range: "bytes=0-1" } }, { headers: { range: "bytes=0-1" } }],
    [{ headers: { "cache-control": "no-store" } }, { headers: { "cache-control": "no-store" } }],
    [{ redirect: "manual" }, {}],
    [{}, { redirect: "error" }],
  ];
  for (const [one, other] of pairs) {
    const { open, client } = setUp();
    const calls = [client.fetch(get(one)), client.fetch(get(other))];
    assertEquals(open.length, 2, Deno.inspect([one, other]));
    for (const { resolve } of open) resolve(new Response());
    await Promise.all(calls);
  }
});

Deno.test("dedupe() joins each to its like when likes and unlikes are mixed", async () => {
  const { open, client } = setUp();
  const calls = ["a", "b", "a", "b"].map((accept) => client.fetch(get({ headers: { accept } })));
  assertEquals(open.length, 2);
  for (const { request, resolve } of open) resolve(new Response(request.headers.get("accept")));
  assertEquals(await Promise.all((await Promise.all(calls)).map((response) => response.text())), ["a", "b", "a", "b"]);
});

Deno.test("dedupe() joins each to its like when many addresses are on their way, landing, failing and given up in any order", async () => {
  const { open, client } = setUp();
  const all = Array.from({ length: 600 }, (_, n) => {
    const aborter = new AbortController();
    const ask = (init?: RequestInit) => client.fetch(new Request(`https://a.example/${n}/ends-alike`, init));
    return { n, aborter, first: ask({ signal: aborter.signal }), second: ask() };
  });
  assertEquals(open.length, all.length, "each address once");
  // as from a bag: neither the order they came in nor the reverse
  const order = all.map((_, at) => at * 7 % all.length);
  for (const at of order) {
    const { n, aborter, first, second } = all[at]!;
    if (n % 3 === 0) {
      const left = assertRejects(() => first, Error, "enough");
      aborter.abort(new Error("enough"));
      await left;
    }
    if (n % 5 === 1) {
      const both = [...(n % 3 === 0 ? [] : [first]), second].map((one) => assertRejects(() => one, Error, `no ${n}`));
      open[n]!.reject(new Error(`no ${n}`));
      await Promise.all(both);
    } else {
      open[n]!.resolve(new Response(`${n}`));
      assertEquals(await (await second).text(), `${n}`);
      if (n % 3 !== 0) assertEquals(await (await first).text(), `${n}`);
    }
  }
  // none of them is found any more
  const again = client.fetch(new Request("https://a.example/0/ends-alike"));
  assertEquals(open.length, all.length + 1);
  open.at(-1)!.resolve(new Response("anew"));
  assertEquals(await (await again).text(), "anew");
});

Deno.test("dedupe() lets nobody join once headers have come", async () => {
  const { open, client } = setUp();
  const first = client.fetch(get());
  open[0]!.resolve(new Response("one"));
  await first;
  const second = client.fetch(get());
  assertEquals(open.length, 2);
  open[1]!.resolve(new Response("two"));
  assertEquals(await (await second).text(), "two");
});

Deno.test("dedupe() gives an error to everybody, and forgets it", async () => {
  const { open, client } = setUp();
  const calls = [client.fetch(get()), client.fetch(get())].map((call) => assertRejects(() => call));
  const error = new Error("reset");
  open[0]!.reject(error);
  for (const thrown of await Promise.all(calls)) assertStrictEquals(thrown, error);
  fate(client.fetch(get()));
  assertEquals(open.length, 2);
});

Deno.test("dedupe() lets a joiner abort for itself", async () => {
  const { open, client } = setUp();
  const caller = new AbortController();
  const reason = new Error("mine");
  const first = client.fetch(get());
  const leaver = fate(client.fetch(get({ signal: caller.signal })));
  const stayer = client.fetch(get());
  caller.abort(reason);
  await settle();
  assertStrictEquals(leaver.error, reason);
  assertFalse(open[0]!.request.signal.aborted);
  open[0]!.resolve(new Response("ok"));
  assertEquals([await (await first).text(), await (await stayer).text()], ["ok", "ok"]);
  assertEquals(open.length, 1);
});

Deno.test("dedupe() copies nothing when all joiners have left", async () => {
  const { open, client } = setUp();
  const caller = new AbortController();
  const first = client.fetch(get());
  const leaver = fate(client.fetch(get({ signal: caller.signal })));
  caller.abort();
  await settle();
  const answer = new Response("ok");
  const { body } = answer;
  open[0]!.resolve(answer);
  assertStrictEquals((await first).body, body);
  assert(leaver.done);
});

Deno.test("dedupe() goes on with the one fetch when the first caller aborts and others wait", async () => {
  const { open, client } = setUp();
  const caller = new AbortController();
  const reason = new Error("mine");
  const first = fate(client.fetch(get({ signal: caller.signal })));
  const others = [client.fetch(get()), client.fetch(get())];
  caller.abort(reason);
  await settle();
  assertStrictEquals(first.error, reason);
  others.push(client.fetch(get()));
  assertEquals(open.length, 1);
  assertFalse(open[0]!.request.signal.aborted);
  open[0]!.resolve(new Response("ok"));
  assertEquals(await Promise.all((await Promise.all(others)).map((response) => response.text())), ["ok", "ok", "ok"]);
  assertEquals(open.length, 1);
});

Deno.test("dedupe() aborts the fetch when the last caller gives up", async () => {
  const { open, client } = setUp();
  const callers = [new AbortController(), new AbortController()];
  const calls = callers.map(({ signal }) => fate(client.fetch(get({ signal }))));
  callers[0]!.abort();
  assertFalse(open[0]!.request.signal.aborted);
  callers[1]!.abort();
  await settle();
  assert(open[0]!.request.signal.aborted);
  open[0]!.resolve(new Response("late"));
  await settle();
  assert(calls.every(({ done }) => done));
});

Deno.test("dedupe() survives a first caller who aborts, or drops, a body half read", async () => {
  for (const how of ["abort", "cancel"]) {
    const { open, client } = setUp();
    const caller = new AbortController();
    const first = client.fetch(get({ signal: caller.signal }));
    const second = client.fetch(get());
    let body!: ReadableStreamDefaultController<Uint8Array>;
    open[0]!.resolve(new Response(new ReadableStream({ start: (controller) => void (body = controller) })));
    const response = await first;
    body.enqueue(new TextEncoder().encode("he"));
    await settle();
    if (how === "abort") {
      caller.abort();
      body.error(caller.signal.reason);
      await settle();
      assertEquals(open.length, 2);
      open[1]!.resolve(new Response("hello"));
    } else {
      await Promise.race([response.body!.cancel(), settle()]);
      body.enqueue(new TextEncoder().encode("llo"));
      body.close();
    }
    assertEquals(await (await second).text(), "hello", how);
  }
});

Deno.test("dedupe() lets joiners fetch for themselves when the body is too large to copy", async () => {
  for (const headers of [{ "content-length": "11" }, {}] as HeadersInit[]) {
    const { open, client } = setUp({ maxBodyBytes: 10 });
    const first = client.fetch(get());
    const others = [client.fetch(get()), client.fetch(get())];
    open[0]!.resolve(new Response(new Blob(["hello world"]).stream(), { headers }));
    assertEquals(await (await first).text(), "hello world");
    while (open.length < 3) await settle();
    open[1]!.resolve(new Response("one"));
    open[2]!.resolve(new Response("two"));
    assertEquals(await Promise.all((await Promise.all(others)).map((response) => response.text())), ["one", "two"]);
  }
});

Deno.test("dedupe() shares answers without a body", async () => {
  const { open, client } = setUp();
  const calls = [client.fetch(get()), client.fetch(get())];
  open[0]!.resolve(new Response(null, { status: 304, headers: { etag: `"a"` } }));
  for (const response of await Promise.all(calls)) {
    assertEquals([response.status, response.body, response.headers.get("etag")], [304, null, `"a"`]);
  }
});

Deno.test("dedupe() asks a real server once for ten callers", async () => {
  let hits = 0;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => Response.json({ hits: ++hits }),
  );
  using transport = fetchTransport();
  const client = watched(transport, dedupe());
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const ask = async () => {
    const response = await client.fetch(new Request(url));
    assertEquals(response.url, url);
    return await response.json();
  };
  assertEquals(await Promise.all(Array.from({ length: 10 }, ask)), Array(10).fill({ hits: 1 }));
});

Deno.test("dedupe() refuses options out of range, by name", () => {
  assertThrows(() => dedupe({ maxBodyBytes: -1 }), RangeError, "option maxBodyBytes: -1");
});
