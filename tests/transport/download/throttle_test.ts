import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { throttle } from "../../../transport/mod.ts";
import { fakeClock } from "../../_support/clock.ts";

Deno.test("throttle() asks for its rate anew at every write", async () => {
  const clock = fakeClock();
  let rate = 1000;
  const limit = throttle(() => rate, clock);
  const passed: number[] = [];
  const take = async (bytes: number) => {
    await limit.take(bytes);
    passed.push(clock.now());
  };
  await take(1000);
  const waiting = take(500);
  rate = Infinity;
  const free = take(1_000_000);
  await clock.advance(2000);
  await Promise.all([waiting, free]);
  assertEquals(passed, [0, 1000, 1500]);
  assertEquals(limit.take(1_000_000), undefined);
});

Deno.test("throttle() ends its wait with the caller's reason, and arms no timer after it", async () => {
  const clock = fakeClock();
  const limit = throttle(1000, clock);
  const stop = new AbortController();
  limit.take(1000);
  const waiting = limit.take(1000, stop.signal);
  const reason = new Error("enough");
  stop.abort(reason);
  assertStrictEquals(await assertRejects(() => waiting!), reason);
  assertEquals(clock.timers, 0);
});

Deno.test("throttle() refuses a rate that is no positive number, by value or by function", () => {
  for (const rate of [0, -1, NaN]) {
    assertThrows(() => throttle(rate), RangeError, `bytesPerSecond: ${rate}`);
    assertThrows(() => throttle(() => rate), RangeError, `bytesPerSecond: ${rate}`);
  }
});
