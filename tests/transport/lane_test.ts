import { assert, assertEquals, assertFalse, assertRejects, assertStrictEquals } from "@std/assert";
import { getJson } from "../../api/mod.ts";
import { createTransport } from "../../mod.ts";
import {
  auth,
  breaker,
  compose,
  dedupe,
  defaultUserAgent,
  fetchTransport,
  hostHeaders,
  type HttpError,
  InputError,
  type Middleware,
  NetworkError,
  observe,
  rateLimit,
  retry,
  status,
  timeout,
  type Transport,
  type TransportEvent,
} from "../../transport/mod.ts";
import { fakeClock, settle } from "../_support/clock.ts";
import { fate } from "./middleware/_stub.ts";

const json = { accept: "application/json" };
const stranger: Middleware = (request, next) => next(new Request(request, { headers: { ...json, "x-stranger": "1" } }));

/** The ways through the same stack: with a Request, without one, and with a layer of somebody else in the middle. */
const lanes: Record<string, (stack: Transport, url: string, signal?: AbortSignal) => Promise<unknown>> = {
  Request: async (stack, url, signal) =>
    await (await stack.fetch(new Request(url, { headers: json, ...(signal && { signal }) }))).json(),
  api: (stack, url, signal) => getJson(stack, url, { signal }),
  "a stranger's layer": (stack, url, signal) => getJson(compose(stack, stranger), url, { signal }),
};

/** An origin that answers as the path says, and tells when it is asked and when the other side has gone. */
function origin() {
  const asked: { path: string; headers: Headers; gone: Promise<void> }[] = [];
  let waiting: (() => void)[] = [];
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request): Response | Promise<Response> => {
      const { pathname } = new URL(request.url);
      const { promise: gone, resolve } = Promise.withResolvers<void>();
      if (request.signal.aborted) resolve();
      else request.signal.addEventListener("abort", () => resolve());
      const turn = asked.push({ path: pathname, headers: request.headers, gone });
      for (const wake of waiting) wake();
      waiting = [];
      if (pathname === "/silent" || (pathname === "/late" && turn === 1)) return new Promise<Response>(() => {});
      if (pathname === "/half") {
        const start = (body: ReadableStreamDefaultController) => body.enqueue(new TextEncoder().encode(`{"a":`));
        return new Response(new ReadableStream({ start }), { headers: { "content-type": "application/json" } });
      }
      if (pathname === "/busy" && turn === 1) return new Response("busy", { status: 503 });
      if (pathname === "/refused") return new Response("no", { status: 401 });
      if (pathname === "/away") return Response.redirect(`http://localhost:${server.addr.port}/ok`, 302);
      return Response.json({ turn });
    },
  );
  return {
    asked,
    url: (path: string) => `http://127.0.0.1:${server.addr.port}${path}`,
    async askedTimes(times: number) {
      while (asked.length < times) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    [Symbol.asyncDispose]: async () => {
      const end = server.shutdown();
      await Promise.race([end, settle()]);
    },
  };
}

/** All layers that hold on to a call, on one clock. */
function stackOf({ concurrency = 8 } = {}) {
  const clock = fakeClock();
  const socket = fetchTransport({ headersMs: 1000, clock });
  const events: TransportEvent[] = [];
  const stack = observe(
    compose(
      socket,
      status({ clock }),
      auth({ key: undefined }),
      dedupe(),
      timeout({ totalMs: 10_000, clock }),
      retry({ clock, delayMs: 500, random: () => 0 }),
      breaker({ clock }),
      rateLimit({ clock, concurrency }),
    ),
    (event) => events.push(event),
  );
  return { clock, stack, events, [Symbol.dispose]: () => socket.close() };
}

