import { assertEquals, assertNotEquals } from "@std/assert";
import { observe, type Transport, type TransportEvent } from "../../transport/mod.ts";

const event: TransportEvent = {
  type: "retry",
  url: "http://127.0.0.1/",
  attempt: 1,
  delayMs: 0,
  code: "connection_reset",
};

/** Reports one event for each call. */
const transport: Transport = {
  fetch(_request, context) {
    context?.report(event);
    return Promise.resolve(new Response("body"));
  },
};
const request = () => new Request("http://127.0.0.1/");

Deno.test("observe() whose listener throws breaks neither the call nor the listeners around it", async () => {
  const told: TransportEvent[] = [];
  const broken = observe(transport, () => {
    throw new Error("the listener's own trouble");
  });
  const response = await observe(broken, (event) => told.push(event)).fetch(request());
  assertEquals([await response.text(), told], ["body", [event]]);
});

Deno.test("observe() gives every call an id of its own, the same for all listeners", async () => {
  const inner: string[] = [];
  const outer: string[] = [];
  const observed = observe(observe(transport, (_, id) => inner.push(id)), (_, id) => outer.push(id));
  await observed.fetch(request());
  await observed.fetch(request());
  assertEquals(inner, outer);
  assertNotEquals(inner[0], inner[1]);
});
