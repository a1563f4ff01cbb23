import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { throttle } from "../../../transport/mod.ts";
import { fakeClock } from "../../_support/clock.ts";

Deno.test("throttle() books one write after another, each once those before it have passed", async () => {
  const clock = fakeClock();
  const limit = throttle(1000, clock);
  const passed: number[] = [];
  const takes = [1000, 500, 2000, 1].map(async (bytes) => {
    await limit.take(bytes);
    passed.push(clock.now());
  });
  await clock.advance(4000);
  await Promise.all(takes);
  assertEquals(passed, [0, 1000, 1500, 3500]);
  await clock.advance(60_000);
  assertEquals(limit.take(1), undefined);
});

Deno.test("throttle() follows a rate that changes, also for those who wait already", async () => {
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
  assertEquals(passed, [0, 0, 250]);
  assertEquals(limit.take(1_000_000), undefined);
});

Deno.test("throttle() follows the clock on the wall: slow until eight, then faster", async () => {
  const clock = fakeClock("2026-01-01T07:59:59Z");
  const limit = throttle(() => new Date(clock.date()).getUTCHours() < 8 ? 10 : 1000, clock);
  limit.take(1010);
  const waiting = limit.take(1)!.then(() => clock.now());
  await clock.advance(5000);
  // ten bytes until eight o'clock, a thousand in the second after it
  assertEquals(await waiting, 2000);
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