for (const [name, ask] of Object.entries(lanes)) {
  Deno.test(`${name}: a call that was given up before sends nothing`, async () => {
    await using server = origin();
    using world = stackOf();
    const reason = new Error("mine");
    const thrown = await assertRejects(() => ask(world.stack, server.url("/ok"), AbortSignal.abort(reason)));
    assertStrictEquals(thrown, reason);
    assertEquals(server.asked.length, 0);
  });

  for (const [where, path] of [["before its headers", "/silent"], ["in its body", "/half"]] as const) {
    Deno.test(`${name}: a call given up ${where} rejects with the reason, and frees the socket`, async () => {
      await using server = origin();
      using world = stackOf();
      const caller = new AbortController();
      const reason = new Error("mine");
      const call = assertRejects(() => ask(world.stack, server.url(path), caller.signal));
      await server.askedTimes(1);
      if (path === "/half") { for (let n = 0; n < 20; n++) await settle(); }
      caller.abort(reason);
      assertStrictEquals(await call, reason);
      await server.asked[0]!.gone;
    });

    Deno.test(`${name}: a call not done in time ${where} fails with total_timeout, and frees the socket`, async () => {
      await using server = origin();
      using world = stackOf();
      // the header timer would be first
      const stack = compose(fetchTransport(), timeout({ totalMs: 10_000, clock: world.clock }));
      const call = assertRejects(() => ask(stack, server.url(path)), NetworkError, "not done within 10000 ms");
      await server.askedTimes(1);
      if (path === "/half") { for (let n = 0; n < 20; n++) await settle(); }
      await world.clock.advance(10_000);
      assertEquals((await call).code, "total_timeout");
      await server.asked[0]!.gone;
    });
  }

  Deno.test(`${name}: headers that do not come end an attempt and not the call`, async () => {
    await using server = origin();
    using world = stackOf();
    const call = ask(world.stack, server.url("/late"));
    await server.askedTimes(1);
    await world.clock.advance(1000);
    await server.asked[0]!.gone;
    await world.clock.advance(500);
    assertEquals(await call, { turn: 2 });
    assertEquals(world.events.map(({ type }) => type), ["retry"]);
  });

  Deno.test(`${name}: a call given up between two attempts makes no second one`, async () => {
    await using server = origin();
    using world = stackOf();
    const caller = new AbortController();
    const reason = new Error("mine");
    const call = fate(ask(world.stack, server.url("/busy"), caller.signal));
    while (world.events.length === 0) await settle();
    caller.abort(reason);
    await world.clock.advance(10_000);
    assertStrictEquals(call.error, reason);
    assertEquals(server.asked.length, 1);
  });

  Deno.test(`${name}: a call given up in the queue leaves it to the next`, async () => {
    await using server = origin();
    using world = stackOf({ concurrency: 1 });
    const caller = new AbortController();
    const reason = new Error("mine");
    const first = new AbortController();
    const running = fate(ask(world.stack, server.url("/silent"), first.signal));
    await server.askedTimes(1);
    const waiting = fate(ask(world.stack, server.url("/ok?1"), caller.signal));
    const last = ask(world.stack, server.url("/ok?2"));
    await settle();
    caller.abort(reason);
    await settle();
    assertStrictEquals(waiting.error, reason);
    first.abort();
    assertEquals(await last, { turn: 2 });
    assert(running.done);
  });

  Deno.test(`${name}: of joined callers each gives up for itself, also the first`, async () => {
    await using server = origin();
    using world = stackOf();
    const callers = [new AbortController(), new AbortController(), new AbortController()];
    const reason = new Error("mine");
    const calls = callers.map(({ signal }) => fate(ask(world.stack, server.url("/silent"), signal)));
    await server.askedTimes(1);
    while (world.events.length < 2) await settle();
    for (const [index, caller] of callers.entries()) {
      assertFalse(calls[index]!.done);
      caller.abort(reason);
      await settle();
      assertStrictEquals(calls[index]!.error, reason);
    }
    await server.asked[0]!.gone;
    assertEquals(server.asked.length, 1);
  });

  Deno.test(`${name}: a signal that lives longer than its calls keeps nothing of them`, async () => {
    await using server = origin();
    using world = stackOf();
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    const add = signal.addEventListener.bind(signal) as AbortSignal["addEventListener"];
    const remove = signal.removeEventListener.bind(signal) as AbortSignal["removeEventListener"];
    signal.addEventListener = (type: string, listener: EventListener) => {
      listeners.add(listener);
      add(type, listener);
    };
    signal.removeEventListener = (type: string, listener: EventListener) => {
      listeners.delete(listener);
      remove(type, listener);
    };
    for (let n = 0; n < 3; n++) await ask(world.stack, server.url("/ok"), signal);
    await assertRejects(() => ask(world.stack, server.url("/refused"), signal));
    assertEquals(listeners.size, 0);
  });
}

Deno.test("a call of the API and a Request of the same words join each other", async () => {
  await using server = origin();
  using world = stackOf();
  const calls = ["api", "Request", "api"].map((lane) => lanes[lane]!(world.stack, server.url("/ok")));
  assertEquals(await Promise.all(calls), Array(3).fill({ turn: 1 }));
  assertEquals(server.asked.length, 1);
});

Deno.test("what layers add to a call of the API reaches its host, and no other after a redirect", async () => {
  await using server = origin();
  const host = new URL(server.url("/")).host;
  const transport = createTransport({
    key: "0123456789abcdef",
    hosts: [host],
    headers: { [host]: { "x-token": "f1e2d3c4b5a69788" } },
  });
  using _ = transport;
  await getJson(transport, server.url("/away"));
  const seen = server.asked.map(({ headers }) =>
    ["accept", "authorization", "x-token", "user-agent"].map((name) => headers.get(name)?.slice(0, 14))
  );
  assertEquals(seen, [
    ["application/js", "Bearer 0123456", "f1e2d3c4b5a697", defaultUserAgent.slice(0, 14)],
    ["application/js", undefined, undefined, defaultUserAgent.slice(0, 14)],
  ]);
});

