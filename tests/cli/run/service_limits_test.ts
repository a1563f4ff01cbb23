import { assertEquals } from "@std/assert";
import { serviceLimits } from "../../../cli/run/service_limits.ts";
import { timetable } from "../../../cli/settings/timetable.ts";
import { fakeClock } from "../../_support/clock.ts";

const kib = 1024;

/** Limits whose settings a test changes, and how long the next bytes have to wait. */
function limits() {
  const clock = fakeClock();
  const settings = { limitRate: undefined as string | undefined, slowRate: "1M" };
  const made = serviceLimits({
    rule: () => settings.limitRate === undefined ? undefined : timetable(settings.limitRate),
    slowRule: () => timetable(settings.slowRate),
  }, clock);
  return {
    ...{ ...made, clock, settings },
    /** Milliseconds until what comes behind these bytes may pass. */
    async waits(bytes: number): Promise<number> {
      await made.throttle.take(bytes);
      const startMs = clock.now();
      let isOver = false;
      const passing = (made.throttle.take(0) ?? Promise.resolve()).then(() => isOver = true);
      while (!isOver) await clock.advance(250);
      await passing;
      return clock.now() - startMs;
    },
  };
}

Deno.test("serviceLimits() lets everything through until a setting, a call or slow mode says else, and obeys each at once", async () => {
  const { settings, limit, waits } = limits();
  assertEquals([limit.bytesPerSecond(), await waits(kib * kib)], [undefined, 250]);
  settings.limitRate = "512K";
  assertEquals([limit.bytesPerSecond(), await waits(kib * kib)], [512 * kib, 2000]);
  limit.set(256 * kib);
  assertEquals([limit.bytesPerSecond(), await waits(kib * kib)], [256 * kib, 4000]);
  limit.set(undefined);
  assertEquals([limit.bytesPerSecond(), await waits(kib * kib)], [undefined, 250]);
});

Deno.test("serviceLimits(): slow mode follows its setting, and a lower limit stays lower", async () => {
  const { settings, limit, slowMode, waits } = limits();
  slowMode.set(true);
  assertEquals([slowMode.bytesPerSecond, await waits(kib * kib)], [kib * kib, 1000]);
  settings.slowRate = "256K";
  assertEquals([slowMode.bytesPerSecond, await waits(kib * kib)], [256 * kib, 4000]);
  limit.set(128 * kib);
  assertEquals(await waits(kib * kib), 8000);
  limit.set(undefined);
  slowMode.set(false);
  assertEquals(await waits(kib * kib), 250);
});

Deno.test("serviceLimits(): who waits already goes by the new limit", async () => {
  const { clock, limit, throttle } = limits();
  limit.set(kib);
  await throttle.take(kib * kib);
  let isOver = false;
  const passing = throttle.take(1)!.then(() => isOver = true);
  await clock.advance(1000);
  assertEquals(isOver, false);
  limit.set(undefined);
  await clock.advance(250);
  assertEquals(isOver, true);
  await passing;
});
