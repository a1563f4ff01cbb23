import { assert, assertEquals } from "@std/assert";
import { diagnostics, eventBus, metricsRegistry, type StatsStore } from "../../../monitor/mod.ts";
import { eventStreams } from "../../../monitor/server/event_stream.ts";
import type { TransportEvent } from "../../../transport/mod.ts";
import { fakeClock } from "../../_support/clock.ts";
import { serve } from "./_served.ts";

interface Sent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** Reads server-sent events as a browser would. */
function reader(body: ReadableStream<Uint8Array>) {
  const source = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  return {
    /** Reads until `count` events, comments and bare fields left out, have come. */
    async take(count: number): Promise<Sent[]> {
      const events: Sent[] = [];
      while (events.length < count) {
        const end = text.indexOf("\n\n");
        if (end < 0) {
          const { value, done } = await source.read();
          if (done) break;
          text += decoder.decode(value, { stream: true });
          continue;
        }
        const fields = text.slice(0, end).split("\n").map((line) => line.split(/: ?(.*)/s).slice(0, 2));
        text = text.slice(end + 2);
        const event = Object.fromEntries(fields) as Sent;
        if (event.event !== undefined) events.push(event);
      }
      return events;
    },
    cancel: () => source.cancel(),
  };
}

/** A store that nothing was ever written to, which exports `lines`. */
function storeOf(lines: () => Iterable<string>): StatsStore {
  const empty = { read: () => metricsRegistry().snapshot(), timeline: () => [], failures: () => [] };
  return { ...empty, export: lines } as unknown as StatsStore;
}