Deno.test("a refusal names the call of the API it was given to", async () => {
  await using server = origin();
  using world = stackOf();
  const error = await assertRejects(() => getJson(world.stack, server.url("/refused"))) as HttpError;
  assertEquals([error.code, error.status, error.reason], ["unauthorized", 401, "key_withheld"]);
  assert(error.message.startsWith(`GET "${server.url("/refused")}": HTTP 401`), error.message);
});

Deno.test("a layer of somebody else sees a call of the API as a Request that aborts", async () => {
  const caller = new AbortController();
  const seen: Request[] = [];
  const watch: Middleware = (request, next) => {
    seen.push(request);
    return next(request);
  };
  const never = {
    fetch: ({ signal }: Request) =>
      new Promise<Response>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  };
  const stack = compose(
    never,
    dedupe(),
    timeout({ totalMs: 1000 }),
    watch,
    hostHeaders({ "a.example": { "x-a": "1" } }),
  );
  const call = assertRejects(() => getJson(stack, "https://a.example/x?b=%20#c", { signal: caller.signal }));
  await settle();
  const [request] = seen;
  assert(request instanceof Request);
  assertEquals([request.method, request.url, [...request.headers]], [
    "GET",
    "https://a.example/x?b=%20#c",
    [["accept", "application/json"]],
  ]);
  caller.abort("mine");
  assertEquals(await call as unknown, "mine");
  assertEquals([request.signal.aborted, request.signal.reason], [true, "mine"]);
});

Deno.test("a caller's own Request goes through unchanged, as the object it is", async () => {
  const seen: Request[] = [];
  const answer = {
    fetch: (request: Request) => {
      seen.push(request);
      return Promise.resolve(new Response());
    },
  };
  const request = new Request("https://a.example/", { headers: { "x-a": "1, 2" } });
  await compose(answer, status(), auth({ key: "k" }), retry(), breaker(), rateLimit()).fetch(request);
  assertStrictEquals(seen[0], request);
});

Deno.test("a transport that answers without a promise, or throws at once, is one for all layers", async () => {
  const layers = [
    status(),
    auth({ key: "0123456789abcdef", hosts: ["a.example"] }),
    retry({ max: 0 }),
    breaker(),
    rateLimit(),
  ];
  const app = { fetch: () => Response.json({ a: 1 }) } as unknown as Transport;
  assertEquals(await getJson(compose(app, ...layers), "https://a.example/"), { a: 1 });
  const broken = {
    fetch: () => {
      throw new Error("at once");
    },
  };
  const call = compose(broken, ...layers).fetch(new Request("https://a.example/"));
  await assertRejects(() => call, Error, "at once");
});

Deno.test("a body is sent once more with each attempt, under every layer", async () => {
  const bodies: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    bodies.push(`${request.headers.get("authorization")} ${await request.text()}`);
    return bodies.length < 3 ? new Response(null, { status: 503 }) : Response.json({ a: 1 });
  });
  using socket = fetchTransport();
  const host = `127.0.0.1:${server.addr.port}`;
  const stack = compose(
    socket,
    status(),
    timeout({ totalMs: 60_000 }),
    auth({ key: "0123456789abcdef", hosts: [host] }),
    retry({ delayMs: 1, isReading: () => true }),
    timeout({ headersMs: 60_000 }),
  );
  const request = new Request(`http://${host}/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: `{"b":2}`,
  });
  assertEquals(await (await stack.fetch(request)).json(), { a: 1 });
  assertEquals(bodies, Array(3).fill(`Bearer 0123456789abcdef {"b":2}`));
});

Deno.test("a transport or a layer of somebody else that answers with no Response ends the call with an InputError", async () => {
  const nothing: unknown[] = [undefined, null, "text", { status: 200 }];
  for (const answer of nothing) {
    const transport = { fetch: () => Promise.resolve(answer) } as unknown as Transport;
    const layer = (() => answer) as unknown as Middleware;
    const { promise, resolve } = Promise.withResolvers<Response>();
    const working = { fetch: () => promise };
    const stacks = [
      createTransport({ socket: transport }),
      compose(transport, dedupe()),
      compose(transport, timeout({ headersMs: 60_000, totalMs: 60_000 })),
      compose(working, dedupe(), layer),
    ];
    for (const stack of stacks) {
      const call = () => stack.fetch(new Request("https://a.test/?key=4711"));
      for (const error of await Promise.all([assertRejects(call, InputError), assertRejects(call, InputError)])) {
        assertEquals([error.code, error.message.includes("4711")], ["invalid_argument", false]);
      }
    }
    resolve(new Response());
  }
});
