import { assertEquals, assertThrows } from "@std/assert";
import { eventBus } from "../../../monitor/mod.ts";
import { fakeClock } from "../../_support/clock.ts";

Deno.test("eventBus() numbers events and hands the kept ones to whoever comes back", () => {
  const bus = eventBus({ capacity: 3, clock: fakeClock() });
  const heard: number[] = [];
  const stop = bus.subscribe(({ id }) => void heard.push(id));
  for (let n = 0; n < 5; n++) bus.publish({ type: "cleared" });
  stop();
  bus.publish({ type: "cleared" });
  assertEquals(heard, [1, 2, 3, 4, 5]);
  assertEquals(bus.lastId, 6);
  assertEquals(bus.since(4), { events: bus.since(4).events, missed: false });
  assertEquals(bus.since(4).events.map(({ id }) => id), [5, 6]);
  assertEquals(bus.since(3).missed, false);
  assertEquals(bus.since(2).missed, true);
  assertEquals(bus.since(0).events.map(({ id }) => id), [4, 5, 6]);
  assertEquals(bus.since(6), { events: [], missed: false });
});

Deno.test("eventBus(): a listener that throws keeps no other from hearing", () => {
  const bus = eventBus();
  let heard = 0;
  bus.subscribe(() => {
    throw new Error("mine");
  });
  bus.subscribe(() => heard++);
  bus.publish({ type: "cleared" });
  assertEquals(heard, 1);
});

Deno.test("eventBus() names a capacity that cannot be", () => {
  assertThrows(() => eventBus({ capacity: 0 }), RangeError, "capacity");
  assertThrows(() => eventBus({ capacity: 1.5 }), RangeError, "1.5");
});
