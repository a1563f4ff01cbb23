import { assert, assertEquals, assertRejects } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compose, connections, dedupe, fetchTransport, timeout, type Transport } from "../../../transport/mod.ts";

/** Collects what nothing leads to any more. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  gc();
  gc();
}

/** A server that sends without an end, and resolves once nobody listens any more. */
function endless() {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: () => resolve(),
    }, { highWaterMark: 0 });
    return new Response(body);
  });
  return { url: `http://127.0.0.1:${server.addr.port}/`, stopped, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** A server that hands on what a transport answers, as a proxy does. */
function handOn(transport: Transport, url: string) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ signal }) => {
    return transport.fetch(new Request(url, { signal }));
  });
  return { url: `http://127.0.0.1:${server.addr.port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}

for (const size of [10_000, 3_000_000]) {
  Deno.test(`Deno.serve() hands on a body of ${size} bytes whole, and what the layers held is let go of`, async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const body = new Uint8Array(size).map((_, at) => bytes[at % bytes.length]!);
    await using origin = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response(body.slice()),
    );
    using socket = fetchTransport();
    const held = compose(socket, timeout({ totalMs: 60_000 }), connections(1));
    await using proxy = handOn(held, `http://127.0.0.1:${origin.addr.port}/`);
    // the second waits for the first one's place
    for (let round = 0; round < 3; round++) {
      assertEquals(await (await fetch(proxy.url)).bytes(), body);
    }
  });
}

Deno.test("a body that Deno.serve() hands on is given up with the client that asked for it", async () => {
  await using origin = endless();
  using socket = fetchTransport();
  await using proxy = handOn(compose(socket, timeout({ headersMs: 60_000 })), origin.url);
  const client = new AbortController();
  // kept: Deno lets go of a client's own abort with its response
  const response = await fetch(proxy.url, { signal: client.signal });
  const reader = response.body!.getReader();
  await reader.read();
  collect();
  client.abort();
  await assertRejects(() => reader.read());
  assertEquals(response.bodyUsed, true);
  await origin.stopped;
});

const unreadAnswers: Record<string, () => Response> = {
  "to HEAD": () => new Response(null, { headers: { "content-length": "7" } }),
  "with a body": () => new Response("unread"),
};
for (const [what, answer] of Object.entries(unreadAnswers)) {
  Deno.test(`responses ${what} that nobody reads leave nothing with a signal that is there for years`, async () => {
    const client = compose({ fetch: () => Promise.resolve(answer()) }, dedupe(), timeout({ headersMs: 60_000 }));
    const years = new AbortController();
    const held: WeakRef<AbortSignal>[] = [];
    for (let n = 0; n < 3000; n++) {
      const request = new Request(`https://a.test/${n}`, {
        method: what === "to HEAD" ? "HEAD" : "GET",
        signal: years.signal,
      });
      held.push(new WeakRef(request.signal));
      await client.fetch(request);
    }
    const left = () => held.filter((one) => one.deref() !== undefined).length;
    // what is collected is told of later, and what is then let go of is collected the next time
    for (let turn = 0; turn < 50 && left() > 100; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      collect();
    }
    assert(left() <= 100, `${left()} of ${held.length} are still there`);
    years.abort();
  });
}

Deno.test("responses that are kept for later are still given up by their signal when others beside them are garbage", async () => {
  await using origin = endless();
  using socket = fetchTransport();
  const client = compose(socket, timeout({ headersMs: 60_000 }));
  const caller = new AbortController();
  const kept = await client.fetch(new Request(origin.url, { signal: caller.signal }));
  const beside = compose({ fetch: () => Promise.resolve(new Response("unread")) }, timeout({ headersMs: 60_000 }));
  for (let n = 0; n < 200; n++) await beside.fetch(new Request("https://a.test/", { signal: caller.signal }));
  for (let n = 0; n < 5; n++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
  }
  caller.abort(new Error("enough"));
  await assertRejects(() => kept.bytes());
  await origin.stopped;
});

Deno.test("a body under way is aborted although its response is garbage and many others lie about unread", async () => {
  await using origin = endless();
  using socket = fetchTransport();
  const client = compose(socket, timeout({ headersMs: 60_000 }));
  const unread = compose({ fetch: () => Promise.resolve(new Response()) }, timeout({ headersMs: 60_000 }));
  const all = await Promise.all(Array.from({ length: 1100 }, () => unread.fetch(new Request("https://a.test/"))));
  const caller = new AbortController();
  const reading =
    (async () => await (await client.fetch(new Request(origin.url, { signal: caller.signal }))).bytes())();
  const rejected = assertRejects(() => reading);
  for (let n = 0; n < 5; n++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
  }
  caller.abort(new Error("enough"));
  await rejected;
  await origin.stopped;
  assertEquals(all.length, 1100);
});
