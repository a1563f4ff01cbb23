import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { compose, connections, fetchTransport } from "../../../transport/mod.ts";
import { settle } from "../../_support/clock.ts";
import { fate, script } from "./_stub.ts";

const get = (path: string, init: RequestInit = {}) => new Request(`https://a.example/${path}`, init);

/** A body that is given by hand. */
function byHand() {
  let end!: () => void;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("begun"));
      end = () => controller.close();
    },
  });
  return { stream, end };
}

Deno.test("connections() lets a request wait until a body before it has ended, was cancelled, failed or never came", async () => {
  const bodies = [byHand(), byHand(), byHand()];
  let asked = 0;
  const origin = script(() => {
    const body = bodies[asked++];
    if (asked === 4) throw new Error("refused");
    return new Response(body?.stream ?? null);
  });
  const client = compose(origin, connections(1));
  const calls = [1, 2, 3, 4, 5].map((n) => fate(client.fetch(get(String(n)))));
  await settle();
  assertEquals([asked, calls[1]!.done], [1, false]);
  const text = calls[0]!.value!.text();
  bodies[0]!.end();
  assertEquals(await text, "begun");
  await settle();
  assertEquals([asked, calls[1]!.done], [2, true]);
  await calls[1]!.value!.body!.cancel();
  await settle();
  assertEquals([asked, calls[2]!.done], [3, true]);
  const reader = calls[2]!.value!.body!.getReader();
  await reader.read();
  await reader.cancel();
  await settle();
  assertEquals([asked, (calls[3]!.error as Error).message, calls[4]!.done], [5, "refused", true]);
});

Deno.test("connections() counts each host for itself, and who stops waiting leaves the queue", async () => {
  const origin = script(() => new Response(byHand().stream));
  const client = compose(origin, connections(1));
  const stop = new AbortController();
  const held = new AbortController();
  await client.fetch(get("1", { signal: held.signal }));
  const waiting = client.fetch(get("2", { signal: stop.signal }));
  await client.fetch(new Request("https://b.example/"));
  stop.abort(new Error("enough"));
  assertStrictEquals((await assertRejects(() => waiting, Error)).message, "enough");
  await assertRejects(() => client.fetch(get("3", { signal: stop.signal })), Error, "enough");
  const last = fate(client.fetch(get("4")));
  await settle();
  assertEquals(last.done, false);
  held.abort();
  await settle();
  assertEquals([last.done, origin.requests.length], [true, 3]);
});

Deno.test("connections() hands on every byte, into the buffers of its reader", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response(bytes));
  using socket = fetchTransport();
  const client = compose(socket, connections(1));
  const url = `http://127.0.0.1:${server.addr.port}/`;
  assertEquals(await (await client.fetch(new Request(url))).bytes(), bytes);
  const reader = (await client.fetch(new Request(url))).body!.getReader({ mode: "byob" });
  const got = new Uint8Array(bytes.length);
  let at = 0;
  let buffer = new ArrayBuffer(7000);
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(buffer));
    assertEquals(value!.buffer.byteLength, 7000);
    if (done) break;
    got.set(value!, at);
    at += value!.length;
    buffer = value!.buffer;
  }
  assertEquals(got, bytes);
});

Deno.test("connections() refuses a bound that is none", () => {
  for (const perHost of [0, 1001, 1.5, NaN]) assertThrows(() => connections(perHost), RangeError, "perHost");
});