const event = (n: number): TransportEvent => ({ type: "resolve", url: `https://civitai.com/${n}` });
const numbers = (events: readonly Sent[]) => events.map(({ data }) => Number(/\/(\d+)"/.exec(data!)?.[1]));

Deno.test("/events sends what happens, and after a reconnect misses nothing", async () => {
  await using served = serve();
  const { registry } = served;
  const first = reader((await served.get("/events")).body!);
  assertEquals((await first.take(1))[0]!.event, "hello");
  registry.event(event(1), "call");
  registry.event(event(2), "call");
  const seen = await first.take(2);
  assertEquals([numbers(seen), seen[0]!.event], [[1, 2], "transport"]);
  await first.cancel();
  for (let n = 3; n <= 5; n++) registry.event(event(n), "call");
  const again = reader((await served.get("/events", { "last-event-id": seen[0]!.id! })).body!);
  assertEquals(numbers(await again.take(4)), [2, 3, 4, 5]);
  registry.event(event(6), "call");
  assertEquals(numbers(await again.take(1)), [6]);
  await again.cancel();
});

Deno.test("HEAD opens no stream: no number of them fills the places of /events", async () => {
  await using served = serve({ maxEventClients: 3 });
  const head = async (path: string) => (await fetch(served.url + path, { method: "HEAD" })).status;
  for (let n = 0; n < 10; n++) assertEquals([await head("/events"), served.app.eventClients], [200, 0]);
  const stream = reader((await served.get("/events")).body!);
  assertEquals(((await stream.take(1))[0]!).event, "hello");
  await stream.cancel();
});

Deno.test("HEAD is answered as GET is, without the body, on every path", async () => {
  await using served = serve({ store: storeOf(() => []) });
  const paths = [
    "/",
    "/report",
    "/errors",
    "/transfers",
    "/cache",
    "/healthz",
    "/readyz",
    "/metrics",
    "/assets/style.css",
  ]
    .concat("/api/report", "/api/stats", "/api/openapi.json", "/api/export", "/nowhere");
  for (const path of paths) {
    const head = await fetch(served.url + path, { method: "HEAD" });
    const get = await served.get(path);
    await get.body?.cancel();
    assertEquals([head.status, head.headers.get("content-type")], [get.status, get.headers.get("content-type")], path);
    assertEquals(head.body, null);
  }
});

Deno.test("HEAD of an export lets go of the lines that nobody will read", async () => {
  let running = 0;
  let started = 0;
  function* lines() {
    running++;
    started++;
    try {
      for (;;) yield "line\n";
    } finally {
      running--;
    }
  }
  using app = diagnostics({ registry: metricsRegistry(), store: storeOf(lines) });
  const request = new Request("http://127.0.0.1/api/export", { method: "HEAD" });
  request.headers.set("host", "127.0.0.1");
  assertEquals((await app.fetch(request)).status, 200);
  assertEquals([started, running], [1, 0]);
});

Deno.test("/events tells who comes back to another process to start over, and who was away too long that he missed some", async () => {
  const registry = metricsRegistry({ keepEvents: 10 });
  await using served = serve({ registry });
  for (let n = 1; n <= 30; n++) registry.event(event(n), "call");
  const stranger = reader((await served.get("/events", { "last-event-id": "0badc0de-7" })).body!);
  const told = await stranger.take(12);
  assertEquals(told.slice(0, 2).map(({ event }) => event), ["reset", "missed"]);
  assertEquals(numbers(told.slice(2)), [21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  const id = told[2]!.id!.replace(/-\d+$/, "-3");
  const late = reader((await served.get("/events", { "last-event-id": id })).body!);
  const rest = await late.take(11);
  assertEquals([rest[0]!.event, numbers(rest.slice(1)).length], ["missed", 10]);
  for (const nonsense of ["x", "-1", `${id}9999999`, "0badc0de-99999999999999999999"]) {
    const any = reader((await served.get("/events", { "last-event-id": nonsense })).body!);
    assertEquals((await any.take(1))[0]!.event, "reset", nonsense);
    await any.cancel();
  }
  await Promise.all([stranger.cancel(), late.cancel()]);
});

Deno.test("/events holds nothing back for slow clients: they read the ring, and hear that they missed some", async () => {
  const clock = fakeClock();
  const bus = eventBus({ capacity: 100, clock });
  const streams = eventStreams(bus, clock);
  const slow = reader(streams.open(undefined)!);
  const fast = reader(streams.open(undefined)!);
  await Promise.all([slow.take(1), fast.take(1)]);
  const got: number[] = [];
  for (let n = 1; n <= 1000; n += 50) {
    const more = fast.take(50);
    for (let k = n; k < n + 50; k++) bus.publish({ type: "transport", call: "call", event: event(k) });
    await clock.advance(1000);
    got.push(...numbers(await more));
  }
  assertEquals(got, Array.from({ length: 1000 }, (_, index) => index + 1));
  const late = await slow.take(101);
  assertEquals([late[0]!.event, numbers(late.slice(1))], ["missed", got.slice(-100)]);
  streams.close();
});

Deno.test("/events sends a line now and then, and ends with the server", async () => {
  const clock = fakeClock();
  const bus = eventBus({ clock });
  const streams = eventStreams(bus, clock, { heartbeatMs: 1000 });
  const source = streams.open(undefined)!.getReader();
  await source.read(); // hello
  const beat = source.read();
  await clock.advance(1000);
  assertEquals(new TextDecoder().decode((await beat).value), ":\n\n");
  const end = source.read();
  streams.close();
  assertEquals([(await end).done, streams.clients, streams.open(undefined), clock.timers], [true, 0, undefined, 0]);
});

Deno.test("/events counts its clients, frees their places, and refuses those beyond the limit", async () => {
  await using served = serve({ maxEventClients: 2 });
  const open = async () => reader((await served.get("/events")).body!);
  const first = await open();
  const second = await open();
  await Promise.all([first.take(1), second.take(1)]);
  const refused = await served.get("/events");
  assertEquals([refused.status, refused.headers.get("retry-after"), (await refused.json()).error], [
    503,
    "5",
    "too many streams",
  ]);
  assertEquals(served.app.eventClients, 2);
  await first.cancel();
  while (served.app.eventClients > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const third = await open();
  assertEquals((await third.take(1)).length, 1);
  await Promise.all([second.cancel(), third.cancel()]);
});

Deno.test("/events tells of transfers, failures, memory and clears by name", async () => {
  await using served = serve();
  const { registry } = served;
  const stream = reader((await served.get("/events")).body!);
  await stream.take(1);
  const { id } = registry.transfers.track("a.bin");
  registry.transfers.cancel(id);
  registry.fail({ atMs: 0, kind: "request", code: "gone", host: "h", status: 410, target: "t", durationMs: 1 });
  registry.clear();
  const events = await stream.take(4);
  assertEquals(events.map(({ event }) => event), ["transfer", "transfer", "failure", "cleared"]);
  assert(JSON.parse(events[2]!.data!).failure.code === "gone");
  await stream.cancel();
});
